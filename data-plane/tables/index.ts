/** Tables: DynamoDB and DynamoDB Streams on an engine that keeps items. */
export { type EmbeddedTableEngine, openTableEngine, type TableEngineOptions } from "./engine/index.ts";
export {
  tableStreamsOperationNames,
  tableStreamsParityNotes,
  tablesOperationNames,
  tablesParityNotes,
} from "./parity.ts";
export { TABLE_PERMISSIONS, TABLE_STREAM_PERMISSIONS } from "./permissions.ts";
export type { TablesEnvironment } from "./service/environment.ts";
export { createTablesServices } from "./service/tables-services.ts";
