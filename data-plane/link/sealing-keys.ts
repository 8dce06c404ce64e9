/** The keys that open sealed texts, in a file that only this user can read. */
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import type { ControlPlaneId } from "#contracts";
import { CryptoError, type SealingKey, sealingKeyFromBase64, sealingKeyToBase64 } from "#foundation/crypto";
import { writePrivateFile } from "#foundation/files";

/** Any access of group or others. */
const TOO_OPEN = 0o077;

/**
 * Sealing keys by control plane. There are two only while a catalog moves from one control plane to another: the old catalog is served, and its
 * secrets opened, until the new snapshot is complete.
 */
export interface SealingKeys {
  of(controlPlaneId: ControlPlaneId): SealingKey | undefined;
  /** Durable when it returns. Keeping the same key again writes nothing. @throws CryptoError InvalidKey; the system's error when the disk refuses */
  keep(controlPlaneId: ControlPlaneId, sealingKey: string): void;
  /** Forgets all others. */
  keepOnly(controlPlaneId: ControlPlaneId): void;
}

/** @throws CryptoError KeyFileTooOpen, InvalidKey */
export function openSealingKeys(path: string): SealingKeys {
  let keys = readKeys(path);

  /** The file first: what is in memory must be there after a restart too. */
  const replace = (next: ReadonlyMap<string, SealingKey>): void => {
    const texts = Object.fromEntries([...next].map(([id, key]) => [id, sealingKeyToBase64(key)]));
    writePrivateFile(path, `${JSON.stringify(texts)}\n`);
    keys = next;
  };
  return {
    of: (controlPlaneId) => keys.get(controlPlaneId),
    keep(controlPlaneId, sealingKey) {
      const key = sealingKeyFromBase64(sealingKey);
      if (keys.get(controlPlaneId)?.equals(key) === true) return;
      replace(new Map(keys).set(controlPlaneId, key));
    },
    keepOnly(controlPlaneId) {
      const kept = [...keys].filter(([id]) => id === controlPlaneId);
      if (kept.length !== keys.size) replace(new Map(kept));
    },
  };
}

function readKeys(path: string): ReadonlyMap<string, SealingKey> {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return new Map();
    throw error;
  }
  try {
    if ((fstatSync(file).mode & TOO_OPEN) !== 0) {
      throw new CryptoError("KeyFileTooOpen", `others may read ${path}; make its mode 0600`);
    }
    return parseKeys(path, readFileSync(file, "utf8"));
  } finally {
    closeSync(file);
  }
}

function parseKeys(path: string, text: string): ReadonlyMap<string, SealingKey> {
  const wrong = () =>
    new CryptoError("InvalidKey", `${path} does not hold sealing keys; restore it, or remove the catalog beside it`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong();
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong();
  const keys = new Map<string, SealingKey>();
  for (const [controlPlaneId, key] of Object.entries(value)) {
    if (typeof key !== "string") throw wrong();
    keys.set(controlPlaneId, sealingKeyFromBase64(key));
  }
  return keys;
}
