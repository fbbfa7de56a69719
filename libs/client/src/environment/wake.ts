/** How often it is looked whether time went on without this program. */
const LOOK_MS = 5_000;
/** A busy page is late by less, and clocks are set by less. */
const JUMP_MS = 3_000;

interface Events {
  addEventListener?(name: string, listener: () => void): void;
  removeEventListener?(name: string, listener: () => void): void;
}
interface Place extends Events {
  readonly document?: Events & { readonly visibilityState?: string };
}

/** The clocks of the place; `wall` goes on while a device sleeps, the other one may not. */
interface Clocks {
  readonly wall: () => number;
  readonly steady: () => number;
}

/**
 * Calls `listener` when connections may be dead without a sign of it: the network is back, the page is looked at again
 * or comes out of the cache, or the clocks say that the device slept. In workers there is no page, and elsewhere no
 * events: each is used where it is.
 */
export function onWake(place: Place, { wall, steady }: Clocks, listener: () => void): () => void {
  const { document } = place;
  const onVisible = () => {
    if (document?.visibilityState === 'visible') listener();
  };
  place.addEventListener?.('online', listener);
  place.addEventListener?.('pageshow', listener);
  document?.addEventListener?.('visibilitychange', onVisible);
  let timer: ReturnType<typeof setTimeout>;
  const look = (): void => {
    const [wallAt, steadyAt] = [wall(), steady()];
    timer = setTimeout(() => {
      const passedMs = steady() - steadyAt;
      look();
      const isLate = passedMs - LOOK_MS > JUMP_MS;
      if (isLate || Math.abs(wall() - wallAt - passedMs) > JUMP_MS) listener();
    }, LOOK_MS);
    // In Node, looking for sleep is no reason to stay.
    (timer as { unref?: () => void }).unref?.();
  };
  look();
  return () => {
    clearTimeout(timer);
    place.removeEventListener?.('online', listener);
    place.removeEventListener?.('pageshow', listener);
    document?.removeEventListener?.('visibilitychange', onVisible);
  };
}
