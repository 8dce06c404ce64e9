/** Both ends of TCP as tests want them: they send exactly what is said, and show exactly what came. */

import type { Socket } from "bun";

/** One end of a connection. */
export class RawPeer {
  /** Everything that came, as Latin-1. */
  received = "";
  ended = false;
  closed = false;
  socket!: Socket<RawPeer>;
  #watchers: (() => void)[] = [];
  #waiting: Uint8Array[] = [];

  /** Text of one byte per character. */
  send(data: string | Uint8Array): void {
    const bytes = typeof data === "string" ? Buffer.from(data, "latin1") : data;
    if (this.#waiting.length > 0) this.#waiting.push(bytes);
    else {
      const written = Math.max(0, this.socket.write(bytes));
      if (written < bytes.length) this.#waiting.push(bytes.subarray(written));
    }
  }

  /** Says that no more will come. */
  shutdown(): void {
    this.socket.shutdown();
  }

  close(): void {
    this.socket.end();
  }

  /** Resolves with what came when it satisfies `check`; rejects when the connection is over before. */
  async until(check: (received: string) => boolean): Promise<string> {
    await this.#when(() => check(this.received) || this.ended || this.closed);
    if (!check(this.received))
      throw new Error(`The connection ended after ${JSON.stringify(this.received.slice(-500))}`);
    return this.received;
  }

  /** Resolves with all that came when the other end sends no more. */
  async end(): Promise<string> {
    await this.#when(() => this.ended || this.closed);
    return this.received;
  }

  async gone(): Promise<void> {
    await this.#when(() => this.closed);
  }

  changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  drained(): void {
    while (this.#waiting.length > 0) {
      const first = this.#waiting[0]!;
      const written = this.socket.write(first);
      if (written < first.length) {
        this.#waiting[0] = first.subarray(Math.max(0, written));
        return;
      }
      this.#waiting.shift();
    }
  }

  async #when(done: () => boolean): Promise<void> {
    while (!done()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }
}

const handlers = {
  data({ data: peer }: Socket<RawPeer>, bytes: Buffer) {
    peer.received += bytes.toString("latin1");
    peer.changed();
  },
  end({ data: peer }: Socket<RawPeer>) {
    peer.ended = true;
    peer.changed();
  },
  drain: ({ data: peer }: Socket<RawPeer>) => peer.drained(),
  close({ data: peer }: Socket<RawPeer>) {
    peer.closed = true;
    peer.changed();
  },
  error() {},
};

export async function rawClient(port: number): Promise<RawPeer> {
  const peer = new RawPeer();
  peer.socket = await Bun.connect<RawPeer>({
    hostname: "127.0.0.1",
    port,
    data: peer,
    allowHalfOpen: true,
    socket: handlers,
  });
  return peer;
}

export interface RawServer {
  readonly port: number;
  /** In the order in which they came. */
  readonly peers: readonly RawPeer[];
  /** Resolves when the n-th connection (from 0) is there. */
  peer(index: number): Promise<RawPeer>;
  stop(): void;
}

/** @param onOpen told about each connection */
export function rawServer(onOpen: (peer: RawPeer, index: number) => void = () => {}): RawServer {
  const peers: RawPeer[] = [];
  let watchers: (() => void)[] = [];
  const listener = Bun.listen<RawPeer>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      ...handlers,
      open(socket) {
        const peer = new RawPeer();
        peer.socket = socket;
        socket.data = peer;
        peers.push(peer);
        onOpen(peer, peers.length - 1);
        for (const watcher of watchers.splice(0)) watcher();
      },
    },
  });
  return {
    port: listener.port,
    peers,
    async peer(index) {
      while (peers.length <= index) {
        await new Promise<void>((resolve) => {
          watchers = [...watchers, resolve];
        });
      }
      return peers[index]!;
    },
    stop: () => listener.stop(true),
  };
}
