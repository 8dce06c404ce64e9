/**
 * Encryption of message bodies at rest, for queues that ask for it (`SqsManagedSseEnabled`; SQS Developer Guide, "Encryption at rest": bodies are encrypted, attributes and ids
 * are not).
 *
 * AES-256-GCM under keys that are derived from the data plane's own (HKDF-SHA-256, RFC 5869), one for each start of the program and 2³² messages: a counter is then a nonce that
 * never repeats (NIST SP 800-38D §8.2.1), whatever was forgotten in a crash.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { SealingKey } from "#foundation/crypto";
import type { Random } from "#foundation/runtime";

const SALT_BYTES = 16;
const COUNTER_BYTES = 4;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const HEADER_BYTES = SALT_BYTES + COUNTER_BYTES + TAG_BYTES;
const COUNTER_MAX = 0xffff_ffff;
/** Keys of earlier starts that are at hand; the others are derived again. */
const KEYS_MAX = 64;
const PURPOSE = "biplane message body v1";

/** The stored text cannot be opened: it is damaged, or was sealed under another key. */
export class SealedBodyUnreadable extends Error {
  override readonly name = "SealedBodyUnreadable";
}

interface DataKey {
  readonly salt: Uint8Array;
  readonly key: Uint8Array;
}

export class MessageCipher {
  readonly #master: SealingKey;
  readonly #random: Random;
  /** By salt, the least recently used first. */
  readonly #keys = new Map<string, Uint8Array>();
  #current: DataKey | undefined;
  #counter = 0;

  constructor(master: SealingKey, random: Random) {
    this.#master = master;
    this.#random = random;
  }

  /** @returns base64url of salt, counter, tag and ciphertext */
  seal(body: string): string {
    const { salt, key } = this.#keyForSealing();
    const counter = this.#counter++;
    const cipher = createCipheriv("aes-256-gcm", key, nonceOf(counter));
    const sealed = Buffer.concat([Buffer.alloc(HEADER_BYTES), cipher.update(body, "utf8"), cipher.final()]);
    sealed.set(salt, 0);
    sealed.writeUInt32BE(counter, SALT_BYTES);
    sealed.set(cipher.getAuthTag(), SALT_BYTES + COUNTER_BYTES);
    return sealed.toString("base64url");
  }

  /** @throws SealedBodyUnreadable */
  open(text: string): string {
    const sealed = Buffer.from(text, "base64url");
    if (sealed.length < HEADER_BYTES) throw new SealedBodyUnreadable("the text is too short");
    const key = this.#keyOf(sealed.subarray(0, SALT_BYTES));
    const decipher = createDecipheriv("aes-256-gcm", key, nonceOf(sealed.readUInt32BE(SALT_BYTES)));
    decipher.setAuthTag(sealed.subarray(SALT_BYTES + COUNTER_BYTES, HEADER_BYTES));
    try {
      return decipher.update(sealed.subarray(HEADER_BYTES), undefined, "utf8") + decipher.final("utf8");
    } catch (cause) {
      throw new SealedBodyUnreadable("the body was sealed under another key, or is damaged", { cause });
    }
  }

  #keyForSealing(): DataKey {
    if (this.#current === undefined || this.#counter > COUNTER_MAX) {
      const salt = this.#random.bytes(SALT_BYTES);
      this.#current = { salt, key: this.#derive(salt) };
      this.#counter = 0;
    }
    return this.#current;
  }

  #keyOf(salt: Uint8Array): Uint8Array {
    const name = Buffer.from(salt).toString("latin1");
    const known = this.#keys.get(name);
    if (known !== undefined) {
      this.#keys.delete(name);
      this.#keys.set(name, known);
      return known;
    }
    const key = this.#derive(salt);
    this.#keys.set(name, key);
    if (this.#keys.size > KEYS_MAX) {
      const [oldest] = this.#keys.keys();
      this.#keys.delete(oldest!);
    }
    return key;
  }

  #derive(salt: Uint8Array): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.#master, salt, PURPOSE, KEY_BYTES));
  }
}

function nonceOf(counter: number): Uint8Array {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeUInt32BE(counter, NONCE_BYTES - COUNTER_BYTES);
  return nonce;
}
