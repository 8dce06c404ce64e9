/** Keeps the engine's tables as the catalog says they are, from the start and at each change. */
import type { ResourceId, TableRecord } from "#contracts";
import type { TablesEnvironment } from "./environment.ts";
import type { TableRestores } from "./table-restores.ts";
import type { Tables } from "./tables.ts";

type Environment = Pick<TablesEnvironment, "catalog" | "engine" | "logger">;

/**
 * Tables that are gone from the catalog without having been deleted here are only reported: the control plane was put back to a state from before them, or another
 * data plane deleted them. With the right log they, and their items, are there again.
 *
 * @returns ends the following
 */
export function followCatalog(
  { catalog, engine, logger }: Environment,
  tables: Tables,
  restores: TableRestores,
): () => void {
  const known = new Map<string, ResourceId>();
  const keyOf = ({ accountId, region, name }: TableRecord): string => `${accountId}/${region}/${name}`;

  const follow = (record: TableRecord): void => {
    known.set(keyOf(record), record.resourceId);
    const view = tables.viewOf(record);
    if (view.restoring) {
      restores.begin(view);
      return;
    }
    tables.ensure(view).catch((error: unknown) => {
      logger.error("the engine cannot follow the record of a table", { table: record.name, error });
    });
  };
  const report = (key: string, tableId: ResourceId): void => {
    if (!engine.tables().includes(tableId) || engine.marked().includes(tableId)) return;
    const { itemCount, sizeBytes } = engine.statistics(tableId);
    if (itemCount === 0) return;
    const message = "a table that holds items is gone from the control plane; they are kept, but cannot be reached";
    logger.error(message, { table: key, tableId, itemCount, sizeBytes });
  };

  for (const record of catalog.tables()) follow(record);
  const there = new Set(known.values());
  for (const tableId of engine.tables()) if (!there.has(tableId)) report("unknown", tableId);

  return catalog.onChange((changes) => {
    for (const change of changes) {
      if (change.change === "upsert") {
        if (change.record.kind !== "table") continue;
        const before = known.get(keyOf(change.record));
        if (before !== undefined && before !== change.record.resourceId) report(keyOf(change.record), before);
        follow(change.record);
      } else if (change.kind === "table") {
        const tableId = known.get(change.key);
        known.delete(change.key);
        if (tableId !== undefined) report(change.key, tableId);
      }
    }
  });
}
