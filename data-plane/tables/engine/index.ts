/** Storage of tables: a port, and an engine on SQLite that implements it. */
export type { EmbeddedTableEngine } from "./embedded-engine.ts";
export { tableDefinition } from "./model/definition.ts";
export { openTableEngine, type TableEngineOptions } from "./open-table-engine.ts";
export * from "./port.ts";
export { isTableEngineError, TableEngineError } from "./table-engine-error.ts";
