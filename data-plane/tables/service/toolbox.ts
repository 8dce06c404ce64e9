/** What operations are made of. */
import type { ResourceId } from "#contracts";
import { ResourceDeletions } from "#data-plane/resources";
import type { TablesEnvironment } from "./environment.ts";
import { TableRestores } from "./table-restores.ts";
import { Tables } from "./tables.ts";
import { createThrottle, type Throttle } from "./throttle.ts";

export interface Toolbox extends TablesEnvironment {
  readonly tables: Tables;
  readonly deletions: ResourceDeletions<"table">;
  readonly restores: TableRestores;
  /** Undefined where provisioned throughput is not enforced. */
  readonly throttle: Throttle | undefined;
}

export function createToolbox(environment: TablesEnvironment): Toolbox {
  const tables = new Tables(environment);
  const { catalog, control, engine, timers, logger } = environment;
  const find = (tableId: ResourceId) => catalog.tableById(tableId);
  return {
    ...environment,
    tables,
    deletions: new ResourceDeletions({ kind: "table", engine, control, timers, logger, find }),
    restores: new TableRestores(environment),
    throttle: environment.throttling === true ? createThrottle(environment) : undefined,
  };
}
