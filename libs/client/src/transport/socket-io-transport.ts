import { NAMESPACE, type WireError } from '@millrace/protocol';
import { io } from 'socket.io-client';
import { connectFailed, connectFault } from './connect-fault.js';
import { checkUrl } from './server-url.js';
import type { Link, LinkListener, LinkTarget, ServerFrame, Transport } from './transport.port.js';

const frameNames = ['events', 'live', 'control'] as const satisfies readonly ServerFrame['name'][];

/** A fresh Socket.IO connection a link, websocket only. Engine.IO's heartbeat finds dead connections. */
export const socketIoTransport: Transport = {
  check: (target) => checkUrl(target, globalThis.location),
  open({ url, path, handshake }: LinkTarget, listener: LinkListener): Link {
    const socket = io(url.replace(/\/+$/, '') + NAMESPACE, {
      path,
      auth: { ...handshake },
      transports: ['websocket'],
      reconnection: false,
      // A shared manager would keep the state of the link before.
      forceNew: true,
    });
    let state: 'opening' | 'open' | 'ended' = 'opening';
    const end = () => {
      state = 'ended';
      socket.off();
      socket.disconnect();
    };
    const closed = (reason: string, error?: WireError): void => {
      if (state === 'ended') return;
      end();
      listener.closed(reason, error);
    };
    const gone = (reason: string): void =>
      closed(reason, state === 'opening' ? connectFailed('closed', reason) : undefined);
    socket.on('connect', () => {
      state = 'open';
      listener.opened(socket.id ?? '');
    });
    for (const name of frameNames) {
      socket.on(name, (body: unknown) => listener.frame({ name, body } as ServerFrame));
    }
    socket.on('connect_error', (error: Error & { data?: unknown }) =>
      closed(error.message, readRefusal(error.data) ?? connectFault(error)),
    );
    socket.on('disconnect', gone);
    // Socket.IO's client waits for pings alone, and those wait behind what is slow to come: any packet shows life.
    const { engine } = socket.io as { engine?: typeof socket.io.engine };
    engine?.on('heartbeat', () => (engine as unknown as { _resetPingTimeout?(): void })._resetPingTimeout?.());
    // One that closes before it has opened, without an error, is told to nobody else. After a refusal Socket.IO closes
    // first and tells of the refusal then.
    engine?.on('close', (reason) => void Promise.resolve().then(() => gone(reason)));
    return {
      send(name, body, onAnswer) {
        socket.emit(name, body, onAnswer);
        if (socket.sendBuffer.length === 0) return true;
        // Its connection is over, and only the news of it is still to come: Socket.IO keeps what it did not send.
        socket.sendBuffer.length = 0;
        return false;
      },
      close: end,
    };
  },
};

/** Somebody else's middleware may refuse as well, with whatever data it likes. */
function readRefusal(refusal: unknown): WireError | undefined {
  const { code, retry } = (refusal ?? {}) as Partial<WireError>;
  return typeof code === 'string' && typeof retry === 'string' ? (refusal as WireError) : undefined;
}
