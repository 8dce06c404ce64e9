/**
 * Packets of a group whose members share a key: whoever has it not can neither make nor change one. Old packets may be sent again, as any network may do; the
 * protocol is made for that.
 */
import { createHmac, timingSafeEqual } from "node:crypto";

const TAG_BYTES = 16;

/** The packet with its tag: the first 16 bytes of its HMAC-SHA-256. */
export function sealPacket(key: Uint8Array, packet: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(packet.length + TAG_BYTES);
  sealed.set(packet);
  sealed.set(tagOf(key, packet), packet.length);
  return sealed;
}

/** The packet, or undefined when its tag is not of this key. */
export function openPacket(key: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  if (sealed.length < TAG_BYTES) return undefined;
  const packet = sealed.subarray(0, sealed.length - TAG_BYTES);
  return timingSafeEqual(tagOf(key, packet), sealed.subarray(packet.length)) ? packet : undefined;
}

function tagOf(key: Uint8Array, packet: Uint8Array): Uint8Array {
  return createHmac("sha256", key).update("biplane raft").update(packet).digest().subarray(0, TAG_BYTES);
}
