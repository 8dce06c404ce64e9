/**
 * Tables that are being filled from a backup.
 *
 * That a restore is not finished stands in the table's record, so that it goes on after an interruption; the engine knows by itself how far it has come. Until it is
 * finished the table takes no requests, as on AWS while a table is created.
 */
import type { ResourceId } from "#contracts";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { sleep } from "#foundation/runtime";
import { isTableEngineError } from "../engine/index.ts";
import { parseTableArn } from "../rules/arns.ts";
import { settingsOf, withSettings } from "../rules/settings.ts";
import { referenceOf } from "./control.ts";
import type { TablesEnvironment } from "./environment.ts";
import type { TableView } from "./table-view.ts";

/** Between two attempts to tell the control plane that a table is restored. */
const TELL_AGAIN_MS = 1000;

type Environment = Pick<TablesEnvironment, "catalog" | "control" | "engine" | "timers" | "logger">;

export class TableRestores {
  readonly #environment: Environment;
  readonly #running = new Map<ResourceId, { readonly backupId: string; readonly done: Promise<void> }>();
  readonly #stopped = new AbortController();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  /** Whether the table's items are not all there yet. */
  isRunning(tableId: ResourceId): boolean {
    return this.#running.has(tableId);
  }

  /** Whether a table is being filled from this backup. */
  uses(backupId: string): boolean {
    return [...this.#running.values()].some((restore) => restore.backupId === backupId);
  }

  /** Begins to fill a table whose record says that it is to be restored, or goes on; in the background. Beginning twice is harmless. */
  begin(view: TableView): void {
    const { resourceId } = view.record;
    const backup = parseTableArn(settingsOf(view.record).restore?.backupArn ?? "");
    if (backup?.kind !== "backup" || this.#running.has(resourceId)) return;
    const { backupId } = backup;
    const done = this.#fill(view, backupId).finally(() => this.#running.delete(resourceId));
    this.#running.set(resourceId, { backupId, done });
    done.then(
      () => this.#tell(view),
      (error: unknown) => {
        this.#environment.logger.error("a table cannot be restored", { table: view.name, backupId, error });
      },
    );
  }

  async #fill(view: TableView, backupId: string): Promise<void> {
    const { engine } = this.#environment;
    try {
      await engine.restoreBackup(backupId, view.definition);
    } catch (error) {
      // Open already: it was filled, and the program ended before the record said so.
      if (!isTableEngineError(error, "DefinitionConflict")) throw error;
      await engine.ensure(view.definition);
    }
    view.ready = true;
  }

  /** Has the record say that the table is restored. The table works whether it does or not. */
  async #tell(view: TableView): Promise<void> {
    const { catalog, control, timers, logger } = this.#environment;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      const record = catalog.tableById(view.record.resourceId);
      if (record === undefined) return;
      const settings = settingsOf(record);
      if (settings.restore?.inProgress === undefined) return;
      const { inProgress: _done, ...restore } = settings.restore;
      try {
        const outcome = await control.execute(
          {
            type: "table.configure",
            ...referenceOf(view),
            sections: { settings: withSettings({ ...settings, restore }) },
            ifRevision: record.revision,
          },
          { actor: "system:tables", requestId: `restored-${record.resourceId}` },
        );
        if (outcome.ok || outcome.code === "NoSuchResource") return;
        if (outcome.code !== "RevisionMismatch") {
          logger.error("a restored table cannot be recorded", { table: view.name, code: outcome.code });
        }
      } catch (error) {
        if (!(error instanceof ControlPlaneUnavailable)) throw error;
      }
      await sleep(timers, TELL_AGAIN_MS, signal).catch(() => undefined);
    }
  }

  /** Stops telling; what is being filled goes on until the engine is closed, and afterwards at the next start. */
  close(): void {
    this.#stopped.abort();
  }
}
