/** Heads and trailers of answers as frames (RFC 9113 §6.2, §6.10). */
import type { AnswerHead, ReceivedFields } from "#foundation/http1";
import { checkFields, tellAnswerFields, tellRaw, tellReceived } from "../connection/outgoing-fields.ts";
import type { PeerSettings } from "../connection/peer-settings.ts";
import { sectionFrames } from "../connection/section-frames.ts";
import { Octets } from "../frames/octets.ts";
import { FieldEncoder } from "../hpack/encoder.ts";

/** Sections are written here before their length is known; nothing else happens meanwhile. */
const section = new Octets();

export class HeadWriter {
  readonly #encoder = new FieldEncoder();
  readonly #peer: PeerSettings;

  constructor(peer: PeerSettings) {
    this.#peer = peer;
  }

  /** What the peer keeps of our fields. */
  set tableBytes(bytes: number) {
    this.#encoder.peerTableBytes = bytes;
  }

  /** @param date of now, said unless the answer has one @throws UnsafeMessage before anything is written */
  answer(
    out: Octets,
    stream: number,
    head: AnswerHead,
    length: number | undefined,
    isLast: boolean,
    date: string,
  ): void {
    const { status } = head;
    if (!(Number.isInteger(status) && status <= 599)) throw new Error(`${status} is not a status`);
    checkFields(head);
    const tell = this.#begin(status);
    const hasDate = tellAnswerFields(head, tell);
    if (!hasDate) tell("date", date);
    if (length !== undefined) tell("content-length", String(length));
    this.#frames(out, stream, isLast);
  }

  /** @throws UnsafeMessage before anything is written */
  informational(
    out: Octets,
    stream: number,
    status: number,
    fields: readonly string[],
    received: ReceivedFields | undefined,
  ): void {
    checkFields({ fields });
    const tell = this.#begin(status);
    if (received !== undefined) tellReceived(received, tell);
    tellRaw(fields, tell);
    this.#frames(out, stream, false);
  }

  /** @param trailers found to be safe */
  trailers(out: Octets, stream: number, trailers: readonly string[]): void {
    const tell = this.#begin(undefined);
    tellRaw(trailers, tell);
    this.#frames(out, stream, true);
  }

  #begin(status: number | undefined): (name: string, value: string) => void {
    section.length = 0;
    this.#encoder.begin(section);
    if (status !== undefined) this.#encoder.field(section, ":status", String(status));
    return this.#tell;
  }

  readonly #tell = (name: string, value: string): void => this.#encoder.field(section, name, value);

  #frames(out: Octets, stream: number, isLast: boolean): void {
    sectionFrames(out, section, stream, isLast, this.#peer.frameBytes);
  }
}
