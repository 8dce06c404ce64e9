/** Requests for the tests of this room, and the SDK's signer as an independent peer. */

import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import type { SignableRequest } from "./index.ts";

/** A request from name and value pairs. */
export function wireRequest(
  method: string,
  path: string,
  query: string,
  headers: readonly (readonly [name: string, value: string])[],
): SignableRequest {
  return {
    method,
    path,
    query,
    headers: { get: (name) => headers.find(([other]) => other.toLowerCase() === name)?.[1], raw: headers.flat() },
  };
}

/** SHA-256 and HMAC-SHA256 as the SDK's signer wants them. */
export class PeerSha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytesOf(secret));
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }

  reset(): void {}
}

function bytesOf(secret: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof secret === "string") return secret;
  return ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret);
}

/** Percent-encodes everything but RFC 3986 unreserved characters, as SDKs send it. */
export function strictEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
