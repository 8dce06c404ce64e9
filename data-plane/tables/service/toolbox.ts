/** What operations are made of. */
import type { TablesEnvironment } from "./environment.ts";
import { TableDeletions } from "./table-deletions.ts";
import { Tables } from "./tables.ts";
import { createThrottle, type Throttle } from "./throttle.ts";

export interface Toolbox extends TablesEnvironment {
  readonly tables: Tables;
  readonly deletions: TableDeletions;
  /** Undefined where provisioned throughput is not enforced. */
  readonly throttle: Throttle | undefined;
}

export function createToolbox(environment: TablesEnvironment): Toolbox {
  const tables = new Tables(environment);
  return {
    ...environment,
    tables,
    deletions: new TableDeletions(environment, tables),
    throttle: environment.throttling === true ? createThrottle(environment) : undefined,
  };
}
