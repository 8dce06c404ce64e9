/** Names of bytes by their hash (OCI image specification 1.1, descriptor.md, "Digests"). */

import type { Brand } from "#foundation/ids";
import { layerInvalid } from "../errors.ts";

/** `sha256:` with 64 or `sha512:` with 128 lower-case hex digits. */
export type Digest = Brand<string, "OciDigest">;

export type DigestAlgorithm = "sha256" | "sha512";

const SHAPE = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): text is Digest {
  return SHAPE.test(text);
}

export function digestParts(digest: Digest): { algorithm: DigestAlgorithm; hex: string } {
  const colon = digest.indexOf(":");
  return { algorithm: digest.slice(0, colon) as DigestAlgorithm, hex: digest.slice(colon + 1) };
}

/** Hashes what passes; `digest` ends it. */
export class Digester {
  readonly #algorithm: DigestAlgorithm;
  readonly #hash: Bun.CryptoHasher;

  constructor(algorithm: DigestAlgorithm = "sha256") {
    this.#algorithm = algorithm;
    this.#hash = new Bun.CryptoHasher(algorithm);
  }

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  digest(): Digest {
    return `${this.#algorithm}:${this.#hash.digest("hex")}` as Digest;
  }
}

/** The digest of bytes that are there. */
export function digestOf(bytes: Uint8Array | string, algorithm: DigestAlgorithm = "sha256"): Digest {
  return `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest("hex")}` as Digest;
}

/**
 * Passes bytes on and, at the end, refuses them when they are not the ones that `digest` names. The consumer must not act on what it got before
 * the stream has ended well.
 *
 * @throws image_layer_invalid
 */
export async function* verified(
  source: AsyncIterable<Uint8Array>,
  digest: Digest,
  what: string,
): AsyncGenerator<Uint8Array, void, void> {
  const digester = new Digester(digestParts(digest).algorithm);
  for await (const chunk of source) {
    digester.update(chunk);
    yield chunk;
  }
  assertDigest(digester.digest(), digest, what);
}

/** @throws image_layer_invalid when the two differ */
export function assertDigest(actual: Digest, expected: Digest, what: string): void {
  if (actual !== expected) throw layerInvalid(`${what} has the digest ${actual}, not ${expected}.`);
}
