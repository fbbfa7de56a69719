/** Engine.IO by HTTP long-polling: each request is one step of a test. */
export class PollingClient {
  private constructor(
    readonly origin: string,
    readonly path: string,
    readonly sid: string,
    /** What the server said when it opened. */
    readonly opened: Readonly<Record<string, unknown>>,
  ) {}

  static async open(origin: string, path: string): Promise<PollingClient> {
    const response = await fetch(`${origin}${path}?EIO=4&transport=polling`);
    const opened = JSON.parse((await response.text()).slice(1)) as { sid: string };
    return new PollingClient(origin, path, opened.sid, opened);
  }

  get query(): string {
    return `EIO=4&transport=polling&sid=${this.sid}`;
  }

  /** The status and the body of a request that waits for packets. */
  async poll(): Promise<readonly [number, string]> {
    const response = await fetch(`${this.origin}${this.path}?${this.query}`);
    return [response.status, await response.text()];
  }

  /** The next packets, without the pings of Engine.IO, which are answered. */
  async packets(): Promise<readonly string[]> {
    for (;;) {
      const [, body] = await this.poll();
      const packets = body.split('\x1e');
      if (packets.includes('2')) await this.post('3');
      const others = packets.filter((packet) => packet !== '2');
      if (others.length > 0) return others;
    }
  }

  async post(body: string): Promise<readonly [number, string]> {
    const response = await fetch(`${this.origin}${this.path}?${this.query}`, { method: 'POST', body });
    return [response.status, await response.text()];
  }
}
