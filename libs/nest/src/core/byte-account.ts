/** What keeps bytes in memory until somebody else is ready for them. */
export const buffers = ['clients', 'publishes', 'holes'] as const;
export type Buffer = (typeof buffers)[number];

/**
 * Bytes that wait in this process, of all buffers together. As with places, a buffer may grow only while it holds less
 * than is free: so none of them alone takes the room of the others.
 */
export class ByteAccount {
  readonly #held: Record<Buffer, number> = { clients: 0, publishes: 0, holes: 0 };

  constructor(private readonly maxBytes: number) {}

  of(buffer: Buffer): number {
    return this.#held[buffer];
  }

  /** How far all of them are above the bound together, or 0. Only what is not asked for by {@link room} gets there. */
  get excess(): number {
    return Math.max(0, this.#total - this.maxBytes);
  }

  /** How many bytes more `buffer` may hold. */
  room(buffer: Buffer): number {
    return Math.max(0, this.maxBytes - this.#total - this.#held[buffer]);
  }

  add(buffer: Buffer, bytes: number): void {
    this.#held[buffer] += bytes;
  }

  set(buffer: Buffer, bytes: number): void {
    this.#held[buffer] = bytes;
  }

  get #total(): number {
    return buffers.reduce((sum, buffer) => sum + this.#held[buffer], 0);
  }
}
