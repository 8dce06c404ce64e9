/**
 * The master keys of secrets: several, of which one is active. They are in a file of their own, outside the database and its backups: without it nobody opens a secret.
 */
import { createCipheriv, createDecipheriv, createHash } from "node:crypto";
import { join } from "node:path";
import { readFileIfThere, writePrivateFile } from "#foundation/files";
import type { Random } from "#foundation/runtime";

const FILE = "secret-keys.json";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

interface KeyringFile {
  readonly active: string;
  readonly keys: Readonly<Record<string, { readonly key: string; readonly createdAt: number }>>;
}

/** A data key, locked with a master key. */
export interface WrappedKey {
  readonly keyId: string;
  /** base64: nonce, ciphertext, tag. */
  readonly wrapped: string;
}

/** The master key is not there, or what it locked is not what it should be. */
export class KeyUnavailable extends Error {
  override readonly name = "KeyUnavailable";
  readonly code: "master_key_unavailable" | "decrypt_failed";

  constructor(code: KeyUnavailable["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export class Keyring {
  readonly #path: string;
  readonly #random: Random;
  #file: KeyringFile;

  private constructor(path: string, random: Random, file: KeyringFile) {
    this.#path = path;
    this.#random = random;
    this.#file = file;
  }

  /** @throws Error when the file holds something else */
  static open(directory: string, random: Random, now: number): Keyring {
    const path = join(directory, FILE);
    const text = readFileIfThere(path);
    if (text !== undefined) return new Keyring(path, random, parsed(path, text));
    const ring = new Keyring(path, random, { active: "", keys: {} });
    ring.rotate(now);
    return ring;
  }

  get activeKeyId(): string {
    return this.#file.active;
  }

  /** Never the keys themselves. */
  status(): readonly {
    readonly keyId: string;
    readonly createdAt: number;
    readonly active: boolean;
    readonly fingerprint: string;
  }[] {
    return Object.entries(this.#file.keys).map(([keyId, { key, createdAt }]) => ({
      keyId,
      createdAt,
      active: keyId === this.#file.active,
      fingerprint: createHash("sha256").update(key).digest("hex").slice(0, 16),
    }));
  }

  /** A new active key; the old ones still open what they have locked. Durable when it returns. */
  rotate(now: number): string {
    const keyId = `smk_${Buffer.from(this.#random.bytes(6)).toString("hex")}`;
    const key = Buffer.from(this.#random.bytes(KEY_BYTES)).toString("base64");
    this.#file = { active: keyId, keys: { ...this.#file.keys, [keyId]: { key, createdAt: now } } };
    writePrivateFile(this.#path, `${JSON.stringify(this.#file)}\n`);
    return keyId;
  }

  /** @param context what the key is for; unlocking it for anything else fails */
  wrap(dataKey: Uint8Array, context: string): WrappedKey {
    const keyId = this.#file.active;
    return { keyId, wrapped: sealBytes(this.#key(keyId), dataKey, context, this.#random).toString("base64") };
  }

  /** @throws KeyUnavailable */
  unwrap({ keyId, wrapped }: WrappedKey, context: string): Uint8Array {
    return openBytes(this.#key(keyId), Buffer.from(wrapped, "base64"), context);
  }

  #key(keyId: string): Uint8Array {
    const entry = Object.hasOwn(this.#file.keys, keyId) ? this.#file.keys[keyId] : undefined;
    if (entry === undefined)
      throw new KeyUnavailable("master_key_unavailable", `the master key ${keyId} is not in ${this.#path}`);
    return Buffer.from(entry.key, "base64");
  }
}

function parsed(path: string, text: string): KeyringFile {
  try {
    const file = JSON.parse(text) as KeyringFile;
    const sound = Object.values(file.keys).every(({ key }) => Buffer.from(key, "base64").length === KEY_BYTES);
    if (sound && Object.hasOwn(file.keys, file.active)) return file;
  } catch {
    // Said below.
  }
  throw new Error(`${path} does not hold the master keys of secrets; restore it from where you keep it`);
}

/** Nonce, ciphertext and tag (AES-256-GCM, NIST SP 800-38D). */
export function sealBytes(key: Uint8Array, plain: Uint8Array, context: string, random: Random): Buffer {
  const nonce = random.bytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from(context, "utf8"));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws KeyUnavailable decrypt_failed */
export function openBytes(key: Uint8Array, sealed: Uint8Array, context: string): Buffer {
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(context, "utf8"));
    decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
    const body = sealed.subarray(NONCE_BYTES, sealed.length - TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]);
  } catch {
    throw new KeyUnavailable("decrypt_failed", "it was changed, or locked with another key or for something else");
  }
}
