/** What is known of a cluster: its brokers, who leads which partition, and connections to them. */
import type { ByteReader } from "#foundation/binary";
import { addressText, type BrokerAddress } from "./broker-address.ts";
import { BrokerConnection, type ConnectionOptions } from "./broker-connection.ts";
import { meaningOf, nameOf, OK } from "./error-codes.ts";
import { KafkaRefused, KafkaUnavailable, KafkaUncertain } from "./kafka-errors.ts";
import {
  API,
  type ApiKey,
  initProducerIdRequest,
  metadataRequest,
  type ProduceAnswer,
  type ProduceBatch,
  produceRequest,
  readInitProducerId,
  readMetadata,
  readProduce,
  type TopicMetadata,
} from "./requests.ts";

export interface ClusterOptions extends ConnectionOptions {
  /** Those that are asked first where the others are. */
  readonly brokers: readonly BrokerAddress[];
  /** A connection was not made. @param reason without secrets */
  readonly onTrouble: (reason: string) => void;
}

/** Who is elected is not known yet: it soon will be. */
export class NoLeader extends Error {}

export interface ProducerId {
  readonly producerId: bigint;
  readonly producerEpoch: number;
}

interface Topic {
  readonly count: number;
  readonly leaders: ReadonlyMap<number, number>;
  readonly readAtMs: number;
}

/** Partitions may be added to a topic, which no error tells. */
const OLD_AFTER_MS = 300_000;
/** After all brokers were tried in vain: doubled up to a bound, a random part of it. */
const PAUSE_MIN_MS = 50;
const PAUSE_MAX_MS = 5_000;
/** More brokers than any cluster has. */
const BROKERS_MAX = 10_000;

export class Cluster {
  readonly #options: ClusterOptions;
  readonly #connections = new Map<string, BrokerConnection>();
  readonly #topics = new Map<string, Topic>();
  readonly #refreshing = new Map<string, Promise<Topic>>();
  #nodes: ReadonlyMap<number, BrokerAddress> = new Map();
  #next = 0;
  #rounds = 0;
  #notBefore = 0;
  #isClosed = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
  }

  /** Of a topic that was asked for before; undefined otherwise. */
  countOf(topic: string): number | undefined {
    const known = this.#topics.get(topic);
    if (known !== undefined && known.readAtMs + OLD_AFTER_MS < this.#options.clock.monotonicMs()) {
      // What is known is good enough until the answer is there.
      this.refresh(topic).catch(() => {});
    }
    return known?.count;
  }

  /** Partitions that have a leader, of a topic that is known. */
  ledPartitions(topic: string): readonly number[] {
    return [...(this.#topics.get(topic)?.leaders.keys() ?? [])];
  }

  /** @throws KafkaUnavailable, KafkaRefused, NoLeader */
  async leaderOf(topic: string, partition: number): Promise<BrokerConnection> {
    const known = this.#topics.get(topic) ?? (await this.refresh(topic));
    const node = known.leaders.get(partition);
    const address = node === undefined ? undefined : this.#nodes.get(node);
    if (address === undefined) throw new NoLeader(`partition ${partition} of ${topic} has no leader`);
    const connection = this.#connectionTo(address);
    try {
      await connection.ready;
    } catch (error) {
      this.#options.onTrouble(messageOf(error));
      throw new NoLeader(messageOf(error));
    }
    return connection;
  }

  /** Once for all who ask at a time. @throws KafkaUnavailable, KafkaRefused, NoLeader */
  refresh(topic: string): Promise<Topic> {
    let refreshing = this.#refreshing.get(topic);
    if (refreshing === undefined) {
      refreshing = this.#refresh(topic).finally(() => this.#refreshing.delete(topic));
      this.#refreshing.set(topic, refreshing);
    }
    return refreshing;
  }

  /** @throws KafkaUnavailable, KafkaRefused */
  async producerId(): Promise<ProducerId> {
    const connection = await this.#anyone();
    const answer = await this.#ask(connection, API.initProducerId, initProducerIdRequest(), readInitProducerId);
    if (answer.error === OK) return answer;
    const reason = `a producer id: ${nameOf(answer.error)}`;
    throw meaningOf(answer.error) === "refused" ? new KafkaRefused(reason) : new NoLeader(reason);
  }

  /** @throws KafkaUnavailable when it was not sent, KafkaUncertain when nobody knows */
  async produce(connection: BrokerConnection, batch: ProduceBatch, acks: number): Promise<ProduceAnswer> {
    const waitMs = Math.max(1, Math.floor(this.#options.timeoutMs * 0.75));
    const answers = await this.#ask(connection, API.produce, produceRequest(batch, acks, waitMs), readProduce);
    const [answer] = answers;
    if (answers.length !== 1 || answer!.topic !== batch.topic || answer!.partition !== batch.partition) {
      connection.end("the broker answers about something else");
      throw new KafkaUncertain("the broker answers about something else", false);
    }
    return answer!;
  }

  close(): void {
    this.#isClosed = true;
    for (const connection of this.#connections.values()) connection.end("the producer is closed");
    this.#connections.clear();
  }

  async #refresh(topic: string): Promise<Topic> {
    const connection = await this.#anyone();
    const version = connection.versionOf(API.metadata);
    const said = await this.#ask(connection, API.metadata, metadataRequest([topic], version), readMetadata);
    if (said.brokers.length > BROKERS_MAX) throw new KafkaUnavailable("the broker names too many others");
    this.#nodes = new Map(said.brokers.map(({ id, host, port }) => [id, { host, port }]));
    this.#forgetOthers();
    const found = said.topics.find(({ name }) => name === topic);
    const known = this.#topics.get(topic);
    if (found === undefined || found.error !== OK) throw topicFailure(found?.error ?? 3, topic, known !== undefined);
    const fresh = this.#topicOf(found);
    this.#topics.set(topic, fresh);
    return fresh;
  }

  #topicOf({ name, partitions }: TopicMetadata): Topic {
    // Partitions are counted from zero; one that is not told of has no leader.
    const count = Math.max(0, ...partitions.map(({ partition }) => partition + 1));
    if (count < 1 || count > 1_000_000) throw new KafkaRefused(`${name} has no partitions`);
    const leaders = new Map(partitions.flatMap(({ partition, leader }) => (leader < 0 ? [] : [[partition, leader]])));
    return { count, leaders, readAtMs: this.#options.clock.monotonicMs() };
  }

  async #ask<Answer>(
    connection: BrokerConnection,
    api: ApiKey,
    body: Uint8Array,
    read: (from: ByteReader, version: number) => Answer,
  ): Promise<Answer> {
    const version = connection.versionOf(api);
    const answer = await connection.ask(api, version, body);
    try {
      return read(answer, version);
    } catch (error) {
      connection.end(`an answer that cannot be read: ${messageOf(error)}`);
      throw new KafkaUncertain(`an answer that cannot be read: ${messageOf(error)}`, false);
    }
  }

  /** A broker that is there, whichever. @throws KafkaUnavailable */
  async #anyone(): Promise<BrokerConnection> {
    const { clock, random, brokers, onTrouble } = this.#options;
    if (this.#isClosed) throw new KafkaUnavailable("the producer is closed");
    for (const connection of this.#connections.values()) if (connection.isReady) return connection;
    if (clock.monotonicMs() < this.#notBefore) throw new KafkaUnavailable("no broker could be reached a moment ago");
    let reason = "no broker could be reached";
    const all = [...new Map([...brokers, ...this.#nodes.values()].map((one) => [addressText(one), one])).values()];
    const first = this.#next++;
    for (let index = 0; index < all.length; index++) {
      const connection = this.#connectionTo(all[(first + index) % all.length]!);
      try {
        await connection.ready;
        this.#rounds = 0;
        return connection;
      } catch (error) {
        reason = messageOf(error);
        onTrouble(reason);
      }
    }
    const pause = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** this.#rounds++);
    this.#notBefore = clock.monotonicMs() + pause / 2 + random.float() * (pause / 2);
    throw new KafkaUnavailable(reason);
  }

  #connectionTo(address: BrokerAddress): BrokerConnection {
    const key = addressText(address);
    const known = this.#connections.get(key);
    if (known !== undefined && !known.isOver) return known;
    if (this.#isClosed) throw new KafkaUnavailable("the producer is closed");
    const connection = new BrokerConnection(address, this.#options);
    this.#connections.set(key, connection);
    return connection;
  }

  /** Brokers come and go, and connections that have ended are not kept for ever. */
  #forgetOthers(): void {
    for (const [key, { isOver }] of this.#connections) if (isOver) this.#connections.delete(key);
  }
}

/** @param wasKnown whether it was there a moment ago: then somebody may just not have heard of it */
function topicFailure(code: number, topic: string, wasKnown: boolean): Error {
  const reason = `${topic}: ${nameOf(code)}`;
  const isForNow = code === 3 ? wasKnown : meaningOf(code) !== "refused";
  return isForNow ? new NoLeader(reason) : new KafkaRefused(reason);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
