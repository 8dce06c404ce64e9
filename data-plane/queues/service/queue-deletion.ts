/**
 * Deleting a queue is decided in one plane and done in the other (docs/decisions/0005, 0006).
 *
 * The engine marks the queue (no operation on it any more), the control plane is asked, and its answer says whether the queue is dropped or works again. When the answer is
 * lost, nobody here knows whether the queue still exists: it stays marked, and the same question (same idempotency key) is asked until it is answered.
 */
import type { CommandOutcome, QueueRecord, ResourceId } from "#contracts";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { sleep } from "#foundation/runtime";
import type { QueuesEnvironment } from "./environment.ts";

/** Between two questions after a lost answer. */
const ASK_AGAIN_MS = 500;
/** Between two rounds over the queues that were marked when the program ended. */
const SETTLE_AGAIN_MS = 1000;

type Outcome = CommandOutcome<"queue.delete">;
type DeletionEnvironment = Pick<QueuesEnvironment, "catalog" | "control" | "engine" | "timers" | "logger">;

/** Who asks; two requests with the same key are one. */
export interface DeletionOrigin {
  readonly actor: string;
  readonly requestId: string;
  readonly idempotencyKey: string;
}

const referenceOf = ({ resourceId, accountId, region, name }: QueueRecord) => ({ resourceId, accountId, region, name });

export class QueueDeletions {
  readonly #environment: DeletionEnvironment;
  readonly #underWay = new Map<ResourceId, Promise<Outcome>>();
  /** Interrupted deletions that are being settled: a new one waits, or the answer to the old question could open what the new one has marked. */
  readonly #settling = new Map<ResourceId, Promise<unknown>>();
  readonly #stopped = new AbortController();

  constructor(environment: DeletionEnvironment) {
    this.#environment = environment;
  }

  /** Queues that are being deleted here. */
  get underWay(): ReadonlyMap<ResourceId, unknown> {
    return this.#underWay;
  }

  /**
   * Deletes a queue, or leaves it as it was. A second caller joins the first.
   * @throws ControlPlaneUnavailable when no answer came; the queue stays marked until one does
   */
  delete(queue: QueueRecord, origin: DeletionOrigin): Promise<Outcome> {
    const { resourceId } = queue;
    const running = this.#underWay.get(resourceId);
    if (running !== undefined) return running;
    // Looked at before anything is marked: nothing has to be undone then.
    if (!this.#environment.control.connected) {
      return Promise.reject(new ControlPlaneUnavailable("no change stream is open"));
    }
    const settling = this.#settling.get(resourceId);
    if (settling !== undefined) return settling.then(() => this.delete(queue, origin));
    const deletion = this.#run(queue, origin);
    this.#underWay.set(resourceId, deletion);
    return deletion;
  }

  async #run(queue: QueueRecord, origin: DeletionOrigin): Promise<Outcome> {
    const { resourceId } = queue;
    try {
      await this.#environment.engine.beginDelete(resourceId);
      const outcome = await this.#ask(queue, origin);
      this.#underWay.delete(resourceId);
      return outcome;
    } catch (error) {
      if (error instanceof ControlPlaneUnavailable) this.#askAgain(queue, origin);
      else this.#underWay.delete(resourceId);
      throw error;
    }
  }

  async #ask(queue: QueueRecord, origin: DeletionOrigin): Promise<Outcome> {
    const { control, engine } = this.#environment;
    const outcome = await control.execute({ type: "queue.delete", ...referenceOf(queue) }, origin);
    if (outcome.ok || outcome.code === "NoSuchResource") await engine.drop(queue.resourceId);
    else await engine.abandonDelete(queue.resourceId);
    return outcome;
  }

  #askAgain(queue: QueueRecord, origin: DeletionOrigin): void {
    const { timers, logger } = this.#environment;
    timers.after(ASK_AGAIN_MS, () => {
      if (this.#stopped.signal.aborted) return;
      this.#ask(queue, origin).then(
        () => this.#underWay.delete(queue.resourceId),
        (error: unknown) => {
          if (error instanceof ControlPlaneUnavailable) return this.#askAgain(queue, origin);
          this.#underWay.delete(queue.resourceId);
          logger.error("deletion of a queue cannot be settled", { queue: queue.name, error });
        },
      );
    });
  }

  /**
   * Settles the queues that were being deleted when the program ended; while the control plane is away they stay marked. The control plane is asked a question that changes
   * nothing: a queue that exists works again (the client never got an answer, and may repeat), else it is dropped. Never rejects.
   */
  async settleInterrupted(): Promise<void> {
    const { control, engine, timers, logger } = this.#environment;
    const { signal } = this.#stopped;
    const waiting = new Set<ResourceId>();
    try {
      for (const queueId of await engine.marked()) waiting.add(queueId);
    } catch (error) {
      logger.error("interrupted deletions of queues cannot be settled", { error });
    }
    while (waiting.size > 0 && !signal.aborted) {
      for (const queueId of waiting) {
        if (!control.connected) break;
        // A client deletes it again: that settles it.
        if (this.#underWay.has(queueId)) {
          waiting.delete(queueId);
          continue;
        }
        try {
          const settling = this.#settle(queueId);
          this.#settling.set(
            queueId,
            settling.catch(() => undefined),
          );
          logger.info("a queue whose deletion was interrupted is settled", { queueId, settled: await settling });
          waiting.delete(queueId);
        } catch (error) {
          if (error instanceof ControlPlaneUnavailable) break;
          waiting.delete(queueId);
          logger.error("a queue whose deletion was interrupted cannot be settled; it stays out of use", {
            queueId,
            error,
          });
        } finally {
          this.#settling.delete(queueId);
        }
      }
      if (waiting.size > 0) await sleep(timers, SETTLE_AGAIN_MS, signal).catch(() => undefined);
    }
  }

  async #settle(queueId: ResourceId): Promise<"works again" | "dropped"> {
    const { catalog, control, engine } = this.#environment;
    const record = catalog.queueById(queueId);
    if (record !== undefined) {
      // Changes nothing, and therefore makes no event; but only a queue that exists can be configured.
      const outcome = await control.execute(
        { type: "queue.configure", ...referenceOf(record), sections: {} },
        { actor: "system:queues", requestId: `settle-${queueId}` },
      );
      if (outcome.ok) {
        await engine.abandonDelete(queueId);
        return "works again";
      }
      if (outcome.code !== "NoSuchResource") throw new Error(`the control plane refused: ${outcome.message}`);
    }
    await engine.drop(queueId);
    return "dropped";
  }

  close(): void {
    this.#stopped.abort();
  }
}
