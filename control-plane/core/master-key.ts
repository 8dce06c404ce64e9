/** The control plane's master key: in a file of its own, and checked against the log it belongs to. */
import { type EventStore, EventStoreError } from "#control-plane/events";
import { CryptoError, createKeyFile, open, readKeyFile, type SealingKey, seal } from "#foundation/crypto";
import type { Random } from "#foundation/runtime";

const CHECK_NOTE = "master-key-check";
const CHECK_TEXT = "this log was made with this key";

/**
 * Reads the key file, or makes one for a log that has none yet.
 *
 * @throws CryptoError KeyFileMissing when the log was made with a key that is gone: a fresh one would leave every secret sealed for ever; KeyFileTooOpen;
 * CannotOpen when the key belongs to another log
 */
export async function openMasterKey(path: string, store: EventStore, random: Random): Promise<SealingKey> {
  const check = await store.note(CHECK_NOTE);
  if (check === undefined) {
    const key = createKeyFile(path, random);
    await store.setNote(CHECK_NOTE, seal(key, CHECK_TEXT, store.controlPlaneId, random));
    return key;
  }
  const key = readKeyFile(path);
  try {
    open(key, check, store.controlPlaneId);
  } catch (error) {
    if (error instanceof EventStoreError) throw error;
    const problem = `the key file ${path} belongs to another control plane; restore the one that was made with this data`;
    throw new CryptoError("CannotOpen", problem, { cause: error });
  }
  return key;
}
