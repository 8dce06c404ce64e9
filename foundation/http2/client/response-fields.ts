/** What the fields of a response say (RFC 9113 §8.1, §8.3.2). Pure. */
import { Fields, type ReceivedResponse } from "#foundation/http1";
import { isName, isValue, lengthOf, MALFORMED, OF_CONNECTIONS } from "../connection/field-rules.ts";

/** Gathers fields as they are decoded, and judges each. */
export class ResponseFields {
  count = 0;
  readonly #raw: string[] = [];
  #status: number | undefined;
  #isMalformed = false;

  readonly add = (name: string, value: string): void => {
    this.count++;
    if (this.#isMalformed) return;
    if (name.charCodeAt(0) === COLON) this.#isMalformed = !this.#addStatus(name, value);
    else if (!isName(name) || !isValue(value) || OF_CONNECTIONS.has(name)) this.#isMalformed = true;
    else this.#raw.push(name, value);
  };

  response(): ReceivedResponse | typeof MALFORMED {
    const status = this.#status;
    // Nobody leaves HTTP on a stream (§8.6).
    if (this.#isMalformed || status === undefined || status === 101) return MALFORMED;
    const fields = Fields.of(this.#raw);
    const contentLength = lengthOf(fields);
    return contentLength === MALFORMED ? MALFORMED : { status, version: "2", fields, contentLength };
  }

  /** Of a trailer section (§8.1). */
  trailers(): Fields | typeof MALFORMED {
    return this.#isMalformed || this.#status !== undefined ? MALFORMED : Fields.of(this.#raw);
  }

  #addStatus(name: string, value: string): boolean {
    // Before all others, once (§8.3).
    if (name !== ":status" || this.#status !== undefined || this.#raw.length > 0 || !/^[1-5]\d\d$/.test(value)) {
      return false;
    }
    this.#status = Number(value);
    return true;
  }
}

const COLON = 0x3a;
