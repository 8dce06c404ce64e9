/** Publishes messages to topics: finds the partition, hands them to its queue, and gives up when they have waited for too long. */
import type { TimerHandle } from "#foundation/runtime";
import { Cluster, type ClusterOptions, NoLeader, type ProducerId } from "./cluster.ts";
import { KafkaRefused, KafkaUnavailable, KafkaUncertain } from "./kafka-errors.ts";
import { PartitionQueue, type Pending } from "./partition-queue.ts";
import { partitionOf } from "./partitioner.ts";

export interface KafkaProducerOptions
  extends Omit<ClusterOptions, "clientId" | "onTrouble" | "tls" | "sasl" | "openTimeoutMs"> {
  readonly clientId?: string;
  readonly tls?: ClusterOptions["tls"];
  readonly sasl?: ClusterOptions["sasl"];
  /** Who has to have a message: all replicas in sync (default), or the leader. */
  readonly acks?: "all" | "leader";
  /** Whether batches are numbered, so that one that is sent again is written once. Default true; needs `acks` of all. */
  readonly idempotent?: boolean;
  /** Messages that wait at a time; one more is refused at once. Default 10,000. */
  readonly waitingMax?: number;
  readonly onTrouble?: ClusterOptions["onTrouble"];
}

export interface KafkaMessage {
  readonly topic: string;
  /** Messages with the same one are in one partition, in order. */
  readonly key?: Uint8Array;
  readonly value: Uint8Array;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

export interface MessagePlace {
  readonly partition: number;
  /** Undefined where the broker says only that it had it already. */
  readonly offset: bigint | undefined;
}

export interface KafkaProducer {
  /**
   * Settled within `timeoutMs`. Sent again while it is certain to be written once, and no longer.
   *
   * @throws KafkaUnavailable when no broker has it, KafkaUncertain when nobody knows, KafkaRefused
   */
  publish(message: KafkaMessage): Promise<MessagePlace>;
  close(): void;
}

const WAITING_MAX = 10_000;
const OPEN_MIN_MS = 100;
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

interface Waiting extends Pending {
  readonly topic: string;
  readonly until: number;
}

interface Topic {
  readonly partitions: Map<number, PartitionQueue>;
  /** Until it is known how many partitions there are. */
  unassigned: Waiting[];
  isLookedUp: boolean;
  /** Where messages without a key go, until a batch of them is full of others. */
  sticky: { readonly partition: number; left: number } | undefined;
}

/** Messages without a key that go to the same partition one after the other: they make one batch. */
const STICKY_MESSAGES = 64;

export function createKafkaProducer(options: KafkaProducerOptions): KafkaProducer {
  return new Producer(options);
}

class Producer implements KafkaProducer {
  readonly #options: KafkaProducerOptions;
  readonly #cluster: Cluster;
  readonly #topics = new Map<string, Topic>();
  /** In the order of coming: all wait equally long. */
  readonly #waiting = new Set<Waiting>();
  #producerId: Promise<ProducerId> | undefined;
  #timer: TimerHandle | undefined;
  #isClosed = false;

  constructor(options: KafkaProducerOptions) {
    const { clientId = "biplane", tls, sasl, onTrouble = () => {} } = options;
    if (options.brokers.length === 0) throw new TypeError("a producer needs the address of a broker");
    this.#options = options;
    // One that is away must not use up the time in which another would have answered.
    const openTimeoutMs = Math.max(OPEN_MIN_MS, options.timeoutMs / Math.min(options.brokers.length + 1, 4));
    this.#cluster = new Cluster({ ...options, clientId, tls, sasl, onTrouble, openTimeoutMs });
  }

  publish({ topic, key, value, headers = [] }: KafkaMessage): Promise<MessagePlace> {
    const { clock, timeoutMs, waitingMax = WAITING_MAX } = this.#options;
    if (this.#isClosed) return Promise.reject(new KafkaUnavailable("the producer is closed"));
    if (!TOPIC.test(topic)) return Promise.reject(new KafkaRefused(`${JSON.stringify(topic)} is no name of a topic`));
    if (this.#waiting.size >= waitingMax) {
      return Promise.reject(new KafkaUnavailable("too many messages are waiting"));
    }
    return new Promise((resolve, reject) => {
      const message: Waiting = {
        topic,
        key,
        value,
        headers,
        timestamp: clock.now(),
        until: clock.monotonicMs() + timeoutMs,
        isSent: false,
        isSettled: false,
        settle: (outcome) => {
          if (message.isSettled) return;
          message.isSettled = true;
          this.#waiting.delete(message);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      };
      this.#waiting.add(message);
      this.#assign(message);
      this.#watch();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#cluster.close();
    for (const message of [...this.#waiting]) {
      const reason = "the producer is closed";
      message.settle(message.isSent ? new KafkaUncertain(reason, false) : new KafkaUnavailable(reason));
    }
  }

  #assign(message: Waiting): void {
    let topic = this.#topics.get(message.topic);
    if (topic === undefined) {
      topic = { partitions: new Map(), unassigned: [], isLookedUp: false, sticky: undefined };
      this.#topics.set(message.topic, topic);
    }
    const count = this.#cluster.countOf(message.topic);
    if (count !== undefined && topic.unassigned.length === 0) {
      this.#queueOf(topic, message, count).push(message);
      return;
    }
    topic.unassigned.push(message);
    if (!topic.isLookedUp) void this.#lookUp(message.topic, topic);
  }

  async #lookUp(name: string, topic: Topic): Promise<void> {
    topic.isLookedUp = true;
    try {
      const { count } = await this.#cluster.refresh(name);
      const messages = topic.unassigned;
      topic.unassigned = [];
      for (const message of messages) if (!message.isSettled) this.#queueOf(topic, message, count).push(message);
    } catch (error) {
      const messages = topic.unassigned;
      topic.unassigned = [];
      for (const message of messages) message.settle(failureOf(error));
    } finally {
      topic.isLookedUp = false;
    }
  }

  #queueOf(topic: Topic, { topic: name, key }: Waiting, count: number): PartitionQueue {
    const partition = key === undefined ? this.#anyPartition(topic, name, count) : partitionOf(key, count);
    let queue = topic.partitions.get(partition);
    if (queue === undefined) {
      const { acks = "all", idempotent = true, timers, random } = this.#options;
      queue = new PartitionQueue({
        cluster: this.#cluster,
        topic: name,
        partition,
        acks,
        producerId: idempotent && acks === "all" ? (burnt) => this.#idOtherThan(burnt) : undefined,
        timers,
        random,
      });
      topic.partitions.set(partition, queue);
    }
    return queue;
  }

  /** One that has a leader, where there is one. */
  #anyPartition(topic: Topic, name: string, count: number): number {
    if (topic.sticky === undefined || topic.sticky.left === 0 || topic.sticky.partition >= count) {
      const led = this.#cluster.ledPartitions(name);
      const draw = this.#options.random.float();
      const partition = led.length === 0 ? Math.floor(draw * count) : led[Math.floor(draw * led.length)]!;
      topic.sticky = { partition, left: STICKY_MESSAGES };
    }
    topic.sticky.left--;
    return topic.sticky.partition;
  }

  /** One id for all partitions, until one of them does not want it any more. */
  async #idOtherThan(burnt: bigint | undefined): Promise<ProducerId> {
    const known = this.#producerId;
    if (known !== undefined) {
      const id = await known;
      if (id.producerId !== burnt) return id;
      // Another partition may have asked for the next one meanwhile.
      if (this.#producerId === known) this.#producerId = undefined;
    }
    const asked = this.#producerId ?? this.#cluster.producerId();
    this.#producerId = asked;
    asked.catch(() => {
      if (this.#producerId === asked) this.#producerId = undefined;
    });
    return asked;
  }

  #watch(): void {
    const [oldest] = this.#waiting;
    if (this.#timer !== undefined || oldest === undefined || this.#isClosed) return;
    const { clock, timers } = this.#options;
    this.#timer = timers.after(Math.max(1, Math.ceil(oldest.until - clock.monotonicMs())), () => {
      this.#timer = undefined;
      const now = clock.monotonicMs();
      for (const message of this.#waiting) {
        if (message.until > now) break;
        message.settle(
          message.isSent
            ? new KafkaUncertain("it was not acknowledged in time", true)
            : new KafkaUnavailable("no broker has taken it in time"),
        );
      }
      this.#watch();
    });
  }
}

/** What is only for now has taken too long for these. */
function failureOf(error: unknown): Error {
  if (error instanceof KafkaRefused || error instanceof KafkaUnavailable) return error;
  if (error instanceof NoLeader || error instanceof KafkaUncertain) return new KafkaUnavailable(error.message);
  return error instanceof Error ? error : new Error(String(error));
}
