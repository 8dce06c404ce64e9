/** Connections to backends, kept for reuse, bounded for each backend. */

import { systemClock, systemTimers } from "#foundation/runtime";
import type { Backend } from "../io/backend.ts";
import type { Channel } from "../io/channel.ts";
import { type ConnectFailure, Connecting } from "../io/connect.ts";
import { Deadlines, NEVER, type Time, type Timed } from "../io/deadlines.ts";
import { type ConnectionHome, UpstreamConnection } from "./upstream-connection.ts";

const SECOND = 1000;

export interface PoolLimits {
  /** Open connections to one backend, those on their way included. Further requests wait. */
  readonly maxConnections: number;
  /** Requests that may wait for a connection to one backend; beyond it they fail with `pool-full`. */
  readonly maxWaiting: number;
  /** After which an unused connection is closed. */
  readonly idleTimeoutMs: number;
  /** For address look-up, connection and TLS together; also for waiting for one of `maxConnections`. */
  readonly connectTimeoutMs: number;
  /** Status line and fields of a response. */
  readonly maxHeadBytes: number;
}

export const DEFAULT_POOL_LIMITS: PoolLimits = {
  maxConnections: 1024,
  maxWaiting: 1024,
  // Below the 60 s and more after which servers close: the race between their close and our next request is lost rarely.
  idleTimeoutMs: 30 * SECOND,
  connectTimeoutMs: 5 * SECOND,
  maxHeadBytes: 64 * 1024,
};

/** Deadlines are met within this: limits are of the order of seconds, and a client that left is noticed by it. */
const SWEEP_MS = 100;

/** Why a request gets no connection. */
export type NoConnection = ConnectFailure | { readonly kind: "pool-full" } | { readonly kind: "pool-closed" };

/** Who wants a connection. */
export interface Taker {
  onConnection(connection: UpstreamConnection): void;
  onNoConnection(failure: NoConnection): void;
}

export interface PoolOptions {
  readonly limits?: Partial<PoolLimits>;
  readonly time?: Time;
}

/** What is open now. */
export interface PoolCounts {
  readonly idle: number;
  /** With idle ones and those on their way. */
  readonly open: number;
  readonly waiting: number;
}

export class Pool {
  readonly limits: PoolLimits;
  readonly deadlines: Deadlines;
  /** By what they lead to: equal backends share connections, however often a caller makes the object. */
  readonly #shelves = new Map<string, Shelf>();
  readonly #known = new WeakMap<Backend, Shelf>();
  #closed = false;

  constructor(options: PoolOptions = {}) {
    this.limits = { ...DEFAULT_POOL_LIMITS, ...options.limits };
    this.deadlines = new Deadlines(options.time ?? { clock: systemClock, timers: systemTimers }, SWEEP_MS);
  }

  /**
   * Gives a connection to `backend`, at once when one is idle.
   * @param fresh opens a new one: an idle one has just turned out to be closed by its server, and its siblings are as old
   */
  take(backend: Backend, taker: Taker, fresh = false): void {
    if (this.#closed) {
      taker.onNoConnection({ kind: "pool-closed" });
      return;
    }
    const shelf = this.#find(backend) ?? this.#create(backend);
    shelf.take(taker, fresh);
  }

  /** `taker` has changed its mind. It is told nothing more. */
  forget(backend: Backend, taker: Taker): void {
    this.#find(backend)?.forget(taker);
  }

  counts(backend: Backend): PoolCounts {
    return this.#find(backend)?.counts ?? { idle: 0, open: 0, waiting: 0 };
  }

  /** Closes idle connections; those in use close when their exchange is over. Nobody gets one any more. */
  close(): void {
    this.#closed = true;
    for (const shelf of this.#shelves.values()) shelf.close();
  }

  /** The same for one backend that is no longer used. It may be used again. */
  retire(backend: Backend): void {
    this.#find(backend)?.close();
    this.#shelves.delete(keyOf(backend));
  }

  #find(backend: Backend): Shelf | undefined {
    const known = this.#known.get(backend);
    if (known !== undefined && !known.isLeft) return known;
    const shelf = this.#shelves.get(keyOf(backend));
    if (shelf !== undefined) this.#known.set(backend, shelf);
    return shelf;
  }

  #create(backend: Backend): Shelf {
    const key = keyOf(backend);
    const shelf = new Shelf(backend, this, () => {
      if (this.#shelves.get(key) === shelf) this.#shelves.delete(key);
    });
    this.#shelves.set(key, shelf);
    this.#known.set(backend, shelf);
    return shelf;
  }
}

function keyOf({ address, tls }: Backend): string {
  const place = address.kind === "tcp" ? [address.host, address.port] : [address.path];
  if (tls === undefined) return JSON.stringify(place);
  return JSON.stringify([...place, tls.serverName, tls.ca, tls.cert, tls.key, tls.insecure === true]);
}

/** A request in the queue of a backend. */
interface Waiting extends Timed {
  readonly taker: Taker;
}

/** What is open to one backend. */
class Shelf implements ConnectionHome {
  readonly #backend: Backend;
  readonly #pool: Pool;
  readonly #onEmpty: () => void;
  /** The one used last is taken first: the others age and go. */
  readonly #idle: UpstreamConnection[] = [];
  readonly #waiting = new Map<Taker, Waiting>();
  readonly #connecting = new Map<Taker, Connecting>();
  #open = 0;
  #closed = false;
  /** Nothing is open, and it is no longer found: the next request makes a new one. */
  isLeft = false;

  constructor(backend: Backend, pool: Pool, onEmpty: () => void) {
    this.#backend = backend;
    this.#pool = pool;
    this.#onEmpty = onEmpty;
  }

  get counts(): PoolCounts {
    return { idle: this.#idle.length, open: this.#open, waiting: this.#waiting.size };
  }

  take(taker: Taker, fresh: boolean): void {
    // Those that were closed meanwhile have left by themselves.
    const free = fresh ? undefined : this.#idle.pop();
    if (free !== undefined) {
      free.deadline = NEVER;
      taker.onConnection(free);
      return;
    }
    const { maxConnections, maxWaiting } = this.#pool.limits;
    // A fresh one in the place of one that is idle: it was to be used, after all.
    if (fresh && this.#open >= maxConnections) this.#idle.shift()?.close();
    if (this.#open < maxConnections) this.#connect(taker);
    else if (this.#waiting.size < maxWaiting) this.#wait(taker);
    else taker.onNoConnection({ kind: "pool-full" });
  }

  forget(taker: Taker): void {
    const waiting = this.#waiting.get(taker);
    if (waiting !== undefined) {
      this.#waiting.delete(taker);
      this.#pool.deadlines.remove(waiting);
    }
    const connecting = this.#connecting.get(taker);
    if (connecting === undefined) return;
    this.#connecting.delete(taker);
    connecting.cancel();
    this.#closedOne();
  }

  close(): void {
    this.#closed = true;
    this.isLeft = true;
    for (const connection of this.#idle.splice(0)) connection.close();
    for (const [taker, connecting] of [...this.#connecting]) {
      this.#connecting.delete(taker);
      connecting.cancel();
      this.#open--;
      taker.onNoConnection({ kind: "pool-closed" });
    }
    for (const { taker } of this.#waiting.values()) {
      this.forget(taker);
      taker.onNoConnection({ kind: "pool-closed" });
    }
  }

  onFree(connection: UpstreamConnection): void {
    const [next] = this.#waiting.keys();
    if (next !== undefined) {
      this.forget(next);
      next.onConnection(connection);
    } else if (this.#closed) connection.close();
    else {
      connection.expireAfter(this.#pool.limits.idleTimeoutMs);
      this.#idle.push(connection);
    }
  }

  onGone(connection: UpstreamConnection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#closedOne();
  }

  #connect(taker: Taker): void {
    this.#open++;
    const { limits, deadlines } = this.#pool;
    const connecting = new Connecting(this.#backend, limits.connectTimeoutMs, deadlines, {
      onConnected: (channel: Channel) => {
        this.#connecting.delete(taker);
        channel.native.setNoDelay(true);
        taker.onConnection(new UpstreamConnection(channel, this, deadlines, limits));
      },
      onConnectFailed: (failure) => {
        this.#connecting.delete(taker);
        taker.onNoConnection(failure);
        this.#closedOne();
      },
    });
    this.#connecting.set(taker, connecting);
  }

  #wait(taker: Taker): void {
    const { deadlines, limits } = this.#pool;
    const waiting: Waiting = {
      taker,
      deadline: deadlines.now + limits.connectTimeoutMs,
      expire: () => {
        this.forget(taker);
        taker.onNoConnection({ kind: "pool-full" });
      },
    };
    deadlines.add(waiting);
    this.#waiting.set(taker, waiting);
  }

  /** There is room for another one. */
  #closedOne(): void {
    this.#open--;
    const [next] = this.#waiting.keys();
    if (next !== undefined && !this.#closed) {
      this.forget(next);
      this.#connect(next);
    } else if (this.#open === 0 && this.#waiting.size === 0) {
      this.isLeft = true;
      this.#onEmpty();
    }
  }
}
