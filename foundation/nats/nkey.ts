/** Keys of users (nkeys): Ed25519, with a prefix and a checksum, in base 32. Pure but for node's cryptography. */
import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";

/** `S` in the first five bits, `U` in the next ones: the seed of a user. */
const SEED = 18 << 3;
const USER = 20 << 3;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** What stands before 32 octets of a private key of Ed25519 in PKCS #8 (RFC 8410 §7). */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

export interface Nkey {
  /** The public key, as servers have it in their configuration: `U…`. */
  readonly user: string;
  /** @returns the signature of a nonce, as it is sent */
  sign(nonce: string): string;
}

export function isNkeySeed(text: string): boolean {
  return seedOf(text) !== undefined;
}

/** @param text `SU…` @throws TypeError when it is none */
export function nkeyOf(text: string): Nkey {
  const seed = seedOf(text);
  if (seed === undefined) throw new TypeError("that is no seed of a user's key (SU…)");
  const key = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  return {
    user: userOf(key),
    sign: (nonce) => sign(null, Buffer.from(nonce), key).toString("base64url"),
  };
}

function userOf(key: KeyObject): string {
  const bytes = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  const body = Buffer.concat([Buffer.of(USER), bytes]);
  const sum = crc16(body);
  return base32(Buffer.concat([body, Buffer.of(sum & 0xff, sum >> 8)]));
}

function seedOf(text: string): Buffer | undefined {
  const bytes = fromBase32(text);
  if (bytes?.length !== 36) return undefined;
  const isSeed = (bytes[0]! & 0xf8) === SEED && (((bytes[0]! & 7) << 5) | (bytes[1]! >> 3)) === USER;
  const isWhole = crc16(bytes.subarray(0, 34)) === bytes.readUInt16LE(34);
  return isSeed && isWhole ? bytes.subarray(2, 34) : undefined;
}

/** CRC-16/XMODEM. */
function crc16(bytes: Uint8Array): number {
  let value = 0;
  for (const byte of bytes) {
    value ^= byte << 8;
    for (let bit = 0; bit < 8; bit++) value = (value & 0x8000 ? (value << 1) ^ 0x1021 : value << 1) & 0xffff;
  }
  return value;
}

function base32(bytes: Uint8Array): string {
  let text = "";
  let [value, bits] = [0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) text += ALPHABET[(value >> (bits - 5)) & 31];
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 31];
}

function fromBase32(text: string): Buffer | undefined {
  const bytes: number[] = [];
  let [value, bits] = [0, 0];
  for (const sign of text.trim()) {
    const digit = ALPHABET.indexOf(sign);
    if (digit === -1) return undefined;
    value = ((value << 5) | digit) & 0xfff;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >> bits) & 0xff);
  }
  return Buffer.from(bytes);
}
