/** Where objects are kept: the port, and the embedded engine (SQLite for metadata, files for bodies). */

export type { EmbeddedEngine } from "./embedded-engine.ts";
export { EngineError, type EngineErrorDetails, isEngineError } from "./engine-error.ts";
export { sequenceOf as sequenceOfVersionId } from "./model/ordered-id.ts";
export { type EmbeddedEngineOptions, openEmbeddedEngine } from "./open-embedded-engine.ts";
export * from "./port.ts";
