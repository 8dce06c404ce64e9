/** Connections to one origin of HTTP/1.1: an exchange at a time on each. */

import type { Channel } from "../io/channel.ts";
import { type Deadlines, NEVER, type Timed } from "../io/deadlines.ts";
import { ClientConnection, type ConnectionHome } from "./client-connection.ts";
import type { ClientExchange, ExchangeHome } from "./client-exchange.ts";
import type { ClientFailure, ClientLimits, Origin } from "./client-types.ts";
import { Connecting } from "./connect.ts";

/** What is open now. */
export interface OriginCounts {
  readonly idle: number;
  /** With idle ones and those on their way. */
  readonly open: number;
  readonly waiting: number;
}

/** What is open to one origin, as the pool sees it. */
export interface OriginShelf extends ExchangeHome {
  /** Nothing is open, and it is no longer found. */
  readonly isLeft: boolean;
  readonly counts: OriginCounts;
  /** Sends a request as soon as there is a connection for it. */
  take(exchange: ClientExchange): void;
  /** Closes what is idle; what is in use closes when its exchanges are over. */
  close(): void;
}

/** What a shelf needs of its pool. */
export interface ShelfPool {
  readonly limits: ClientLimits;
  readonly deadlines: Deadlines;
}

/** Nothing is said of protocols: servers take that for HTTP/1.1. */
const NO_ALPN: readonly string[] = [];

/** What is open to one origin. */
export class Shelf implements OriginShelf, ConnectionHome {
  readonly #origin: Origin;
  readonly #pool: ShelfPool;
  readonly #onEmpty: () => void;
  /** The one used last is taken first: the others age and go. */
  readonly #idle: ClientConnection[] = [];
  readonly #waiting = new Map<ClientExchange, Timed>();
  readonly #connecting = new Map<ClientExchange, Connecting>();
  #open = 0;
  #closed = false;
  /** Nothing is open, and it is no longer found. */
  isLeft = false;

  constructor(origin: Origin, pool: ShelfPool, onEmpty: () => void) {
    this.#origin = origin;
    this.#pool = pool;
    this.#onEmpty = onEmpty;
  }

  get counts(): OriginCounts {
    return { idle: this.#idle.length, open: this.#open, waiting: this.#waiting.size };
  }

  take(exchange: ClientExchange): void {
    const { maxConnections, maxWaiting } = this.#pool.limits;
    if (exchange.request.fresh === true) {
      // In the place of one that is idle: it was to be used, after all.
      if (this.#open >= maxConnections) this.#idle.shift()?.close();
    } else if (this.#beginOnIdle(exchange)) return;
    if (this.#open < maxConnections) this.#connect(exchange);
    else if (this.#waiting.size < maxWaiting) this.#wait(exchange);
    else exchange.fail({ kind: "pool-full" }, false);
  }

  forget(exchange: ClientExchange): void {
    const waiting = this.#waiting.get(exchange);
    if (waiting !== undefined) {
      this.#waiting.delete(exchange);
      this.#pool.deadlines.remove(waiting);
    }
    const connecting = this.#connecting.get(exchange);
    if (connecting === undefined) return;
    this.#connecting.delete(exchange);
    connecting.cancel();
    this.#closedOne();
  }

  close(): void {
    this.#closed = true;
    this.isLeft = true;
    for (const connection of this.#idle.splice(0)) connection.close();
    for (const exchange of [...this.#connecting.keys(), ...this.#waiting.keys()]) {
      this.forget(exchange);
      exchange.fail({ kind: "pool-closed" }, false);
    }
  }

  onFree(connection: ClientConnection): void {
    const [next] = this.#waiting.keys();
    if (next !== undefined) {
      this.forget(next);
      if (!connection.begin(next)) this.take(next);
      return;
    }
    const timeoutMs = Math.min(this.#pool.limits.idleTimeoutMs, connection.keepAliveMs);
    if (this.#closed || timeoutMs <= 0) connection.close();
    else {
      connection.expireAfter(timeoutMs);
      this.#idle.push(connection);
    }
  }

  onGone(connection: ClientConnection): void {
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    this.#closedOne();
  }

  /** A connection that somebody else has opened. */
  adopt(channel: Channel): void {
    this.#open++;
    this.onFree(new ClientConnection(channel, this, this.#pool.deadlines, this.#pool.limits));
  }

  #beginOnIdle(exchange: ClientExchange): boolean {
    for (let free = this.#idle.pop(); free !== undefined; free = this.#idle.pop()) {
      free.deadline = NEVER;
      if (free.begin(exchange)) return true;
    }
    return false;
  }

  #connect(exchange: ClientExchange): void {
    this.#open++;
    const { limits, deadlines } = this.#pool;
    const { connectTimeoutMs = limits.connectTimeoutMs } = exchange.request;
    const timeoutMs = Math.min(connectTimeoutMs, exchange.totalDeadline - deadlines.now);
    const connecting = new Connecting(this.#origin, NO_ALPN, timeoutMs, deadlines, {
      onConnected: (channel: Channel) => {
        this.#connecting.delete(exchange);
        const connection = new ClientConnection(channel, this, deadlines, limits);
        // Closed as soon as it was open: there may be no server that listens in earnest.
        if (!connection.begin(exchange)) exchange.fail({ kind: "closed" }, false);
      },
      onConnectFailed: (failure: ClientFailure) => {
        this.#connecting.delete(exchange);
        exchange.fail(failure, false);
        this.#closedOne();
      },
    });
    this.#connecting.set(exchange, connecting);
  }

  #wait(exchange: ClientExchange): void {
    const { deadlines, limits } = this.#pool;
    const { connectTimeoutMs = limits.connectTimeoutMs } = exchange.request;
    const waiting: Timed = {
      deadline: Math.min(exchange.totalDeadline, deadlines.now + connectTimeoutMs),
      expire: () => {
        this.forget(exchange);
        exchange.fail({ kind: "pool-full" }, false);
      },
    };
    deadlines.add(waiting);
    this.#waiting.set(exchange, waiting);
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
