/** Messages to one partition: one batch on its way at a time, which keeps their order; what comes meanwhile is the next one. */
import { type Random, sleep, type Timers } from "#foundation/runtime";
import { type Cluster, NoLeader, type ProducerId } from "./cluster.ts";
import { meaningOf, nameOf } from "./error-codes.ts";
import { KafkaRefused, KafkaUnavailable, KafkaUncertain } from "./kafka-errors.ts";
import { type BatchRecord, type BatchSession, recordBatch, sizeOf } from "./record-batch.ts";
import type { ProduceAnswer } from "./requests.ts";

export interface Pending extends BatchRecord {
  /** It may be in the log of a broker. */
  isSent: boolean;
  /** Its sender was told, and does not wait any more. */
  isSettled: boolean;
  settle(outcome: { readonly partition: number; readonly offset: bigint | undefined } | Error): void;
}

export interface PartitionRules {
  readonly cluster: Cluster;
  readonly topic: string;
  readonly partition: number;
  readonly acks: "all" | "leader";
  /** An id under which batches are known. Undefined: a batch that may be there is not sent again. @param burnt not this one */
  readonly producerId: ((burnt: bigint | undefined) => Promise<ProducerId>) | undefined;
  readonly timers: Timers;
  readonly random: Random;
}

/** Below what brokers take by default (`message.max.bytes`, 1,048,588). A larger message goes alone. */
const BATCH_BYTES_MAX = 900_000;
const BATCH_RECORDS_MAX = 10_000;
/** Before the same batch is sent again: doubled up to a bound, a random part of it. */
const PAUSE_MIN_MS = 20;
const PAUSE_MAX_MS = 1_000;

export class PartitionQueue {
  readonly #rules: PartitionRules;
  #waiting: Pending[] = [];
  #isRunning = false;
  #session: (ProducerId & { next: number }) | undefined;
  /** What was sent under it may or may not be there. */
  #burnt: bigint | undefined;

  constructor(rules: PartitionRules) {
    this.#rules = rules;
  }

  push(message: Pending): void {
    this.#waiting.push(message);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // What comes in the same turn goes along.
    await Promise.resolve();
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) await this.#deliver(batch);
    this.#isRunning = false;
  }

  #take(): readonly Pending[] {
    const batch: Pending[] = [];
    let bytes = 0;
    let taken = 0;
    for (const message of this.#waiting) {
      if (!message.isSettled) {
        bytes += sizeOf(message);
        if (batch.length > 0 && (bytes > BATCH_BYTES_MAX || batch.length >= BATCH_RECORDS_MAX)) break;
        batch.push(message);
      }
      taken++;
    }
    this.#waiting.splice(0, taken);
    return batch;
  }

  /** Until it is acknowledged or refused, or nobody waits for it any more. Does not throw. */
  async #deliver(batch: readonly Pending[]): Promise<void> {
    let mayBeThere = false;
    for (let attempt = 0; batch.some(({ isSettled }) => !isSettled); attempt++) {
      if (attempt > 0) await this.#pause(attempt);
      let answer: ProduceAnswer;
      try {
        answer = await this.#send(batch, () => mayBeThere);
      } catch (error) {
        if (error instanceof KafkaUncertain && batch[0]!.isSent) {
          if (this.#rules.producerId === undefined) return this.#settle(batch, error);
          mayBeThere = true;
        } else if (error instanceof KafkaRefused || (error instanceof KafkaUnavailable && !mayBeThere)) {
          if (mayBeThere) break;
          return this.#settle(batch, error);
        } else if (!isForNow(error)) {
          this.#settle(batch, error instanceof Error ? error : new Error(String(error)));
          break;
        }
        const gone = await this.#lookAgain();
        if (gone !== undefined && !mayBeThere) return this.#settle(batch, gone);
        continue;
      }
      const means = meaningOf(answer.error);
      if (answer.error === 0 || means === "twice") return this.#acknowledged(batch, answer);
      const reason = nameOf(answer.error);
      if (means === "unknown") {
        mayBeThere = true;
        if (this.#rules.producerId === undefined) return this.#settle(batch, new KafkaUncertain(reason, false));
      } else if (mayBeThere && means !== "again" && means !== "moved") {
        // Of the attempt before, nobody will say more.
        this.#settle(batch, new KafkaUncertain(reason, false));
        break;
      } else if (means === "session") this.#burn();
      else if (means === "large" && batch.length > 1) {
        for (const one of batch) await this.#deliver([one]);
        return;
      } else if (means === "large" || means === "refused") {
        return this.#settle(batch, new KafkaRefused(reason, means === "large"));
      }
      if (!mayBeThere) for (const one of batch) one.isSent = false;
      if (means === "moved") await this.#lookAgain();
    }
    // Under this session, what comes next could be taken for what was given up.
    if (mayBeThere) this.#burn();
  }

  async #send(batch: readonly Pending[], isRepeated: () => boolean): Promise<ProduceAnswer> {
    const { cluster, topic, partition, acks, producerId } = this.#rules;
    const connection = await cluster.leaderOf(topic, partition);
    let session: BatchSession | undefined;
    if (producerId !== undefined) {
      // Another session would make another batch of it.
      if (this.#session === undefined && isRepeated()) throw new KafkaUncertain("its session is over", false);
      this.#session ??= { ...(await producerId(this.#burnt)), next: 0 };
      session = { ...this.#session, baseSequence: this.#session.next };
    }
    const records = recordBatch(batch, session);
    for (const one of batch) one.isSent = true;
    try {
      return await cluster.produce(connection, { topic, partition, records }, acks === "all" ? -1 : 1);
    } catch (error) {
      if (error instanceof KafkaUnavailable) {
        if (!isRepeated()) for (const one of batch) one.isSent = false;
        // One that was just lost is not the whole cluster.
        throw new NoLeader(error.message);
      }
      throw error;
    }
  }

  #acknowledged(batch: readonly Pending[], { baseOffset }: ProduceAnswer): void {
    const { partition } = this.#rules;
    if (this.#session !== undefined) this.#session.next = (this.#session.next + batch.length) % 0x8000_0000;
    for (const [index, one] of batch.entries()) {
      one.settle({ partition, offset: baseOffset < 0n ? undefined : baseOffset + BigInt(index) });
    }
  }

  #settle(batch: readonly Pending[], error: Error): void {
    for (const one of batch) one.settle(error);
  }

  #burn(): void {
    if (this.#session === undefined) return;
    this.#burnt = this.#session.producerId;
    this.#session = undefined;
  }

  /** What it finds out is used by the next attempt. @returns what to tell when there is no cluster any more */
  async #lookAgain(): Promise<KafkaUnavailable | undefined> {
    const { cluster, topic } = this.#rules;
    try {
      await cluster.refresh(topic);
      return undefined;
    } catch (error) {
      return error instanceof KafkaUnavailable ? error : undefined;
    }
  }

  #pause(attempt: number): Promise<void> {
    const { timers, random } = this.#rules;
    const pause = Math.min(PAUSE_MAX_MS, PAUSE_MIN_MS * 2 ** (attempt - 1));
    return sleep(timers, pause / 2 + random.float() * (pause / 2));
  }
}

const isForNow = (error: unknown): boolean =>
  error instanceof NoLeader || error instanceof KafkaUnavailable || error instanceof KafkaUncertain;
