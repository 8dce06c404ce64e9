/** The keys that open sealed texts, in a file that only this user can read. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { ControlPlaneId } from "#contracts";

const SEALING_KEY_BYTES = 32;

/**
 * Sealing keys by control plane. There are two only while a catalog moves from one control plane to another: the old catalog is served, and its
 * secrets opened, until the new snapshot is complete.
 */
export interface SealingKeys {
  of(controlPlaneId: ControlPlaneId): Uint8Array | undefined;
  /** Durable when it returns. Keeping the same key again writes nothing. @throws when the text is not 32 bytes in base64 */
  keep(controlPlaneId: ControlPlaneId, sealingKey: string): void;
  /** Forgets all others. */
  keepOnly(controlPlaneId: ControlPlaneId): void;
}

/** @throws SyntaxError when the file is there and is not ours */
export function openSealingKeys(path: string): SealingKeys {
  const keys = new Map<string, Uint8Array>();
  for (const [controlPlaneId, text] of Object.entries(readKeys(path))) keys.set(controlPlaneId, decodeKey(text));

  const write = () =>
    writePrivateFile(
      path,
      JSON.stringify(Object.fromEntries([...keys].map(([id, key]) => [id, Buffer.from(key).toString("base64")]))),
    );
  return {
    of: (controlPlaneId) => keys.get(controlPlaneId),
    keep(controlPlaneId, sealingKey) {
      const key = decodeKey(sealingKey);
      const before = keys.get(controlPlaneId);
      if (before !== undefined && Buffer.compare(before, key) === 0) return;
      keys.set(controlPlaneId, key);
      write();
    },
    keepOnly(controlPlaneId) {
      const before = keys.size;
      for (const id of [...keys.keys()]) if (id !== controlPlaneId) keys.delete(id);
      if (keys.size !== before) write();
    },
  };
}

function readKeys(path: string): Readonly<Record<string, unknown>> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return {};
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new SyntaxError(`${path} does not hold sealing keys`);
  return value as Readonly<Record<string, unknown>>;
}

function decodeKey(text: unknown): Uint8Array {
  const key = typeof text === "string" ? Buffer.from(text, "base64") : Buffer.alloc(0);
  // The text itself stays out of the message: messages are logged.
  if (key.length !== SEALING_KEY_BYTES) throw new SyntaxError(`a sealing key has ${SEALING_KEY_BYTES} bytes in base64`);
  return new Uint8Array(key);
}

/** Whole or not at all, mode 0600 from the first byte on, durable when this returns. */
function writePrivateFile(path: string, text: string): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
    renameSync(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  } finally {
    closeSync(file);
  }
  const directory = openSync(dirname(path), "r");
  fsyncSync(directory);
  closeSync(directory);
}
