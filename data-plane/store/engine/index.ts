/**
 * The durable half of a storage server: an ordered map of keys and values on the disk, one value a key, at one version (`durableVersion`).
 *
 * The storage server keeps the versions of the last seconds in memory, and flushes from time to time what is known to be committed. There is no
 * write-ahead log: the transaction logs keep everything after `durableVersion` until the engine says that it is durable.
 */
export { Engine, openEngine } from "./engine.ts";
export { EngineClosedError, EngineCorruptionError, EngineFailedError } from "./errors.ts";
export type { Pair, RangeCursor } from "./range-cursor.ts";
export type { EngineStats } from "./stats.ts";
export type { EngineChange, EngineOptions, Flush, Load } from "./writes.ts";
