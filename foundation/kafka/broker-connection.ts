/** One connection to one broker: versions agreed on, logged in, requests sent ahead of their answers. */
import { connect as connectPlain, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ByteReader, ByteWriter } from "#foundation/binary";
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";
import type { BrokerAddress } from "./broker-address.ts";
import { nameOf } from "./error-codes.ts";
import { Frames } from "./frames.ts";
import { KafkaUnavailable, KafkaUncertain } from "./kafka-errors.ts";
import { readI32, writeI16, writeI32, writeString } from "./primitives.ts";
import {
  API,
  type ApiKey,
  readApiVersions,
  readSaslAuthenticate,
  readSaslHandshake,
  saslAuthenticateRequest,
  saslHandshakeRequest,
  type VersionRange,
} from "./requests.ts";
import { scramClient } from "./scram.ts";

export interface KafkaTls {
  /** Authorities to trust in the place of the system's, in PEM. */
  readonly ca?: string;
  /** To be shown, with its key, in PEM. */
  readonly cert?: string;
  readonly key?: string;
  /** Name that certificates must be for. Default: that of each address. */
  readonly serverName?: string;
}

export type SaslMechanism = "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";

export interface KafkaSasl {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

export interface ConnectionOptions {
  readonly clientId: string;
  readonly tls: KafkaTls | undefined;
  readonly sasl: KafkaSasl | undefined;
  /** Until it is ready. */
  readonly openTimeoutMs: number;
  /** Of a request, from being sent to being answered. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

interface Asked {
  readonly id: number;
  readonly until: number;
  resolve(answer: ByteReader): void;
  reject(error: Error): void;
}

export class BrokerConnection {
  readonly address: BrokerAddress;
  readonly #options: ConnectionOptions;
  readonly #socket: Socket;
  readonly #frames = new Frames();
  /** In the order of sending, which is that of answers. */
  readonly #asked: Asked[] = [];
  #versions: ReadonlyMap<number, VersionRange> = new Map([[API.apiVersions.key, [0, 0]]]);
  #nextId = 1;
  #timer: TimerHandle | undefined;
  #isOver = false;
  #isReady = false;
  /** Resolves when it may be used. */
  readonly ready: Promise<void>;

  constructor(address: BrokerAddress, options: ConnectionOptions) {
    this.address = address;
    this.#options = options;
    const { host, port } = address;
    this.#socket = options.tls === undefined ? connectPlain({ host, port }) : connectTls(tlsOf(address, options.tls));
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (bytes: Uint8Array) => this.#received(bytes));
    this.#socket.on("error", (error: Error) => this.end(error.message));
    this.#socket.on("close", () => this.end("the broker has closed the connection"));
    const late = options.timers.after(options.openTimeoutMs, () =>
      this.end("the broker does not get ready in time", true),
    );
    this.ready = this.#open().finally(() => late.cancel());
    this.ready.catch((error: Error) => this.end(error.message));
  }

  /** Whether it may be used at once. */
  get isReady(): boolean {
    return this.#isReady && !this.#isOver;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The version of both sides. @throws KafkaUnavailable when there is none */
  versionOf({ key, min, max }: ApiKey): number {
    const [least, most] = this.#versions.get(key) ?? [1, 0];
    const version = Math.min(max, most);
    if (version < Math.max(min, least)) {
      throw new KafkaUnavailable(
        `the broker speaks versions ${least} to ${most} of request ${key}; here ${min} to ${max} are spoken`,
      );
    }
    return version;
  }

  /** Sent once. @throws KafkaUnavailable when it was not sent, KafkaUncertain when it was and there is no answer */
  ask(api: ApiKey, version: number, body: Uint8Array): Promise<ByteReader> {
    if (this.#isOver) return Promise.reject(new KafkaUnavailable("the connection is over"));
    return new Promise((resolve, reject) => {
      const { clientId, clock, timeoutMs } = this.#options;
      const id = this.#nextId;
      this.#nextId = (this.#nextId + 1) & 0x7fffffff;
      const to = new ByteWriter(64 + clientId.length + body.length);
      to.u32(0);
      writeI16(to, api.key);
      writeI16(to, version);
      writeI32(to, id);
      writeString(to, clientId);
      to.raw(body);
      to.setU32(0, to.size - 4);
      this.#asked.push({ id, until: clock.monotonicMs() + timeoutMs, resolve, reject });
      this.#socket.write(to.finish());
      this.#watch();
    });
  }

  /** @param isLate whether it ends because the broker has let somebody wait */
  end(reason: string, isLate = false): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer?.cancel();
    this.#socket.destroy();
    for (const { reject } of this.#asked.splice(0)) reject(new KafkaUncertain(reason, isLate));
  }

  async #open(): Promise<void> {
    const versions = readApiVersions(await this.ask(API.apiVersions, 0, new Uint8Array()));
    if (typeof versions === "number") throw new KafkaUnavailable(`the broker says ${nameOf(versions)}`);
    this.#versions = versions;
    if (this.#options.sasl !== undefined) await this.#logIn(this.#options.sasl);
    this.#isReady = true;
  }

  async #logIn({ mechanism, username, password }: KafkaSasl): Promise<void> {
    const version = this.versionOf(API.saslHandshake);
    const shake = readSaslHandshake(await this.ask(API.saslHandshake, version, saslHandshakeRequest(mechanism)));
    if (shake.error !== 0) {
      throw new KafkaUnavailable(
        `the broker does not take ${mechanism}; it takes ${shake.mechanisms.join(", ").slice(0, 200)}`,
      );
    }
    const say = async (text: string): Promise<string> => {
      const sent = saslAuthenticateRequest(Buffer.from(text));
      const answer = readSaslAuthenticate(
        await this.ask(API.saslAuthenticate, this.versionOf(API.saslAuthenticate), sent),
      );
      if (answer.error !== 0) throw new KafkaUnavailable(`${nameOf(answer.error)}: ${answer.message.slice(0, 200)}`);
      return Buffer.from(answer.bytes).toString();
    };
    if (mechanism === "PLAIN") {
      await say(`\0${username}\0${password}`);
      return;
    }
    const nonce = Buffer.from(this.#options.random.bytes(24)).toString("base64url");
    const client = scramClient(username, password, mechanism === "SCRAM-SHA-256" ? "sha256" : "sha512", nonce);
    client.verify(await say(await client.final(await say(client.first))));
  }

  #received(bytes: Uint8Array): void {
    if (this.#isOver) return;
    try {
      for (const frame of this.#frames.push(bytes)) {
        const reader = new ByteReader(frame);
        const id = readI32(reader);
        const first = this.#asked[0];
        if (first?.id !== id) throw new Error("an answer to what nobody has asked");
        this.#asked.shift();
        first.resolve(reader);
      }
    } catch (error) {
      this.end(`the broker does not speak Kafka's protocol: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** One timer for all of them: answers come in order, so that the oldest is the first to be late. */
  #watch(): void {
    const oldest = this.#asked[0];
    if (this.#timer !== undefined || oldest === undefined || this.#isOver) return;
    const { clock, timers } = this.#options;
    this.#timer = timers.after(Math.max(1, Math.ceil(oldest.until - clock.monotonicMs())), () => {
      this.#timer = undefined;
      const now = this.#asked[0];
      if (now !== undefined && now.until <= clock.monotonicMs()) this.end("the broker does not answer in time", true);
      else this.#watch();
    });
  }
}

function tlsOf({ host, port }: BrokerAddress, { ca, cert, key, serverName = host }: KafkaTls) {
  return {
    host,
    port,
    // An address is no name to be told (RFC 6066 §3); the certificate is for it all the same.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}
