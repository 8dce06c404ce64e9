/** The trailer of a chunked body: its fields and its signature. */

import { equalInConstantTime } from "#foundation/aws/sigv4";
import { ChunkedBodyError } from "./error.ts";
import { trailerFieldsMax } from "./limits.ts";
import type { SignatureChain } from "./signing.ts";

const signatureField = "x-amz-trailer-signature";

/** Collects the lines of a trailer. */
export class TrailerReader {
  readonly fields = new Map<string, string>();
  readonly #signed: boolean;
  readonly #announced: readonly string[] | undefined;
  #signature: string | undefined;
  /** What the trailer's signature covers: `name:value` and a line feed per field, whatever ended the line on the wire. */
  #signedText = "";

  /**
   * @param signed whether a signature must end the trailer
   * @param announced lower-case names that must come, and no other; undefined when that is not known
   */
  constructor(signed: boolean, announced: readonly string[] | undefined) {
    this.#signed = signed;
    this.#announced = announced;
  }

  /** Whether an empty line ends the trailer now. */
  get readyToEnd(): boolean {
    return !this.#signed || this.#signature !== undefined;
  }

  /** Takes one line without its end. @throws ChunkedBodyError `malformed-trailer` */
  line(text: string): void {
    const colon = text.indexOf(":");
    if (colon <= 0) throw malformed("a line has no name");
    const name = text.slice(0, colon).toLowerCase();
    const value = text.slice(colon + 1).trim();
    if (!/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw malformed("a name holds forbidden characters");
    if (this.#signature !== undefined) throw malformed("there is a field after the signature");
    if (name === signatureField) {
      if (!this.#signed) throw malformed("there is a signature where none was announced");
      this.#signature = value;
      return;
    }
    if (this.fields.has(name)) throw malformed(`the field ${name} is repeated`);
    if (this.fields.size >= trailerFieldsMax) throw malformed("there are too many fields");
    if (this.#announced !== undefined && !this.#announced.includes(name)) {
      throw malformed(`the field ${name} was not announced`);
    }
    this.fields.set(name, value);
    this.#signedText += `${name}:${value}\n`;
  }

  /** Checks the whole. @throws ChunkedBodyError `malformed-trailer` or `signature-mismatch` */
  finish(chain: SignatureChain | undefined): void {
    for (const name of this.#announced ?? []) {
      if (!this.fields.has(name)) throw malformed(`the announced field ${name} is missing`);
    }
    if (!this.#signed || chain === undefined) return;
    const { signature, stringToSign } = chain.trailer(
      new Bun.CryptoHasher("sha256").update(this.#signedText).digest("hex"),
    );
    if (!equalInConstantTime(signature, this.#signature ?? "")) {
      throw new ChunkedBodyError({
        reason: "signature-mismatch",
        where: "trailer",
        stringToSign,
        signatureProvided: this.#signature ?? "",
      });
    }
  }
}

function malformed(problem: string): ChunkedBodyError {
  return new ChunkedBodyError({ reason: "malformed-trailer", problem });
}
