/** Bytes both ways between two sockets: at the pace of the slower end, with half-closes passed on, until both are done. */

import { type ChannelOwner, type Deadlines, NEVER, type Timed } from "#foundation/http1";

/** Before anybody wants to know. */
export const nobody: ChannelOwner = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** One of the two ends. Channels are ends. */
export interface TunnelEnd {
  /** Told what happens from now on. */
  owner: ChannelOwner;
  readonly closed: boolean;
  /** Whether it has said that it sends no more. */
  readonly ended: boolean;
  /** @returns whether nothing waits; if not, the owner's `onDrain` follows */
  write(bytes: Uint8Array): boolean;
  /** Sends what waits, then says that no more will come. */
  shutdown(): void;
  /** Sends what waits, then closes. */
  end(): void;
  /** Closes now, in a way that is no proper end. */
  reset(): void;
  pause(): void;
  resume(): void;
}

/** How a tunnel ended. */
export interface TunnelResult {
  /**
   * - `closed` both ends said that they send no more
   * - `client-gone`, `upstream-gone` that end closed before the other had ended
   * - `idle` nothing moved for too long
   * - `cut` by `close`
   */
  readonly reason: "closed" | "client-gone" | "upstream-gone" | "idle" | "cut";
  /** Bytes from the client to the upstream. */
  readonly bytesUp: number;
  readonly bytesDown: number;
}

export interface TunnelOptions {
  readonly deadlines: Deadlines;
  /** Without a byte in either direction; `Infinity` for no limit. */
  readonly idleTimeoutMs: number;
  /** Called once. */
  readonly onOver?: (result: TunnelResult) => void;
}

export class Tunnel implements Timed {
  deadline: number = NEVER;
  readonly #options: TunnelOptions;
  readonly #client: TunnelEnd;
  readonly #upstream: TunnelEnd;
  readonly #up: Direction;
  readonly #down: Direction;
  #over = false;

  /** Nothing flows before `begin`. */
  constructor(client: TunnelEnd, upstream: TunnelEnd, options: TunnelOptions) {
    this.#options = options;
    this.#client = client;
    this.#upstream = upstream;
    this.#up = new Direction(client, upstream);
    this.#down = new Direction(upstream, client);
    client.owner = this.#ownerOf(this.#up, this.#down, "client-gone");
    upstream.owner = this.#ownerOf(this.#down, this.#up, "upstream-gone");
  }

  /**
   * Both ends flow from now on, also when they were paused.
   * @param fromClient bytes that came before, as `fromUpstream`
   */
  begin(fromClient?: Uint8Array, fromUpstream?: Uint8Array): void {
    this.#options.deadlines.add(this);
    this.#moved();
    if (fromClient !== undefined) this.#up.pass(fromClient);
    if (fromUpstream !== undefined) this.#down.pass(fromUpstream);
    this.#up.resume();
    this.#down.resume();
    // What happened before anybody was told.
    if (this.#over) return;
    if (this.#client.closed) this.#gone(this.#up, "client-gone");
    else if (this.#upstream.closed) this.#gone(this.#down, "upstream-gone");
    else {
      if (this.#client.ended && !this.#up.ended) this.#client.owner.onEnd();
      if (this.#upstream.ended && !this.#down.ended) this.#upstream.owner.onEnd();
    }
  }

  /** Cuts it. */
  close(): void {
    this.#cut("cut");
  }

  expire(): void {
    this.#cut("idle");
  }

  #ownerOf(from: Direction, to: Direction, gone: "client-gone" | "upstream-gone"): ChannelOwner {
    return {
      onBytes: (bytes) => {
        this.#moved();
        from.pass(bytes);
      },
      onEnd: () => {
        from.end();
        if (to.ended) this.#finish("closed");
      },
      onDrain: () => {
        this.#moved();
        to.drained();
      },
      onClose: () => this.#gone(from, gone),
    };
  }

  #moved(): void {
    this.deadline = this.#options.deadlines.now + this.#options.idleTimeoutMs;
  }

  #gone(from: Direction, reason: "client-gone" | "upstream-gone"): void {
    if (this.#over) return;
    // An end that has said that it sends no more, and closes when it has all there was to come, is a proper one.
    this.#finish(from.ended ? "closed" : reason);
  }

  #cut(reason: "idle" | "cut"): void {
    this.#finish(reason);
    this.#client.reset();
    this.#upstream.reset();
  }

  /** What waits at either end still leaves. */
  #finish(reason: TunnelResult["reason"]): void {
    if (this.#over) return;
    this.#over = true;
    this.deadline = NEVER;
    this.#options.deadlines.remove(this);
    this.#client.end();
    this.#upstream.end();
    this.#options.onOver?.({ reason, bytesUp: this.#up.bytes, bytesDown: this.#down.bytes });
  }
}

/** One of the two ways. */
class Direction {
  bytes = 0;
  ended = false;
  readonly source: TunnelEnd;
  readonly target: TunnelEnd;
  #waits = false;

  constructor(source: TunnelEnd, target: TunnelEnd) {
    this.source = source;
    this.target = target;
  }

  pass(bytes: Uint8Array): void {
    this.bytes += bytes.length;
    if (this.target.write(bytes)) return;
    this.#waits = true;
    this.source.pause();
  }

  /** The target took what waited. */
  drained(): void {
    this.#waits = false;
    this.source.resume();
  }

  resume(): void {
    if (!this.#waits) this.source.resume();
  }

  end(): void {
    this.ended = true;
    this.target.shutdown();
  }
}
