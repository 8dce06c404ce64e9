/** Where messages are kept: the port, and the embedded engine (SQLite). */
export { isQueueEngineError, QueueEngineError } from "./engine-error.ts";
export { type EmbeddedQueuesOptions, openEmbeddedQueues } from "./open-embedded-queues.ts";
export * from "./port.ts";
