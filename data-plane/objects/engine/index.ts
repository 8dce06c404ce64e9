/** Where objects are kept: the port, and the embedded engine (SQLite for metadata, files for bodies). */

export { EngineError, type EngineErrorDetails, isEngineError } from "./engine-error.ts";
export * from "./port.ts";
