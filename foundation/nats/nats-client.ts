/** Publishes to one of several servers: a connection is made when it is needed, to the next server when one is away. */
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";
import type { NatsAddress } from "./nats-address.ts";
import { NatsConnection, type NatsCredentials, type NatsTls } from "./nats-connection.ts";
import { NatsUnavailable } from "./nats-errors.ts";
import type { NatsMessage, StreamAck } from "./nats-message.ts";

export interface NatsClientOptions extends NatsCredentials {
  /** All of one cluster, in the order in which they are tried. At least one. */
  readonly servers: readonly NatsAddress[];
  readonly tls?: NatsTls;
  readonly name?: string;
  /** Whether streams have to confirm that they have stored a message. Default: the server's word that it has taken it. */
  readonly jetStream?: boolean;
  /** Of a message: until a connection is there, and then until it is confirmed. */
  readonly timeoutMs: number;
  /** Messages that wait at a time, for a connection or for their confirmation; one more is refused at once. Default 10,000. */
  readonly waitingMax?: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A connection was lost or not made. @param reason without secrets */
  readonly onTrouble?: (reason: string) => void;
}

export interface NatsClient {
  /**
   * A message is sent once.
   *
   * @returns what the stream says; undefined without `jetStream`
   * @throws NatsUnavailable when it was not sent; NatsUncertain when it was, and nobody knows more; NatsRefused; TypeError for a message that cannot be written
   */
  publish(message: NatsMessage): Promise<StreamAck | undefined>;
  close(): void;
}

const WAITING_MAX = 10_000;
/** After all servers were tried in vain: doubled up to a bound, a random part of it. */
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 5_000;
const OPEN_MIN_MS = 100;

interface Waiting {
  readonly message: NatsMessage;
  readonly until: number;
  resolve(ack: StreamAck | undefined | PromiseLike<StreamAck | undefined>): void;
  reject(error: Error): void;
}

export function createNatsClient(options: NatsClientOptions): NatsClient {
  return new RotatingClient(options);
}

class RotatingClient implements NatsClient {
  readonly #options: NatsClientOptions;
  /** The one that is ready, or is being made. */
  #connection: NatsConnection | undefined;
  #isReady = false;
  /** Its connections end when they are done with what was published on them. */
  readonly #retired = new Set<NatsConnection>();
  #waiting: Waiting[] = [];
  /** Place of the server that is next. */
  #next = 0;
  /** Servers that were tried one after the other without one that was ready. */
  #failed = 0;
  #rounds = 0;
  #notBefore = 0;
  #isClosed = false;
  #timer: TimerHandle | undefined;

  constructor(options: NatsClientOptions) {
    if (options.servers.length === 0) throw new TypeError("a client needs a server");
    this.#options = options;
  }

  publish(message: NatsMessage): Promise<StreamAck | undefined> {
    if (this.#isClosed) return unavailable("the client is closed");
    const { clock, waitingMax = WAITING_MAX } = this.#options;
    if (this.#connection === undefined && clock.monotonicMs() < this.#notBefore) {
      return unavailable("no server could be reached a moment ago");
    }
    this.#connection ??= this.#connect();
    if (this.#waiting.length + this.#connection.waiting >= waitingMax)
      return unavailable("too many messages are waiting");
    if (this.#isReady) return this.#connection.publish(message);
    const until = clock.monotonicMs() + this.#options.timeoutMs;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ message, until, resolve, reject });
      this.#watch();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    const reason = "the client is closed";
    this.#connection?.end(reason);
    for (const one of this.#retired) one.end(reason);
    this.#rejectWaiting(reason);
  }

  #connect(): NatsConnection {
    const { servers, tls = {}, name = "biplane", jetStream = false, timeoutMs, clock, timers } = this.#options;
    const address = servers[this.#next % servers.length]!;
    this.#isReady = false;
    return new NatsConnection({
      address,
      credentials: this.#options,
      tls,
      name,
      // One that is away must not use up the time in which another would have answered.
      openTimeoutMs: Math.max(OPEN_MIN_MS, timeoutMs / Math.min(servers.length, 4)),
      timeoutMs,
      inbox: jetStream ? this.#newInbox() : undefined,
      clock,
      timers,
      onReady: (connection) => this.#ready(connection),
      onGone: (connection, reason) => this.#gone(connection, reason),
      onEnd: (connection) => this.#retired.delete(connection),
    });
  }

  /** Answers to one that was lost must not be taken for those to the next. */
  #newInbox(): string {
    return `_INBOX.${Buffer.from(this.#options.random.bytes(16)).toString("hex")}`;
  }

  #ready(connection: NatsConnection): void {
    this.#isReady = true;
    this.#failed = 0;
    this.#rounds = 0;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { message, resolve } of waiting) resolve(connection.publish(message));
  }

  #gone(connection: NatsConnection, reason: string): void {
    if (this.#connection !== connection) return;
    const { servers, clock, random, onTrouble } = this.#options;
    const wasReady = this.#isReady;
    this.#connection = undefined;
    this.#isReady = false;
    if (this.#isClosed) return;
    if (wasReady && connection.waiting > 0) this.#retired.add(connection);
    this.#next++;
    onTrouble?.(reason);
    if (!wasReady) this.#failed++;
    if (this.#failed >= servers.length) {
      this.#failed = 0;
      const pause = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** this.#rounds++);
      this.#notBefore = clock.monotonicMs() + pause / 2 + random.float() * (pause / 2);
      this.#rejectWaiting(reason);
    } else if (this.#waiting.length > 0) this.#connection = this.#connect();
  }

  /** The first one is the first to be late. */
  #watch(): void {
    const [oldest] = this.#waiting;
    if (this.#timer !== undefined || oldest === undefined || this.#isClosed) return;
    const { clock, timers } = this.#options;
    this.#timer = timers.after(Math.max(1, Math.ceil(oldest.until - clock.monotonicMs())), () => {
      this.#timer = undefined;
      const now = clock.monotonicMs();
      while (this.#waiting.length > 0 && this.#waiting[0]!.until <= now) {
        this.#waiting.shift()!.reject(new NatsUnavailable("no server was there in time"));
      }
      this.#watch();
    });
  }

  #rejectWaiting(reason: string): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { reject } of waiting) reject(new NatsUnavailable(reason));
  }
}

const unavailable = (reason: string): Promise<never> => Promise.reject(new NatsUnavailable(reason));
