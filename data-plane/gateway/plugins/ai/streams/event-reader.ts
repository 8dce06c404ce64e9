/** Server-sent events out of octets that come in pieces (HTML Living Standard §9.2). */

export interface ServerSentEvent {
  /** Empty where it has no name. */
  readonly name: string;
  readonly data: string;
}

/** Cuts a stream into what belongs together. */
export interface StreamReader {
  /** @returns what is complete now. @throws EventTooLarge */
  push(bytes: Uint8Array): readonly ServerSentEvent[];
  /** The stream has ended. */
  finish(): readonly ServerSentEvent[];
}

/** An event longer than anybody needs: the stream cannot be followed any more. */
export class EventTooLarge extends Error {
  override readonly name = "EventTooLarge";
}

/** Octets of one event. Providers send a few hundred; some send whole tool calls at once. */
export const EVENT_BYTES_MAX = 1024 * 1024;

const LF = 10;
const CR = 13;
const BOM = "\ufeff";

/** Wherever the octets are cut, the events are the same: lines are decoded once they are whole. */
export class EventReader implements StreamReader {
  readonly #bytesMax: number;
  /** Of a line that has not ended yet. */
  #pieces: Buffer[] = [];
  /** Octets of `#pieces` and of the data so far. */
  #bytes = 0;
  #data: string[] = [];
  #name = "";
  #isFirstLine = true;
  /** A line has ended with CR, and a LF that comes next belongs to it. */
  #afterCr = false;

  constructor(bytesMax = EVENT_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  /** @returns the events that are complete now. @throws EventTooLarge */
  push(bytes: Uint8Array): readonly ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    if (bytes.length === 0) return events;
    let from = this.#afterCr && bytes[0] === LF ? 1 : 0;
    this.#afterCr = false;
    for (let at = from; at < bytes.length; at++) {
      const octet = bytes[at];
      if (octet !== LF && octet !== CR) continue;
      this.#endLine(bytes.subarray(from, at), events);
      if (octet === CR) {
        if (at + 1 === bytes.length) this.#afterCr = true;
        else if (bytes[at + 1] === LF) at++;
      }
      from = at + 1;
    }
    // What was received may be used again by whoever gave it.
    if (from < bytes.length) this.#keep(Buffer.from(bytes.subarray(from)));
    return events;
  }

  /** The stream has ended. @returns what was not ended by an empty line, which some servers forget at the end */
  finish(): readonly ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    if (this.#pieces.length > 0) this.#endLine(new Uint8Array(0), events);
    this.#endEvent(events);
    return events;
  }

  #keep(bytes: Buffer): void {
    this.#bytes += bytes.length;
    if (this.#bytes > this.#bytesMax) throw new EventTooLarge(`An event has more than ${this.#bytesMax} octets.`);
    this.#pieces.push(bytes);
  }

  #endLine(last: Uint8Array, events: ServerSentEvent[]): void {
    this.#keep(Buffer.from(last));
    let line = Buffer.concat(this.#pieces).toString("utf8");
    this.#pieces = [];
    if (this.#isFirstLine && line.startsWith(BOM)) line = line.slice(1);
    this.#isFirstLine = false;
    if (line === "") {
      this.#endEvent(events);
      return;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#data.push(value);
    else if (field === "event") this.#name = value;
    // Comments, ids and times to try again say nothing here.
  }

  #endEvent(events: ServerSentEvent[]): void {
    if (this.#data.length > 0) events.push({ name: this.#name, data: this.#data.join("\n") });
    this.#data = [];
    this.#name = "";
    this.#bytes = 0;
  }
}

/** An event as it is written; `data` has no line ends, as JSON has none. @param name none when it is missing */
export function eventText(data: string, name?: string): string {
  return `${name === undefined ? "" : `event: ${name}\n`}data: ${data}\n\n`;
}
