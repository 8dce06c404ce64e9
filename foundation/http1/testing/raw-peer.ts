/** A peer that sends exactly these octets and keeps what came. For tests. */

/** One socket by hand, from either side. */
export class RawPeer {
  received = "";
  /** The other side sends no more. */
  ended = false;
  closed = false;
  #native: Bun.Socket<RawPeer> | undefined;
  #waiting: Buffer[] = [];
  #paused = false;

  static async connect(port: number, tls = false): Promise<RawPeer> {
    const peer = new RawPeer();
    const socket = await Bun.connect<RawPeer>({
      hostname: "127.0.0.1",
      port,
      data: peer,
      allowHalfOpen: true,
      ...(tls ? { tls: { rejectUnauthorized: false } } : {}),
      socket: RawPeer.handlers,
    });
    peer.#native = socket;
    return peer;
  }

  static readonly handlers: Bun.SocketHandler<RawPeer> = {
    data: ({ data: peer }, bytes) => {
      peer.received += bytes.toString("latin1");
    },
    drain: ({ data: peer }) => peer.#pump(),
    end: ({ data: peer }) => {
      peer.ended = true;
    },
    close: ({ data: peer }) => {
      peer.closed = true;
    },
    error: ({ data: peer }) => {
      peer.closed = true;
    },
  };

  /** For listeners: a peer around an accepted socket. */
  static around(native: Bun.Socket<RawPeer>): RawPeer {
    const peer = new RawPeer();
    peer.#native = native;
    native.data = peer;
    return peer;
  }

  get isOver(): boolean {
    return this.ended || this.closed;
  }

  send(text: string | Buffer): void {
    this.#waiting.push(typeof text === "string" ? Buffer.from(text, "latin1") : text);
    this.#pump();
  }

  /** Octets that the system has not taken. */
  get unsent(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  pause(): void {
    this.#paused = true;
    this.#native!.pause();
  }

  resume(): void {
    if (this.#paused) this.#native!.resume();
    this.#paused = false;
  }

  shutdown(): void {
    this.#native!.shutdown();
  }

  end(): void {
    this.#native!.end();
  }

  /** Closes so that the other side sees a reset. */
  reset(): void {
    this.#native!.terminate();
  }

  /** Waits until `text` has come as often as said. */
  async has(text: string, times = 1): Promise<string> {
    await until(`${JSON.stringify(text)} has come`, () => this.received.split(text).length > times || this.isOver);
    if (this.received.split(text).length <= times)
      throw new Error(`closed with ${JSON.stringify(this.received.slice(0, 500))}`);
    return this.received;
  }

  async over(): Promise<string> {
    await until("the connection has ended", () => this.isOver);
    return this.received;
  }

  /** What came since the last time. */
  take(): string {
    const { received } = this;
    this.received = "";
    return received;
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const written = this.#native!.write(first);
      if (written < 0) return;
      if (written < first.length) {
        this.#waiting[0] = first.subarray(written);
        return;
      }
      this.#waiting.shift();
    }
  }
}

const LOOK_EVERY_MS = 5;
const WAIT_MS_MAX = 15_000;

/** @throws Error when the condition does not come true */
async function until(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + WAIT_MS_MAX;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`timed out waiting until ${what}`);
    await Bun.sleep(LOOK_EVERY_MS);
  }
}
