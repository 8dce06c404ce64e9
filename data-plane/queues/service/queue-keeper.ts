/**
 * Keeps the engine to what the catalog says: queues that are created or changed are made known to it, with the queue that takes their dead letters.
 *
 * A queue that vanishes from the catalog without having been deleted here is only reported: its messages are kept, for the control plane may have been put back to a state
 * from before the queue.
 */
import type { CatalogChange, QueueRecord, ResourceId } from "#contracts";
import { isQueueEngineError } from "../engine/engine-error.ts";
import { queueArn } from "../rules/queue-address.ts";
import { DeadLetterIndex } from "./dead-letter-index.ts";
import type { QueuesEnvironment } from "./environment.ts";
import type { QueueDeletions } from "./queue-deletions.ts";
import { settingsOf } from "./queue-settings.ts";
import { viewOf } from "./queue-view.ts";

type KeeperEnvironment = Pick<QueuesEnvironment, "catalog" | "engine" | "logger" | "clock">;

export class QueueKeeper {
  readonly deadLetters = new DeadLetterIndex();
  readonly #environment: KeeperEnvironment;
  /** Queues of the catalog, by their key there. */
  readonly #known = new Map<string, QueueRecord>();
  /** Queues whose deletion is under way here: that they vanish is no surprise. */
  readonly #leaving: Pick<QueueDeletions, "isUndecided">;
  #unsubscribe: () => void = () => undefined;

  constructor(environment: KeeperEnvironment, leaving: Pick<QueueDeletions, "isUndecided">) {
    this.#environment = environment;
    this.#leaving = leaving;
  }

  /** Brings the engine up to the catalog; from now on it follows. Queues that are needed earlier are ensured when they are asked for. */
  async start(): Promise<void> {
    const { catalog, logger } = this.#environment;
    this.#unsubscribe = catalog.onChange((changes) => this.#follow(changes));
    const waiting: Promise<void>[] = [];
    for (const record of catalog.queues()) this.#learn(record);
    for (const record of this.#known.values()) {
      waiting.push(this.ensure(record));
      // Bounds what waits for the engine when there are very many queues.
      if (waiting.length >= ENSURED_AT_ONCE) await Promise.all(waiting.splice(0));
    }
    await Promise.all(waiting);
    await this.#reportVanished().catch((error: unknown) => logger.error("vanished queues are unknown", { error }));
  }

  close(): void {
    this.#unsubscribe();
  }

  /**
   * Makes a queue known to the engine, with its settings of now. Never rejects: an engine that cannot take them refuses the operations on the queue as well, and they
   * say so.
   */
  async ensure(record: QueueRecord): Promise<void> {
    const { engine, logger } = this.#environment;
    try {
      await engine.ensure(settingsOf(this.#environment, viewOf(record)));
    } catch (error) {
      // Deleted here, and the catalog has not heard of it.
      if (isQueueEngineError(error, "NoSuchQueue")) return;
      if (!isQueueEngineError(error, "Unavailable")) {
        logger.error("a queue cannot be opened", { queue: record.name, queueId: record.resourceId, error });
      }
    }
  }

  #follow(changes: readonly CatalogChange[]): void {
    for (const change of changes) {
      if (change.change === "upsert") {
        if (change.record.kind === "queue") this.#changed(change.key, change.record);
      } else if (change.kind === "queue") this.#gone(change.key);
    }
  }

  #changed(key: string, record: QueueRecord): void {
    const before = this.#known.get(key);
    // The name was deleted and taken again, and the two arrived as one change.
    if (before !== undefined && before.resourceId !== record.resourceId) this.#vanished(before);
    this.#learn(record);
    void this.ensure(record);
    if (before?.resourceId !== record.resourceId) this.#ensureSourcesOf(record);
  }

  #gone(key: string): void {
    const record = this.#known.get(key);
    if (record === undefined) return;
    this.#known.delete(key);
    this.deadLetters.remove(viewOf(record).arn);
    this.#vanished(record);
    this.#ensureSourcesOf(record);
  }

  #learn(record: QueueRecord): void {
    this.#known.set(`${record.accountId}/${record.region}/${record.name}`, record);
    this.deadLetters.put(record);
  }

  /** The ARN that they name leads to another queue now, or to none. */
  #ensureSourcesOf({ region, accountId, name }: QueueRecord): void {
    for (const source of this.deadLetters.sourcesOf(queueArn(region, accountId, name))) void this.ensure(source);
  }

  #vanished({ resourceId, name }: QueueRecord): void {
    if (this.#leaving.isUndecided(resourceId)) return;
    const { logger } = this.#environment;
    this.#messagesOf(resourceId).then(
      (messages) => {
        if (messages > 0) logger.error(VANISHED, { queue: name, queueId: resourceId, messages });
      },
      (error: unknown) => logger.error("the messages of a vanished queue are unknown", { queue: name, error }),
    );
  }

  async #messagesOf(queueId: ResourceId): Promise<number> {
    const { engine } = this.#environment;
    const kept = (await engine.queues()).find((queue) => queue.queueId === queueId);
    return kept === undefined || kept.marked ? 0 : kept.messages;
  }

  /** Those that went while nobody watched. */
  async #reportVanished(): Promise<void> {
    const { catalog, engine, logger } = this.#environment;
    for (const { queueId, marked, messages } of await engine.queues()) {
      if (marked || messages === 0 || catalog.queueById(queueId) !== undefined) continue;
      logger.error(VANISHED, { queueId, messages });
    }
  }
}

const ENSURED_AT_ONCE = 1000;
const VANISHED = "a queue that holds messages is gone from the control plane; they are kept, but cannot be reached";
