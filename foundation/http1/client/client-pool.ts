/** Connections to origins, kept for reuse, bounded for each origin. */

import { systemClock, systemTimers } from "#foundation/runtime";
import type { Channel } from "../io/channel.ts";
import { Deadlines, NEVER, type Time, type Timed } from "../io/deadlines.ts";
import { ClientConnection, type ConnectionHome } from "./client-connection.ts";
import { ClientExchange, type ExchangeHome, type ExchangeListener } from "./client-exchange.ts";
import {
  type ClientFailure,
  type ClientLimits,
  DEFAULT_CLIENT_LIMITS,
  type Origin,
  type OutgoingRequest,
} from "./client-types.ts";
import { Connecting } from "./connect.ts";

/** Deadlines are kept to two of these: limits are of the order of seconds. */
const SWEEP_MS = 100;

export interface ClientOptions {
  readonly limits?: Partial<ClientLimits>;
  readonly time?: Time;
}

/** What is open now. */
export interface OriginCounts {
  readonly idle: number;
  /** With idle ones and those on their way. */
  readonly open: number;
  readonly waiting: number;
}

export class ClientPool {
  readonly limits: ClientLimits;
  readonly deadlines: Deadlines;
  /** By what they lead to: equal origins share connections, however often a caller makes the object. */
  readonly #shelves = new Map<string, Shelf>();
  readonly #known = new WeakMap<Origin, Shelf>();
  #closed = false;

  constructor(options: ClientOptions = {}) {
    this.limits = { ...DEFAULT_CLIENT_LIMITS, ...options.limits };
    this.deadlines = new Deadlines(options.time ?? { clock: systemClock, timers: systemTimers }, SWEEP_MS);
  }

  /**
   * Sends a request, at once when a connection is idle. It is sent a second time only when the connection that it was for took nothing of it: a server never
   * sees it twice.
   */
  request(origin: Origin, request: OutgoingRequest, listener: ExchangeListener): ClientExchange {
    const shelf = this.#closed ? undefined : (this.#find(origin) ?? this.#create(origin));
    const exchange = new ClientExchange(request, listener, shelf ?? NO_HOME);
    if (shelf === undefined) exchange.fail({ kind: "pool-closed" }, false);
    else {
      if (request.totalTimeoutMs !== undefined) exchange.totalDeadline = this.deadlines.now + request.totalTimeoutMs;
      shelf.take(exchange);
    }
    return exchange;
  }

  counts(origin: Origin): OriginCounts {
    return this.#find(origin)?.counts ?? { idle: 0, open: 0, waiting: 0 };
  }

  /** Closes idle connections; those in use close when their exchange is over. Nobody gets one any more. */
  close(): void {
    this.#closed = true;
    for (const shelf of this.#shelves.values()) shelf.close();
  }

  /** The same for one origin that is no longer used. It may be used again. */
  retire(origin: Origin): void {
    this.#find(origin)?.close();
    this.#shelves.delete(keyOf(origin));
  }

  #find(origin: Origin): Shelf | undefined {
    const known = this.#known.get(origin);
    if (known !== undefined && !known.isLeft) return known;
    const shelf = this.#shelves.get(keyOf(origin));
    if (shelf !== undefined) this.#known.set(origin, shelf);
    return shelf;
  }

  #create(origin: Origin): Shelf {
    const key = keyOf(origin);
    const shelf = new Shelf(origin, this, () => {
      if (this.#shelves.get(key) === shelf) this.#shelves.delete(key);
    });
    this.#shelves.set(key, shelf);
    this.#known.set(origin, shelf);
    return shelf;
  }
}

const NO_HOME: ExchangeHome = { forget() {} };

function keyOf({ address, tls }: Origin): string {
  const place = address.kind === "tcp" ? [address.host, address.port] : [address.path];
  if (tls === undefined) return JSON.stringify(place);
  return JSON.stringify([...place, tls.serverName, tls.ca, tls.cert, tls.key, tls.insecure === true]);
}

/** What is open to one origin. */
class Shelf implements ConnectionHome, ExchangeHome {
  readonly #origin: Origin;
  readonly #pool: ClientPool;
  readonly #onEmpty: () => void;
  /** The one used last is taken first: the others age and go. */
  readonly #idle: ClientConnection[] = [];
  readonly #waiting = new Map<ClientExchange, Timed>();
  readonly #connecting = new Map<ClientExchange, Connecting>();
  #open = 0;
  #closed = false;
  /** Nothing is open, and it is no longer found. */
  isLeft = false;

  constructor(origin: Origin, pool: ClientPool, onEmpty: () => void) {
    this.#origin = origin;
    this.#pool = pool;
    this.#onEmpty = onEmpty;
  }

  get counts(): OriginCounts {
    return { idle: this.#idle.length, open: this.#open, waiting: this.#waiting.size };
  }

  take(exchange: ClientExchange): void {
    for (let free = this.#idle.pop(); free !== undefined; free = this.#idle.pop()) {
      free.deadline = NEVER;
      if (free.begin(exchange)) return;
    }
    const { maxConnections, maxWaiting } = this.#pool.limits;
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

  #connect(exchange: ClientExchange): void {
    this.#open++;
    const { limits, deadlines } = this.#pool;
    const { connectTimeoutMs = limits.connectTimeoutMs } = exchange.request;
    const timeoutMs = Math.min(connectTimeoutMs, exchange.totalDeadline - deadlines.now);
    const connecting = new Connecting(this.#origin, timeoutMs, deadlines, {
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
