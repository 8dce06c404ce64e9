/** From chunks of bytes to lines, in bounded memory: what a line has beyond its cap is counted and dropped. */
import { LINE_BYTES_MAX } from "./log-record.ts";

/** A line is handed over as parts of the chunks it came in; they are only good until the call returns. */
export type OnLine = (line: Uint8Array, droppedBytes: number) => void;

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

export class LineSplitter {
  readonly #onLine: OnLine;
  /** The beginning of a line whose end has not come yet. */
  readonly #partial = new Uint8Array(LINE_BYTES_MAX);
  #partialBytes = 0;
  #droppedBytes = 0;

  constructor(onLine: OnLine) {
    this.#onLine = onLine;
  }

  push(chunk: Uint8Array): void {
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, from)) {
      this.#endLine(chunk.subarray(from, at));
      from = at + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** The stream has ended: a last line without a line feed is a line too. */
  end(): void {
    if (this.#partialBytes + this.#droppedBytes > 0) this.#endLine(new Uint8Array(0));
  }

  #keep(bytes: Uint8Array): void {
    const kept = bytes.subarray(0, LINE_BYTES_MAX - this.#partialBytes);
    this.#partial.set(kept, this.#partialBytes);
    this.#partialBytes += kept.length;
    this.#droppedBytes += bytes.length - kept.length;
  }

  #endLine(rest: Uint8Array): void {
    if (this.#partialBytes + this.#droppedBytes === 0 && rest.length <= LINE_BYTES_MAX) {
      this.#onLine(withoutReturn(rest), 0);
      return;
    }
    this.#keep(rest);
    const line = this.#partial.subarray(0, this.#partialBytes);
    const dropped = this.#droppedBytes;
    this.#partialBytes = 0;
    this.#droppedBytes = 0;
    this.#onLine(dropped > 0 ? line : withoutReturn(line), dropped);
  }
}

/** `\r\n` ends a line as well as `\n`. */
function withoutReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === CARRIAGE_RETURN ? line.subarray(0, -1) : line;
}
