/**
 * Deleting a table is decided in one plane and done in the other (docs/decisions/0005).
 *
 * The engine marks the table (no more writes), the control plane is asked, the engine drops the table or takes the mark back. When the answer is lost, nobody here
 * knows whether the table still exists: it stays marked, and the same question (same idempotency key) is asked until it is answered. Taking the mark back on a
 * guess could acknowledge writes into a table that is gone; dropping on a guess could lose one that is not.
 */
import type { CommandOrigin, CommandOutcome, ResourceId } from "#contracts";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { sleep } from "#foundation/runtime";
import { resourceInUse } from "../errors.ts";
import { referenceOf } from "./control.ts";
import type { TablesEnvironment } from "./environment.ts";
import type { TableView } from "./table-view.ts";
import type { Tables } from "./tables.ts";

/** Between two questions after a lost answer. */
const ASK_AGAIN_MS = 500;

/** Two requests with the same key are one. */
type DeletionOrigin = CommandOrigin & { readonly idempotencyKey: string };

type Environment = Pick<TablesEnvironment, "catalog" | "control" | "engine" | "timers" | "logger">;

export class TableDeletions {
  readonly #environment: Environment;
  readonly #tables: Tables;
  /** Tables whose fate is being decided: one deletion of a table at a time. */
  readonly #undecided = new Set<ResourceId>();

  constructor(environment: Environment, tables: Tables) {
    this.#environment = environment;
    this.#tables = tables;
  }

  /** Whether somebody is deciding whether this table goes. */
  isUndecided(tableId: ResourceId): boolean {
    return this.#undecided.has(tableId);
  }

  /**
   * Deletes a table, or leaves it as it is.
   *
   * @throws ControlPlaneUnavailable when no answer came; the table then stays marked until one does
   * @throws AwsError ResourceInUseException while another request deletes it
   */
  async delete(view: TableView, origin: DeletionOrigin): Promise<CommandOutcome<"table.delete">> {
    const { control, engine } = this.#environment;
    const { resourceId } = view.record;
    // Looked at before anything is marked: an unanswered question would keep the table closed.
    if (!control.connected) throw new ControlPlaneUnavailable("no change stream is open");
    if (this.#undecided.has(resourceId)) {
      throw resourceInUse(`Attempt to change a resource which is still in use: Table is being deleted: ${view.name}`);
    }
    this.#undecided.add(resourceId);
    try {
      await this.#tables.ensure(view);
      await engine.beginDelete(resourceId);
    } catch (error) {
      this.#undecided.delete(resourceId);
      throw error;
    }
    return await this.#decide(view, origin);
  }

  /** Asks, and keeps asking in the background when the answer does not come. */
  async #decide(view: TableView, origin: DeletionOrigin): Promise<CommandOutcome<"table.delete">> {
    const { resourceId } = view.record;
    try {
      const outcome = await this.#ask(view, origin);
      this.#undecided.delete(resourceId);
      return outcome;
    } catch (error) {
      if (error instanceof ControlPlaneUnavailable) this.#askAgain(view, origin);
      else this.#undecided.delete(resourceId);
      throw error;
    }
  }

  async #ask(view: TableView, origin: DeletionOrigin): Promise<CommandOutcome<"table.delete">> {
    const { control, engine } = this.#environment;
    const outcome = await control.execute({ type: "table.delete", ...referenceOf(view) }, origin);
    if (outcome.ok || outcome.code === "NoSuchResource") await engine.drop(view.record.resourceId);
    else await engine.abandonDelete(view.record.resourceId);
    return outcome;
  }

  #askAgain(view: TableView, origin: DeletionOrigin): void {
    const { timers, logger } = this.#environment;
    const { resourceId } = view.record;
    timers.after(ASK_AGAIN_MS, () => {
      this.#ask(view, origin).then(
        () => void this.#undecided.delete(resourceId),
        (error: unknown) => {
          if (error instanceof ControlPlaneUnavailable) return this.#askAgain(view, origin);
          this.#undecided.delete(resourceId);
          logger.error("deletion of a table cannot be settled", { table: view.name, error });
        },
      );
    });
  }

  /**
   * Settles the tables that were marked when the program ended; while the control plane is away they stay marked. Never rejects.
   * @param signal ends the attempts
   */
  async settleInterrupted(signal: AbortSignal): Promise<void> {
    const { control, engine, timers, logger } = this.#environment;
    const waiting = new Set(engine.marked());
    while (waiting.size > 0 && !signal.aborted) {
      for (const tableId of waiting) {
        if (!control.connected) break;
        // A client deletes it again: that settles it.
        if (this.#undecided.has(tableId)) {
          waiting.delete(tableId);
          continue;
        }
        this.#undecided.add(tableId);
        try {
          const settled = await this.#settle(tableId);
          waiting.delete(tableId);
          logger.info("a table whose deletion was interrupted is settled", { tableId, settled });
        } catch (error) {
          if (error instanceof ControlPlaneUnavailable) break;
          waiting.delete(tableId);
          logger.error("a table whose deletion was interrupted cannot be settled; it stays closed", { tableId, error });
        } finally {
          this.#undecided.delete(tableId);
        }
      }
      if (waiting.size > 0) await sleep(timers, ASK_AGAIN_MS, signal).catch(() => undefined);
    }
  }

  /** Asks a question that changes nothing: its answer says whether the table exists. @throws ControlPlaneUnavailable */
  async #settle(tableId: ResourceId): Promise<"opened" | "dropped"> {
    const { catalog, control, engine } = this.#environment;
    const record = catalog.tableById(tableId);
    if (record !== undefined) {
      const outcome = await control.execute(
        { type: "table.configure", ...referenceOf(this.#tables.viewOf(record)), sections: {} },
        { actor: "system:tables", requestId: `settle-${tableId}` },
      );
      if (!outcome.ok && outcome.code === "Internal") throw new Error(`the control plane failed: ${outcome.message}`);
      if (outcome.ok || outcome.code !== "NoSuchResource") {
        await engine.abandonDelete(tableId);
        return "opened";
      }
    }
    await engine.drop(tableId);
    return "dropped";
  }
}
