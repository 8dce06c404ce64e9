/** Where messages are kept: the port, and the embedded engine (SQLite). */
export { isQueueEngineError, QueueEngineError } from "./engine-error.ts";
export * from "./port.ts";
