/**
 * The chain of signatures through a chunked body (S3 API Reference, "Signature Calculations … Transferring Payload in Multiple Chunks" and
 * "… Including Trailing Headers").
 */

import { type CredentialScope, emptyPayloadHash, type SigningKey } from "#foundation/aws/sigv4";

/** What is needed to verify or make chunk signatures; all of it comes from the verified or signed request. */
export interface ChunkSigning {
  readonly key: SigningKey;
  readonly scope: CredentialScope;
  /** `YYYYMMDDTHHMMSSZ` of the request. */
  readonly timestamp: string;
  /** Signature of the request's headers, hex. */
  readonly seedSignature: string;
}

/** A chain of chunk signatures; each covers the one before it. */
export class SignatureChain {
  readonly #key: SigningKey;
  readonly #dateAndScope: string;
  #previous: string;

  constructor(signing: ChunkSigning) {
    const { date, region, service } = signing.scope;
    this.#key = signing.key;
    this.#dateAndScope = `${signing.timestamp}\n${date}/${region}/${service}/aws4_request`;
    this.#previous = signing.seedSignature;
  }

  /**
   * Signs the next chunk and moves the chain.
   *
   * @param chunkHash lower-case hex SHA-256 of the chunk's data
   */
  chunk(chunkHash: string): { readonly signature: string; readonly stringToSign: string } {
    return this.#next(
      `AWS4-HMAC-SHA256-PAYLOAD\n${this.#dateAndScope}\n${this.#previous}\n${emptyPayloadHash}\n${chunkHash}`,
    );
  }

  /**
   * Signs the trailer and moves the chain.
   *
   * @param trailerHash lower-case hex SHA-256 of the trailer's lines, each `name:value` and a line feed
   */
  trailer(trailerHash: string): { readonly signature: string; readonly stringToSign: string } {
    return this.#next(`AWS4-HMAC-SHA256-TRAILER\n${this.#dateAndScope}\n${this.#previous}\n${trailerHash}`);
  }

  #next(stringToSign: string): { readonly signature: string; readonly stringToSign: string } {
    const signature = this.#key.sign(stringToSign);
    this.#previous = signature;
    return { signature, stringToSign };
  }
}
