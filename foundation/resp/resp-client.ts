/** One connection to a store, made when it is needed and made anew after it was lost; commands are sent ahead of their answers. */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";
import { type BulkText, ReplyReader, type RespReply } from "./reply-reader.ts";
import type { RespAddress } from "./resp-address.ts";

export interface RespClientOptions {
  readonly address: RespAddress;
  readonly username?: string;
  readonly password?: string;
  /** Authorities to trust in the place of the system's, in PEM. */
  readonly ca?: string;
  /** From being sent to being answered; of a connection: from its beginning to being ready. */
  readonly timeoutMs: number;
  /** Commands that may wait for an answer; one more is refused at once. Default 10,000. */
  readonly waitingMax?: number;
  /** How texts are read. Default `utf8`; `latin1` is for values that are octets. */
  readonly bulkText?: BulkText;
  /** Octets of one text in a reply; a longer one ends the connection. Default 1 MiB. */
  readonly bulkMax?: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A connection was lost or not made. @param reason without secrets */
  readonly onTrouble?: (reason: string) => void;
}

/** Its name and what it is about. Octets are nobody's to change until it is answered. */
export type RespCommand = readonly (string | Uint8Array)[];

export interface RespClient {
  /**
   * A command is sent once: when its answer is lost nobody knows whether it was carried out.
   *
   * @throws RespUnavailable when there is no answer; RespRefused when the answer is an error
   */
  send(...command: RespCommand): Promise<RespReply>;
  close(): void;
}

/** There is no store, or no answer in time. */
export class RespUnavailable extends Error {}
/** The store has answered that it will not. `message` begins with its word for that: `NOSCRIPT`, `NOAUTH` … */
export class RespRefused extends Error {}

const WAITING_MAX = 10_000;
/** Between two attempts to connect: doubled up to a bound, a random part of it. */
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 5_000;

interface Waiting {
  readonly until: number;
  resolve(reply: RespReply): void;
  reject(error: Error): void;
}

export function createRespClient(options: RespClientOptions): RespClient {
  const { clock, random, onTrouble, waitingMax = WAITING_MAX } = options;
  let connection: Connection | undefined;
  let failures = 0;
  let notBefore = 0;
  let isClosed = false;
  const lost = (which: Connection, reason: string): void => {
    if (connection !== which) return;
    connection = undefined;
    if (isClosed) return;
    const pause = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** failures++);
    notBefore = clock.monotonicMs() + pause / 2 + random.float() * (pause / 2);
    onTrouble?.(reason);
  };
  const ready = (): void => {
    failures = 0;
  };
  return {
    send(...command) {
      if (isClosed) return Promise.reject(new RespUnavailable("the client is closed"));
      if (connection === undefined && clock.monotonicMs() < notBefore) {
        return Promise.reject(new RespUnavailable("the store was away a moment ago"));
      }
      connection ??= new Connection(options, ready, lost);
      if (connection.waiting >= waitingMax) return Promise.reject(new RespUnavailable("too many commands are waiting"));
      return connection.send(command);
    },
    close() {
      isClosed = true;
      connection?.end("the client is closed");
    },
  };
}

class Connection {
  readonly #socket: Socket;
  readonly #reader: ReplyReader;
  readonly #options: RespClientOptions;
  /** In the order of sending, which is that of answers. */
  #waiting: Waiting[] = [];
  /** Answered, at the beginning of `#waiting`. */
  #done = 0;
  #timer: TimerHandle | undefined;
  #isOver = false;
  /** Of its first commands, those that are not answered yet. */
  #greeting: number;
  readonly #onReady: () => void;
  readonly #onLost: (connection: Connection, reason: string) => void;

  constructor(
    options: RespClientOptions,
    onReady: () => void,
    onLost: (connection: Connection, reason: string) => void,
  ) {
    const { address, username, password, ca } = options;
    const { host, port, tls, database } = address;
    this.#options = options;
    this.#reader = new ReplyReader(options.bulkText, options.bulkMax);
    this.#onLost = onLost;
    // An address is no name to be told (RFC 6066 §3); the certificate is for it all the same.
    const named = { ...(isIP(host) === 0 ? { servername: host } : {}), ...(ca === undefined ? {} : { ca }) };
    this.#socket = tls ? connectTls({ host, port, ...named }) : connectPlain({ host, port });
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
    this.#socket.on("error", (error: Error) => this.end(error.message));
    this.#socket.on("close", () => this.end("the store has closed the connection"));
    // Sent before everything else; when one of them is refused the connection is of no use.
    const first: RespCommand[] = [];
    if (password !== undefined) first.push(username === undefined ? ["AUTH", password] : ["AUTH", username, password]);
    if (database !== 0) first.push(["SELECT", String(database)]);
    first.push(["PING"]);
    this.#greeting = first.length;
    this.#onReady = onReady;
    // A failure of theirs ends the connection; here it has been heard.
    for (const command of first) this.send(command).catch(() => {});
  }

  get waiting(): number {
    return this.#waiting.length - this.#done;
  }

  send(command: RespCommand): Promise<RespReply> {
    return new Promise((resolve, reject) => {
      const { clock, timeoutMs } = this.#options;
      this.#waiting.push({ until: clock.monotonicMs() + timeoutMs, resolve, reject });
      for (const piece of written(command)) this.#socket.write(piece);
      this.#watch();
    });
  }

  /** The connection is of no use any more: nobody will be answered. */
  end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#socket.destroy();
    // First, so that whoever hears of the failure and asks again does not get this one.
    this.#onLost(this, reason);
    const unanswered = this.#waiting.slice(this.#done);
    this.#waiting = [];
    this.#done = 0;
    for (const { reject } of unanswered) reject(new RespUnavailable(reason));
  }

  #received(bytes: Uint8Array): void {
    let replies: readonly RespReply[];
    try {
      replies = this.#reader.push(bytes);
    } catch (error) {
      this.end(`the store does not speak RESP: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    for (const reply of replies) {
      const one = this.#waiting[this.#done];
      if (one === undefined) {
        this.end("the store answers what nobody has asked");
        return;
      }
      if (this.#greeting > 0) {
        if (isError(reply)) {
          this.end(reply.error);
          return;
        }
        if (--this.#greeting === 0) this.#onReady();
      }
      this.#done++;
      if (isError(reply)) one.reject(new RespRefused(reply.error));
      else one.resolve(reply);
    }
    if (this.#done > 64 && this.#done * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#done);
      this.#done = 0;
    }
  }

  /** One timer for all of them: answers come in order, so that the oldest is the first to be late. */
  #watch(): void {
    const oldest = this.#waiting[this.#done];
    if (this.#timer !== undefined || oldest === undefined) return;
    const { clock, timers } = this.#options;
    this.#timer = timers.after(Math.max(1, Math.ceil(oldest.until - clock.monotonicMs())), () => {
      this.#timer = undefined;
      const now = this.#waiting[this.#done];
      if (now !== undefined && now.until <= clock.monotonicMs()) this.end("the store does not answer in time");
      else this.#watch();
    });
  }
}

const isError = (reply: RespReply): reply is { readonly error: string } =>
  typeof reply === "object" && reply !== null && "error" in reply;

/** As a list of texts: the one form in which every command may be sent. */
function written(command: RespCommand): readonly (string | Uint8Array)[] {
  const pieces: (string | Uint8Array)[] = [];
  let text = `*${command.length}\r\n`;
  for (const one of command) {
    if (typeof one === "string") text += `$${Buffer.byteLength(one)}\r\n${one}\r\n`;
    else {
      pieces.push(`${text}$${one.length}\r\n`, one);
      text = "\r\n";
    }
  }
  pieces.push(text);
  return pieces;
}
