/** The key that encrypts messages of queues that ask for it. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createKeyFile, readKeyFile, type SealingKey } from "#foundation/crypto";
import { systemRandom } from "#foundation/runtime";

/**
 * Reads the key, or makes it before the first message is kept.
 *
 * @param directory of the queues' engine
 * @throws CryptoError KeyFileMissing when there are messages and the key is gone: a fresh one would leave what is encrypted unreadable, and nobody would know
 */
export function openMessageKey(directory: string): SealingKey {
  const path = join(directory, "messages.key");
  return existsSync(join(directory, "queues.db")) ? readKeyFile(path) : createKeyFile(path, systemRandom);
}
