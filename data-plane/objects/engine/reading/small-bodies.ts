/**
 * Stored bytes of small bodies that were read lately. A body never changes under its number, so nothing here is ever stale; encrypted bodies are kept as they
 * are on disk.
 */

/** Larger bodies are not kept: reading their file costs little more than sending them. */
const BODY_BYTES_MAX = 16 * 1024;

/** Bytes of one generation; there are two: 32 MiB at most. */
const GENERATION_BYTES = 16 * 1024 * 1024;

/** What an entry costs besides its bytes, roughly. */
const ENTRY_BYTES = 200;

export interface SmallBodies {
  get(body: number): Uint8Array | undefined;
  /** Keeps the bytes if they are few enough. The caller leaves them alone from now on. */
  keep(body: number, stored: Uint8Array): void;
}

export function createSmallBodies(): SmallBodies {
  let young = new Map<number, Uint8Array>();
  let old = new Map<number, Uint8Array>();
  let bytes = 0;
  const keep = (body: number, stored: Uint8Array): void => {
    young.set(body, stored);
    bytes += stored.length + ENTRY_BYTES;
    if (bytes < GENERATION_BYTES) return;
    old = young;
    young = new Map();
    bytes = 0;
  };
  return {
    get(body) {
      const stored = young.get(body);
      if (stored !== undefined) return stored;
      const older = old.get(body);
      if (older !== undefined) keep(body, older);
      return older;
    },
    keep(body, stored) {
      if (stored.length <= BODY_BYTES_MAX) keep(body, stored);
    },
  };
}
