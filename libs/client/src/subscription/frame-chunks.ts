const MAX_ITEMS = 100;
/** Every server takes frames of this size, as JSON is: channels and positions are ASCII. */
const MAX_FRAME_LENGTH = 16_000;

/** In the order given, no more than a frame may have in each, of which `jsonOf` gives one item. */
export function chunks<T>(all: readonly T[], jsonOf: (one: T) => unknown): T[][] {
  const chunked: T[][] = [];
  let length = 0;
  for (const one of all) {
    const chunk = chunked.at(-1);
    const ownLength = JSON.stringify(jsonOf(one)).length + 1;
    length += ownLength;
    if (chunk && chunk.length < MAX_ITEMS && length <= MAX_FRAME_LENGTH) {
      chunk.push(one);
    } else {
      chunked.push([one]);
      length = ownLength;
    }
  }
  return chunked;
}
