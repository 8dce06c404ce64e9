/** Connections to one origin of a protocol that carries several exchanges on each, or of HTTP/1.1 when its server has chosen that. */

import type { Channel } from "../io/channel.ts";
import type { Timed } from "../io/deadlines.ts";
import type { ClientExchange } from "./client-exchange.ts";
import type { ClientProtocol, SharedConnection, SharedHome } from "./client-protocol.ts";
import type { ClientFailure, Origin } from "./client-types.ts";
import { Connecting } from "./connect.ts";
import { type OriginCounts, type OriginShelf, Shelf, type ShelfPool } from "./shelf.ts";

/** How often a request that no server has looked at is sent again before it fails: a server may send everything back. */
const RETURNS_MAX = 4;

export class SharedShelf implements OriginShelf, SharedHome {
  isLeft = false;
  readonly #origin: Origin;
  readonly #pool: ShelfPool;
  readonly #protocol: ClientProtocol;
  readonly #onEmpty: () => void;
  /** Those that take exchanges, or will when they are ready. The first with room is taken: others age and go. */
  readonly #taking: SharedConnection[] = [];
  /** With those that only end what they have. */
  readonly #open = new Set<SharedConnection>();
  readonly #waiting = new Map<ClientExchange, Timed>();
  #connecting: Connecting | undefined;
  /** The server has chosen HTTP/1.1. */
  #plain: Shelf | undefined;
  #closed = false;

  constructor(origin: Origin, pool: ShelfPool, protocol: ClientProtocol, onEmpty: () => void) {
    this.#origin = origin;
    this.#pool = pool;
    this.#protocol = protocol;
    this.#onEmpty = onEmpty;
  }

  get counts(): OriginCounts {
    if (this.#plain !== undefined) return this.#plain.counts;
    let idle = 0;
    for (const connection of this.#taking) if (connection.isIdle) idle++;
    const open = this.#open.size + (this.#connecting === undefined ? 0 : 1);
    return { idle, open, waiting: this.#waiting.size };
  }

  take(exchange: ClientExchange): void {
    if (this.#plain !== undefined) {
      this.#plain.take(exchange);
      return;
    }
    for (const connection of this.#taking) {
      if (connection.room <= 0) continue;
      connection.begin(exchange);
      return;
    }
    // As many as HTTP/1.1 would have connected or let wait.
    if (this.#waiting.size >= this.#pool.limits.maxConnections + this.#pool.limits.maxWaiting) {
      exchange.fail({ kind: "pool-full" }, false);
      return;
    }
    this.#wait(exchange);
    this.#connect(exchange);
  }

  forget(exchange: ClientExchange): void {
    this.#plain?.forget(exchange);
    const waiting = this.#waiting.get(exchange);
    if (waiting === undefined) return;
    this.#waiting.delete(exchange);
    this.#pool.deadlines.remove(waiting);
  }

  close(): void {
    this.#closed = true;
    this.isLeft = true;
    this.#plain?.close();
    this.#connecting?.cancel();
    this.#connecting = undefined;
    this.#failAll({ kind: "pool-closed" });
    for (const connection of [...this.#taking]) connection.close();
  }

  onRoom(connection: SharedConnection): void {
    if (this.#waiting.size === 0) return;
    while (connection.room > 0) {
      const [next] = this.#waiting.keys();
      if (next === undefined) return;
      this.forget(next);
      connection.begin(next);
    }
    this.#connectIfAwaited();
  }

  onLeaving(connection: SharedConnection): void {
    const at = this.#taking.indexOf(connection);
    if (at !== -1) this.#taking.splice(at, 1);
  }

  onGone(connection: SharedConnection, failure: ClientFailure | undefined): void {
    this.#open.delete(connection);
    if (failure !== undefined && this.#taking.length === 0) this.#failAll(failure);
    this.#connectIfAwaited();
    this.#leaveIfEmpty();
  }

  onReturned(exchange: ClientExchange): void {
    if (exchange.phase === "over") return;
    if (this.#closed) exchange.fail({ kind: "pool-closed" }, false);
    else if (exchange.returned >= RETURNS_MAX) exchange.fail({ kind: "closed" }, false);
    else {
      exchange.again();
      this.take(exchange);
    }
  }

  #connectIfAwaited(): void {
    const [next] = this.#waiting.keys();
    if (next !== undefined) this.#connect(next);
  }

  /** One at a time: what it turns out to take says whether another one is needed. */
  #connect(exchange: ClientExchange): void {
    const { limits, deadlines } = this.#pool;
    if (this.#connecting !== undefined || this.#closed || this.#taking.length >= limits.maxSharedConnections) return;
    if (this.#taking.some((connection) => connection.room === 0 && connection.isIdle)) return;
    const { connectTimeoutMs = limits.connectTimeoutMs } = exchange.request;
    const timeoutMs = Math.min(connectTimeoutMs, exchange.totalDeadline - deadlines.now);
    const { alpn } = this.#protocol;
    const offered = this.#origin.version === "2" ? [alpn] : [alpn, "http/1.1"];
    this.#connecting = new Connecting(this.#origin, offered, timeoutMs, deadlines, {
      onConnected: (channel, chosen) => {
        this.#connecting = undefined;
        this.#connected(channel, chosen, timeoutMs);
      },
      onConnectFailed: (failure) => {
        this.#connecting = undefined;
        if (this.#taking.length === 0) this.#failAll(failure);
        this.#leaveIfEmpty();
      },
    });
  }

  #connected(channel: Channel, chosen: string | undefined, readyTimeoutMs: number): void {
    const secure = this.#origin.tls !== undefined;
    const { deadlines, limits } = this.#pool;
    if (!secure || chosen === this.#protocol.alpn) {
      const connection = this.#protocol.connect(channel, this, { deadlines, limits, secure, readyTimeoutMs });
      this.#taking.push(connection);
      this.#open.add(connection);
    } else if (this.#origin.version === "2") {
      channel.owner = NOBODY;
      channel.destroy();
      this.#failAll({ kind: "tls-failed", reason: `the server does not speak ${this.#protocol.alpn}` });
      this.#leaveIfEmpty();
    } else this.#becomePlain(channel);
  }

  #becomePlain(channel: Channel): void {
    const plain = new Shelf(this.#origin, this.#pool, () => {
      this.isLeft = true;
      this.#onEmpty();
    });
    this.#plain = plain;
    const waiting = [...this.#waiting.keys()];
    for (const exchange of waiting) this.forget(exchange);
    plain.adopt(channel);
    for (const exchange of waiting) plain.take(exchange);
  }

  #wait(exchange: ClientExchange): void {
    const { deadlines, limits } = this.#pool;
    const { connectTimeoutMs = limits.connectTimeoutMs } = exchange.request;
    const waiting: Timed = {
      deadline: Math.min(exchange.totalDeadline, deadlines.now + connectTimeoutMs),
      expire: () => {
        this.forget(exchange);
        exchange.fail({ kind: this.#taking.length === 0 ? "connect-timeout" : "pool-full" }, false);
      },
    };
    deadlines.add(waiting);
    this.#waiting.set(exchange, waiting);
  }

  /** Those that wait now: who is told may ask anew. */
  #failAll(failure: ClientFailure): void {
    const waiting = [...this.#waiting.keys()];
    for (const exchange of waiting) this.forget(exchange);
    for (const exchange of waiting) exchange.fail(failure, false);
  }

  #leaveIfEmpty(): void {
    if (this.#open.size > 0 || this.#waiting.size > 0 || this.#connecting !== undefined) return;
    if (this.isLeft && !this.#closed) return;
    this.isLeft = true;
    this.#onEmpty();
  }
}

const NOBODY = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };
