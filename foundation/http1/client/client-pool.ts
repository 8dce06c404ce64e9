/** Connections to origins, kept for reuse, bounded for each origin. */

import { systemClock, systemTimers } from "#foundation/runtime";
import { Deadlines, type Time } from "../io/deadlines.ts";
import { ClientExchange, type ExchangeHome, type ExchangeListener } from "./client-exchange.ts";
import type { ClientProtocol } from "./client-protocol.ts";
import { type ClientLimits, DEFAULT_CLIENT_LIMITS, type Origin, type OutgoingRequest } from "./client-types.ts";
import { SharedShelf } from "./shared-shelf.ts";
import { type OriginCounts, type OriginShelf, Shelf } from "./shelf.ts";

/** Deadlines are kept to two of these: limits are of the order of seconds. */
const SWEEP_MS = 100;

export interface ClientOptions {
  readonly limits?: Partial<ClientLimits>;
  readonly time?: Time;
  /** For origins that are asked for by HTTP/2: `http2Client()` of `#foundation/http2`. */
  readonly http2?: ClientProtocol;
}

export class ClientPool {
  readonly limits: ClientLimits;
  readonly deadlines: Deadlines;
  /** By what they lead to: equal origins share connections, however often a caller makes the object. */
  readonly #shelves = new Map<string, OriginShelf>();
  readonly #known = new WeakMap<Origin, OriginShelf>();
  readonly #http2: ClientProtocol | undefined;
  #closed = false;

  constructor(options: ClientOptions = {}) {
    this.#http2 = options.http2;
    this.limits = { ...DEFAULT_CLIENT_LIMITS, ...options.limits };
    this.deadlines = new Deadlines(options.time ?? { clock: systemClock, timers: systemTimers }, SWEEP_MS);
  }

  /**
   * Sends a request, at once when a connection is idle. It is sent a second time only when the connection that it was for took nothing of it: a server never
   * sees it twice. Over HTTP/2, also when the server has said that it has not looked at it and will not (RFC 9113 §8.7).
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

  #find(origin: Origin): OriginShelf | undefined {
    const known = this.#known.get(origin);
    if (known !== undefined && !known.isLeft) return known;
    const shelf = this.#shelves.get(keyOf(origin));
    if (shelf !== undefined) this.#known.set(origin, shelf);
    return shelf;
  }

  #create(origin: Origin): OriginShelf {
    const key = keyOf(origin);
    const onEmpty = (): void => {
      if (this.#shelves.get(key) === shelf) this.#shelves.delete(key);
    };
    const shelf: OriginShelf = isShared(origin)
      ? new SharedShelf(origin, this, this.#protocolFor(origin), onEmpty)
      : new Shelf(origin, this, onEmpty);
    this.#shelves.set(key, shelf);
    this.#known.set(origin, shelf);
    return shelf;
  }

  #protocolFor({ version }: Origin): ClientProtocol {
    if (this.#http2 === undefined)
      throw new Error(`an origin of version ${version} is asked for, and the pool has no HTTP/2`);
    return this.#http2;
  }
}

/** Without TLS nobody says what a server speaks: `auto` is HTTP/1.1. */
function isShared({ version = "1.1", tls }: Origin): boolean {
  return version === "2" || (version === "auto" && tls !== undefined);
}

const NO_HOME: ExchangeHome = { forget() {} };

function keyOf(origin: Origin): string {
  const { address, tls } = origin;
  const place = address.kind === "tcp" ? [address.host, address.port] : [address.path];
  if (isShared(origin)) place.push(origin.version!);
  if (tls === undefined) return JSON.stringify(place);
  return JSON.stringify([...place, tls.serverName, tls.ca, tls.cert, tls.key, tls.insecure === true]);
}
