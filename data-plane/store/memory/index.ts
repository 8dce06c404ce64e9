/**
 * A whole store in the memory of one process: for tests, for trying things out, and as the reference that other stores are held against. Small and
 * obviously right rather than fast; nothing survives the process.
 */
export { createMemoryStore, type MemoryStore, type MemoryStoreOptions } from "./memory-store.ts";
