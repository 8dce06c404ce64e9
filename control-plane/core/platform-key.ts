/**
 * The key of everything that people and programs show to the control plane: tokens, cookies, links.
 *
 * Data planes hold the master key, since they open secrets of access keys and seal sessions of AWS. Were tokens of the platform made with it too, a data plane that was taken over could make itself
 * those of an owner. So they have a key of their own, drawn at random; it stands in the log, where no data plane reads, sealed by the master key.
 */
import type { EventStore } from "#control-plane/events";
import {
  createSealingKey,
  open,
  type SealingKey,
  seal,
  sealingKeyFromBase64,
  sealingKeyToBase64,
} from "#foundation/crypto";
import type { Random } from "#foundation/runtime";

const NOTE = "platform-key";

/** Reads the key of a log, or draws one for a log that has none yet. @throws CryptoError CannotOpen, InvalidKey */
export async function openPlatformKey(masterKey: SealingKey, store: EventStore, random: Random): Promise<SealingKey> {
  const additionalData = `${NOTE} ${store.controlPlaneId}`;
  const sealed = await store.note(NOTE);
  if (sealed !== undefined) return sealingKeyFromBase64(open(masterKey, sealed, additionalData));
  const key = createSealingKey(random);
  await store.setNote(NOTE, seal(masterKey, sealingKeyToBase64(key), additionalData, random));
  return key;
}
