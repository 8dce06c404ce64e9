/**
 * Deleting a regional resource is decided in one plane and done in the other (docs/decisions/0005, 0006).
 *
 * The engine marks the resource (it takes nothing more), the control plane is asked, and its answer says whether the resource is dropped or works again. When the answer is
 * lost, nobody here knows whether the resource still exists: it stays marked, and the same question (same idempotency key) is asked until it is answered. Taking the mark
 * back on a guess could acknowledge writes into something that is gone; dropping on a guess could lose something that is not.
 */
import type {
  Command,
  CommandOrigin,
  CommandOutcome,
  ResourceId,
  ResourceKind,
  ResourceRecord,
  ResourceReference,
} from "#contracts";
import { type ControlPlane, ControlPlaneUnavailable } from "#data-plane/link";
import { sleep, type Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";

/** Between two questions after a lost answer. */
const ASK_AGAIN_MS = 500;
/** Between two rounds over what was marked when the program ended. */
const SETTLE_AGAIN_MS = 1000;

type Outcome = CommandOutcome<`${ResourceKind}.delete`>;

/** The part of an engine that deletions need. Each promise resolves when its effect is durable. */
export interface DeletionEngine {
  beginDelete(resourceId: ResourceId): Promise<void>;
  abandonDelete(resourceId: ResourceId): Promise<void>;
  drop(resourceId: ResourceId): Promise<void>;
  /** Marked by `beginDelete` and neither abandoned nor dropped. */
  marked(): Promise<readonly ResourceId[]> | readonly ResourceId[];
}

export interface DeletionOptions<Kind extends ResourceKind> {
  readonly kind: Kind;
  readonly engine: DeletionEngine;
  readonly control: ControlPlane;
  /** The resource as the catalog has it. */
  readonly find: (resourceId: ResourceId) => ResourceRecord<Kind> | undefined;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Who asks; two requests with the same key are one. */
export type DeletionOrigin = CommandOrigin & { readonly idempotencyKey: string };

const referenceOf = ({ resourceId, accountId, region, name }: ResourceRecord): ResourceReference => ({
  resourceId,
  accountId,
  region,
  name,
});

export class ResourceDeletions<Kind extends ResourceKind> {
  readonly #options: DeletionOptions<Kind>;
  readonly #underWay = new Map<ResourceId, Promise<Outcome>>();
  /** Interrupted deletions that are being settled: a new one waits, or the answer to the old question could open what the new one has marked. */
  readonly #settling = new Map<ResourceId, Promise<unknown>>();
  readonly #stopped = new AbortController();

  constructor(options: DeletionOptions<Kind>) {
    this.#options = options;
  }

  /** Whether somebody is deciding whether this resource goes. That it vanishes from the catalog is no surprise then. */
  isUndecided(resourceId: ResourceId): boolean {
    return this.#underWay.has(resourceId) || this.#settling.has(resourceId);
  }

  /**
   * Deletes a resource, or leaves it as it was. A second caller joins the first.
   * @throws ControlPlaneUnavailable when no answer came; the resource stays marked until one does
   */
  delete(resource: ResourceRecord<Kind>, origin: DeletionOrigin): Promise<Outcome> {
    const { resourceId } = resource;
    const running = this.#underWay.get(resourceId);
    if (running !== undefined) return running;
    // Looked at before anything is marked: nothing has to be undone then.
    if (!this.#options.control.connected) {
      return Promise.reject(new ControlPlaneUnavailable("no change stream is open"));
    }
    const settling = this.#settling.get(resourceId);
    if (settling !== undefined) return settling.then(() => this.delete(resource, origin));
    const deletion = this.#run(resource, origin);
    this.#underWay.set(resourceId, deletion);
    return deletion;
  }

  async #run(resource: ResourceRecord<Kind>, origin: DeletionOrigin): Promise<Outcome> {
    const { resourceId } = resource;
    try {
      await this.#options.engine.beginDelete(resourceId);
      const outcome = await this.#ask(resource, origin);
      this.#underWay.delete(resourceId);
      return outcome;
    } catch (error) {
      if (error instanceof ControlPlaneUnavailable) this.#askAgain(resource, origin);
      else this.#underWay.delete(resourceId);
      throw error;
    }
  }

  async #ask(resource: ResourceRecord<Kind>, origin: DeletionOrigin): Promise<Outcome> {
    const { kind, control, engine } = this.#options;
    const command = { type: `${kind as ResourceKind}.delete`, ...referenceOf(resource) } as const;
    const outcome: Outcome = await control.execute(command, origin);
    if (outcome.ok || outcome.code === "NoSuchResource") await engine.drop(resource.resourceId);
    else await engine.abandonDelete(resource.resourceId);
    return outcome;
  }

  #askAgain(resource: ResourceRecord<Kind>, origin: DeletionOrigin): void {
    const { kind, timers, logger } = this.#options;
    timers.after(ASK_AGAIN_MS, () => {
      if (this.#stopped.signal.aborted) return;
      this.#ask(resource, origin).then(
        () => this.#underWay.delete(resource.resourceId),
        (error: unknown) => {
          if (error instanceof ControlPlaneUnavailable) return this.#askAgain(resource, origin);
          this.#underWay.delete(resource.resourceId);
          logger.error(`deletion of a ${kind} cannot be settled`, { [kind]: resource.name, error });
        },
      );
    });
  }

  /**
   * Settles what was being deleted when the program ended; while the control plane is away it stays marked. The control plane is asked a question that changes nothing: a
   * resource that exists works again (the client never got an answer, and may repeat), else it is dropped. Never rejects.
   */
  async settleInterrupted(): Promise<void> {
    const { kind, control, engine, timers, logger } = this.#options;
    const { signal } = this.#stopped;
    const waiting = new Set<ResourceId>();
    try {
      for (const resourceId of await engine.marked()) waiting.add(resourceId);
    } catch (error) {
      logger.error(`interrupted deletions of ${kind}s cannot be settled`, { error });
    }
    while (waiting.size > 0 && !signal.aborted) {
      for (const resourceId of waiting) {
        if (!control.connected) break;
        // A client deletes it again: that settles it.
        if (this.#underWay.has(resourceId)) {
          waiting.delete(resourceId);
          continue;
        }
        try {
          const settling = this.#settle(resourceId);
          this.#settling.set(
            resourceId,
            settling.catch(() => undefined),
          );
          logger.info(`a ${kind} whose deletion was interrupted is settled`, { resourceId, settled: await settling });
          waiting.delete(resourceId);
        } catch (error) {
          if (error instanceof ControlPlaneUnavailable) break;
          waiting.delete(resourceId);
          const problem = `a ${kind} whose deletion was interrupted cannot be settled; it stays out of use`;
          logger.error(problem, { resourceId, error });
        } finally {
          this.#settling.delete(resourceId);
        }
      }
      if (waiting.size > 0) await sleep(timers, SETTLE_AGAIN_MS, signal).catch(() => undefined);
    }
  }

  async #settle(resourceId: ResourceId): Promise<"works again" | "dropped"> {
    const { kind, find, control, engine } = this.#options;
    const record = find(resourceId);
    if (record !== undefined) {
      // Changes nothing, and therefore makes no event; but only a resource that exists can be configured.
      const type = `${kind as ResourceKind}.configure` as const;
      const command = { type, ...referenceOf(record), sections: {} } satisfies Command;
      const origin = { actor: `system:${kind}s`, requestId: `settle-${resourceId}` };
      const outcome = await control.execute(command, origin);
      if (outcome.ok) {
        await engine.abandonDelete(resourceId);
        return "works again";
      }
      if (outcome.code !== "NoSuchResource") throw new Error(`the control plane refused: ${outcome.message}`);
    }
    await engine.drop(resourceId);
    return "dropped";
  }

  /** Ends all attempts; what is undecided stays marked until the next start. */
  close(): void {
    this.#stopped.abort();
  }
}
