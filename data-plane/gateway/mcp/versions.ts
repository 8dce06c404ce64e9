/** Versions of the Model Context Protocol that are spoken here. */

/** Every request says by itself which version it is of, and what its client can do. */
export const MODERN_VERSION = "2026-07-28";
/** `initialize` says it, once. Newest first. */
export const LEGACY_VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26"] as const;
export const VERSIONS: readonly string[] = [MODERN_VERSION, ...LEGACY_VERSIONS];
/** Of a request that does not say which (2025-11-25, transports, "Protocol Version Header"). It is the one with batches. */
export const UNSAID_VERSION = "2025-03-26";

export const isLegacy = (version: string): boolean => (LEGACY_VERSIONS as readonly string[]).includes(version);
