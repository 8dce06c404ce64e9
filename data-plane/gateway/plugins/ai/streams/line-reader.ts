/** Lines of JSON (NDJSON) out of octets that come in pieces, each as the data of an event without name. */
import { EVENT_BYTES_MAX, EventTooLarge, type ServerSentEvent, type StreamReader } from "./event-reader.ts";

const LF = 10;

/** Wherever the octets are cut, the lines are the same. Empty ones say nothing. */
export class LineReader implements StreamReader {
  /** Of a line that has not ended yet. */
  #pieces: Buffer[] = [];
  #bytes = 0;

  constructor(private readonly bytesMax = EVENT_BYTES_MAX) {}

  /** @throws EventTooLarge */
  push(bytes: Uint8Array): readonly ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    let from = 0;
    for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, from)) {
      this.#keep(bytes.subarray(from, at));
      events.push(...this.finish());
      from = at + 1;
    }
    if (from < bytes.length) this.#keep(bytes.subarray(from));
    return events;
  }

  /** @returns the last line, when nothing has ended it */
  finish(): readonly ServerSentEvent[] {
    const data = Buffer.concat(this.#pieces).toString("utf8").trim();
    this.#pieces = [];
    this.#bytes = 0;
    return data === "" ? [] : [{ name: "", data }];
  }

  #keep(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.bytesMax) throw new EventTooLarge(`A line has more than ${this.bytesMax} octets.`);
    // What was received may be used again by whoever gave it.
    this.#pieces.push(Buffer.from(bytes));
  }
}
