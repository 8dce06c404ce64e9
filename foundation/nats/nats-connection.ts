/** One connection to one server, from its greeting to its end. Messages are sent ahead of their confirmations. */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clock, TimerHandle, Timers } from "#foundation/runtime";
import type { NatsAddress } from "./nats-address.ts";
import { NatsRefused, NatsUnavailable, NatsUncertain } from "./nats-errors.ts";
import { type NatsMessage, type StreamAck, sizeOf, written } from "./nats-message.ts";
import { nkeyOf } from "./nkey.ts";
import { NatsBroken, OperationReader, type ServerInfo, type ServerOperation } from "./operation-reader.ts";
import { streamAnswer } from "./stream-answer.ts";

export interface NatsCredentials {
  readonly username?: string;
  readonly password?: string;
  readonly token?: string;
  /** Seed of a user's key: `SU…`. */
  readonly nkeySeed?: string;
}

export interface NatsTls {
  /** Authorities to trust in the place of the system's, in PEM. */
  readonly ca?: string;
  /** To be shown, with its key, in PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** Name that the server's certificate must be for. Default: that of its address. */
  readonly serverName?: string;
}

export interface ConnectionOptions {
  readonly address: NatsAddress;
  readonly credentials: NatsCredentials;
  readonly tls: NatsTls;
  /** Shown in the server's listings. */
  readonly name: string;
  /** Until it is ready. */
  readonly openTimeoutMs: number;
  /** Of a message, from being sent to being confirmed. */
  readonly timeoutMs: number;
  /** Of the subject on which streams confirm: nobody else knows it. Undefined: nothing is published to streams. */
  readonly inbox: string | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onReady: (connection: NatsConnection) => void;
  /** It takes nothing more, as it has ended or is about to. Once. @param reason without secrets */
  readonly onGone: (connection: NatsConnection, reason: string) => void;
  /** Nobody waits for anything of it any more. */
  readonly onEnd: (connection: NatsConnection) => void;
}

interface Sent {
  readonly until: number;
  /** Which answer of a stream is its own; undefined: the server's word is enough. */
  readonly reply: string | undefined;
  resolve(ack: StreamAck | undefined): void;
  reject(error: Error): void;
}

type State = "greeting" | "securing" | "joining" | "ready" | "over";

export class NatsConnection {
  readonly #options: ConnectionOptions;
  readonly #reader = new OperationReader();
  #socket: Socket;
  #state: State = "greeting";
  #info: ServerInfo | undefined;
  #isGone = false;
  readonly #openUntil: number;
  /** The server has not said yet that it has read them, in the order of sending. */
  #sent: Sent[] = [];
  /** Of `#sent`, those at the beginning that are done with. */
  #done = 0;
  /** The stream has not answered yet, by subject of the answer, in the order of sending. */
  readonly #unanswered = new Map<string, Sent>();
  #replies = 0;
  #timer: TimerHandle | undefined;

  constructor(options: ConnectionOptions) {
    const { address, clock, openTimeoutMs } = options;
    this.#options = options;
    this.#openUntil = clock.monotonicMs() + openTimeoutMs;
    this.#socket = connectPlain({ host: address.host, port: address.port });
    this.#socket.setNoDelay(true);
    this.#listen();
    this.#watch();
  }

  get waiting(): number {
    return Math.max(this.#sent.length - this.#done, this.#unanswered.size);
  }

  /** Only when it is ready. @returns what the stream says; undefined when no stream was asked. @throws TypeError, NatsUnavailable, NatsUncertain, NatsRefused */
  publish(message: NatsMessage): Promise<StreamAck | undefined> {
    const info = this.#info;
    if (this.#state !== "ready" || info === undefined) {
      return Promise.reject(new NatsUnavailable("the connection is not ready"));
    }
    const size = sizeOf(message);
    if (size > info.maxPayload) {
      return Promise.reject(new NatsRefused(`a message of ${size} octets; the server takes ${info.maxPayload}`, true));
    }
    if (!info.takesHeaders && (message.headers ?? []).length > 0) {
      return Promise.reject(new NatsRefused("the server takes no headers"));
    }
    return new Promise((resolve, reject) => {
      const { clock, timeoutMs, inbox } = this.#options;
      const reply = inbox === undefined ? undefined : `${inbox}.${(this.#replies++).toString(36)}`;
      const pieces = written(message, reply);
      const sent = { until: clock.monotonicMs() + timeoutMs, reply, resolve, reject };
      this.#sent.push(sent);
      if (reply !== undefined) this.#unanswered.set(reply, sent);
      // Copied: whoever has published it may use the memory again.
      this.#socket.write(Buffer.concat(pieces));
      this.#watch();
    });
  }

  /** Nothing more is published on it; what was is waited for. */
  retire(): void {
    this.#leave("the server is about to go");
    if (this.waiting === 0) this.end("nothing more is published on it");
  }

  /** @param isLate whether it ends because the server has let somebody wait */
  end(reason: string, isLate = false): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.#timer?.cancel();
    this.#socket.destroy();
    // First, so that whoever hears of the failure and publishes again does not get this one.
    this.#leave(reason);
    const lost = new Set([...this.#sent.slice(this.#done), ...this.#unanswered.values()]);
    this.#sent = [];
    this.#done = 0;
    this.#unanswered.clear();
    for (const { reject } of lost) reject(new NatsUncertain(reason, isLate));
    this.#options.onEnd(this);
  }

  #leave(reason: string): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#options.onGone(this, reason);
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
    socket.on("error", (error: Error) => this.end(error.message));
    socket.on("close", () => this.end("the server has closed the connection"));
  }

  #received(bytes: Uint8Array): void {
    if (this.#state === "over") return;
    try {
      // What stands behind the greeting was not said under TLS: somebody in between may have.
      if (this.#state === "securing") throw new NatsBroken("something before TLS");
      for (const operation of this.#reader.push(bytes)) this.#follow(operation);
      if ((this.#state as State) === "securing" && this.#reader.hasRest) throw new NatsBroken("something before TLS");
    } catch (error) {
      this.end(`the server does not speak NATS: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #follow(operation: ServerOperation): void {
    if (this.#state === "over") return;
    if (this.#state === "securing") throw new NatsBroken("something before TLS");
    if (this.#state === "greeting" && operation.kind !== "info" && operation.kind !== "error") {
      throw new NatsBroken("something before its greeting");
    }
    switch (operation.kind) {
      case "info":
        this.#informed(operation.info);
        break;
      case "ping":
        this.#socket.write("PONG\r\n");
        break;
      case "pong":
        this.#answered();
        break;
      case "error":
        this.#refused(operation.reason);
        break;
      case "message":
        this.#streamSays(operation.subject, operation.headers, operation.payload);
        break;
      case "ok":
        break;
    }
  }

  #informed(info: ServerInfo): void {
    const isFirst = this.#info === undefined;
    // Information that comes later says nothing new of how to get in.
    this.#info = info;
    if (!isFirst) {
      if (info.isLeaving) this.retire();
      return;
    }
    const { address } = this.#options;
    if (address.tls && !info.offersTls) this.end("the server does not speak TLS");
    else if (address.tls || info.requiresTls) this.#secure();
    else this.#join();
  }

  #secure(): void {
    this.#state = "securing";
    const { address, tls } = this.#options;
    const plain = this.#socket;
    plain.removeAllListeners("data");
    plain.removeAllListeners("close");
    const { serverName = address.host, ca, cert, key } = tls;
    // An address is no name to be told (RFC 6066 §3); the certificate is for it all the same.
    const named = isIP(serverName) === 0 ? { servername: serverName } : {};
    const shown = { ...(ca === undefined ? {} : { ca }), ...(cert === undefined ? {} : { cert, key: key! }) };
    const secure = connectTls({ socket: plain, host: serverName, ...named, ...shown }, () => {
      if (this.#state === "securing") this.#join();
    });
    this.#socket = secure;
    this.#listen();
  }

  #join(): void {
    this.#state = "joining";
    const { inbox, name, credentials } = this.#options;
    const { username, password, token, nkeySeed } = credentials;
    const { nonce, takesHeaders } = this.#info!;
    let key: { readonly nkey?: string; readonly sig?: string } = {};
    if (nkeySeed !== undefined) {
      if (nonce === undefined) {
        this.end("the server asks for no signature");
        return;
      }
      const nkey = nkeyOf(nkeySeed);
      key = { nkey: nkey.user, sig: nkey.sign(nonce) };
    }
    const said = {
      verbose: false,
      pedantic: false,
      echo: false,
      lang: "biplane",
      version: "1",
      protocol: 1,
      name,
      headers: takesHeaders,
      no_responders: takesHeaders,
      ...(username === undefined ? {} : { user: username }),
      ...(password === undefined ? {} : { pass: password }),
      ...(token === undefined ? {} : { auth_token: token }),
      ...key,
    };
    const subscribed = inbox === undefined ? "" : `SUB ${inbox}.* 1\r\n`;
    this.#socket.write(`CONNECT ${JSON.stringify(said)}\r\n${subscribed}PING\r\n`);
  }

  #answered(): void {
    if (this.#state === "joining") {
      this.#state = "ready";
      this.#options.onReady(this);
      return;
    }
    const first = this.#sent[this.#done];
    if (first === undefined) throw new NatsBroken("an answer that nobody has asked for");
    this.#shift();
    if (first.reply === undefined) first.resolve(undefined);
    this.#endWhenRetired();
  }

  /** The first one is what it is about: all before it were answered, and its own answer comes after the error. */
  #refused(reason: string): void {
    const first = this.#sent[this.#done];
    const isAboutOne = this.#state === "ready" && /^permissions violation for publish/i.test(reason);
    if (!isAboutOne || first === undefined) {
      this.end(reason.slice(0, 200));
      return;
    }
    if (first.reply !== undefined) this.#unanswered.delete(first.reply);
    first.reject(new NatsRefused(reason.slice(0, 200)));
    // Its answer is still to come, and then means nothing to anybody.
  }

  #streamSays(subject: string, headers: string, payload: Uint8Array): void {
    const one = this.#unanswered.get(subject);
    // It came too late for whoever has waited.
    if (one === undefined) return;
    this.#unanswered.delete(subject);
    const answer = streamAnswer(headers, payload);
    if (answer instanceof Error) one.reject(answer);
    else one.resolve(answer);
    this.#endWhenRetired();
  }

  #shift(): void {
    this.#done++;
    if (this.#done > 64 && this.#done * 2 > this.#sent.length) {
      this.#sent.splice(0, this.#done);
      this.#done = 0;
    }
  }

  #endWhenRetired(): void {
    if (this.#isGone && this.waiting === 0) this.end("nothing more is published on it");
  }

  /** One timer for all: both lists are in the order of sending, so that their first ones are the first to be late. */
  #watch(): void {
    const due = this.#due();
    if (this.#timer !== undefined || due === undefined || this.#state === "over") return;
    const { clock, timers } = this.#options;
    this.#timer = timers.after(Math.max(1, Math.ceil(due - clock.monotonicMs())), () => {
      this.#timer = undefined;
      this.#late();
      this.#watch();
    });
  }

  #due(): number | undefined {
    if (this.#state !== "ready") return this.#openUntil;
    const [unanswered] = this.#unanswered.values();
    const sent = this.#sent[this.#done];
    if (sent === undefined || unanswered === undefined) return (sent ?? unanswered)?.until;
    return Math.min(sent.until, unanswered.until);
  }

  #late(): void {
    const now = this.#options.clock.monotonicMs();
    if (this.#state !== "ready") {
      if (this.#openUntil <= now) this.end("the server does not get ready in time", true);
      return;
    }
    const first = this.#sent[this.#done];
    if (first !== undefined && first.until <= now) {
      this.end("the server does not answer in time", true);
      return;
    }
    // A stream that is slow makes nobody lose the connection.
    for (const [reply, { until, reject }] of this.#unanswered) {
      if (until > now) break;
      this.#unanswered.delete(reply);
      reject(new NatsUncertain("the stream does not answer in time", true));
    }
    this.#endWhenRetired();
  }
}
