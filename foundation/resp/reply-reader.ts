/** Replies of RESP2, read strictly out of pieces of any size. Pure. */

/** A status and a bulk string are both text; an error is told apart. */
export type RespReply = string | number | null | RespError | readonly RespReply[];

export interface RespError {
  readonly error: string;
}

/** What no server that is asked for a few numbers sends. */
const LINE_MAX = 4_096;
export const BULK_MAX = 1024 * 1024;
const ITEMS_MAX = 4_096;
const DEPTH_MAX = 8;

/** What came is no reply: nothing that follows can be understood either. */
export class RespBroken extends Error {}

const CR = 0x0d;
const LF = 0x0a;
const INTEGER = /^[+-]?\d{1,18}$/;

/** How octets of a bulk string are made a text: `latin1` keeps them, one character each. */
export type BulkText = "utf8" | "latin1";

export class ReplyReader {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  /** What has come of a text that is not whole yet: put together once, however many pieces it comes in. */
  #pieces: Buffer[] = [];
  #piecesBytes = 0;
  /** Octets, from the beginning of what is unread, before which nothing more can be read. */
  #wanted = 0;

  constructor(
    private readonly bulkText: BulkText = "utf8",
    private readonly bulkMax = BULK_MAX,
  ) {}

  /** @returns the replies that are whole now, in their order @throws RespBroken */
  push(bytes: Uint8Array): readonly RespReply[] {
    this.#pieces.push(Buffer.from(bytes));
    this.#piecesBytes += bytes.length;
    if (this.#bytes.length + this.#piecesBytes < this.#wanted) return [];
    this.#bytes = Buffer.concat([this.#bytes, ...this.#pieces]);
    this.#pieces = [];
    this.#piecesBytes = 0;
    this.#wanted = 0;
    const replies: RespReply[] = [];
    let kept = 0;
    for (this.#at = 0; this.#at < this.#bytes.length; kept = this.#at) {
      const reply = this.#reply(0);
      if (reply === undefined) break;
      replies.push(reply);
    }
    this.#bytes = this.#bytes.subarray(kept);
    this.#wanted = Math.max(0, this.#wanted - kept);
    return replies;
  }

  /** Undefined: the rest is still to come. */
  #reply(depth: number): RespReply | undefined {
    const line = this.#line();
    if (line === undefined) return undefined;
    const text = line.slice(1);
    switch (line[0]) {
      case "+":
        return text;
      case "-":
        return { error: text };
      case ":":
        return integerOf(text, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
      case "$":
        return this.#bulk(integerOf(text, -1, this.bulkMax));
      case "*":
        return this.#list(integerOf(text, -1, ITEMS_MAX), depth);
      default:
        throw new RespBroken("a reply of no kind that there is");
    }
  }

  #line(): string | undefined {
    const end = this.#bytes.indexOf(LF, this.#at);
    if (end === -1 ? this.#bytes.length - this.#at > LINE_MAX : end - this.#at > LINE_MAX) {
      throw new RespBroken("a line that is too long");
    }
    if (end === -1) return undefined;
    if (end - this.#at < 2 || this.#bytes[end - 1] !== CR)
      throw new RespBroken("a line that does not end as it should");
    const line = this.#bytes.toString("utf8", this.#at, end - 1);
    if (line.includes("\r")) throw new RespBroken("a carriage return within a line");
    this.#at = end + 1;
    return line;
  }

  #bulk(length: number): RespReply | undefined {
    if (length === -1) return null;
    const end = this.#at + length;
    if (this.#bytes.length < end + 2) {
      this.#wanted = end + 2;
      return undefined;
    }
    if (this.#bytes[end] !== CR || this.#bytes[end + 1] !== LF)
      throw new RespBroken("a text that is longer than it says");
    const text = this.#bytes.toString(this.bulkText, this.#at, end);
    this.#at = end + 2;
    return text;
  }

  #list(length: number, depth: number): RespReply | undefined {
    if (length === -1) return null;
    if (depth >= DEPTH_MAX) throw new RespBroken("lists in lists, too deep");
    const items: RespReply[] = [];
    for (let index = 0; index < length; index++) {
      const item = this.#at < this.#bytes.length ? this.#reply(depth + 1) : undefined;
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }
}

function integerOf(text: string, least: number, most: number): number {
  const number = INTEGER.test(text) ? Number(text) : Number.NaN;
  if (!(number >= least && number <= most)) throw new RespBroken("a number that is none, or too large");
  return number;
}
