/** Heads and trailers of requests as frames (RFC 9113 §8.3.1). */
import { FIELD, isHost, type OutgoingRequest, UnsafeMessage } from "#foundation/http1";
import { checkFields, tellRaw, tellReceived } from "../connection/outgoing-fields.ts";
import type { PeerSettings } from "../connection/peer-settings.ts";
import { sectionFrames } from "../connection/section-frames.ts";
import { Octets } from "../frames/octets.ts";
import { FieldEncoder } from "../hpack/encoder.ts";

/** Sections are written here before their length is known; nothing else happens meanwhile. */
const section = new Octets();

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What begins with a slash, or the whole server: origin form and asterisk form. */
const PATH = /^(?:\/[\x21-\x7e\x80-\xff]*|\*)$/;

export class RequestHeadWriter {
  readonly #encoder = new FieldEncoder();
  readonly #peer: PeerSettings;
  readonly #scheme: string;

  constructor(peer: PeerSettings, scheme: "http" | "https") {
    this.#peer = peer;
    this.#scheme = scheme;
  }

  /** What the peer keeps of our fields. */
  set tableBytes(bytes: number) {
    this.#encoder.peerTableBytes = bytes;
  }

  /** @param isLast whether no body follows @throws UnsafeMessage before anything is written */
  request(out: Octets, stream: number, request: OutgoingRequest, isLast: boolean): void {
    const { method, target, host, received, fields, prepared, body } = request;
    check(request);
    section.length = 0;
    const encoder = this.#encoder;
    encoder.begin(section);
    encoder.field(section, ":method", method);
    encoder.field(section, ":scheme", this.#scheme);
    encoder.field(section, ":authority", host);
    encoder.field(section, ":path", target);
    if (received !== undefined) tellReceived(received, this.#tell);
    if (fields !== undefined) tellRaw(fields, this.#tell);
    if (prepared !== undefined) tellRaw(prepared.raw, this.#tell);
    // Whoever asks gets them; some servers send none to those who do not say so.
    encoder.field(section, "te", "trailers");
    if (request.expectContinue === true && (received === undefined || received.fields.find(FIELD.EXPECT) === -1)) {
      encoder.field(section, "expect", "100-continue");
    }
    const length = request.stream === undefined ? body?.length : request.stream.length;
    if (length !== undefined) encoder.field(section, "content-length", String(length));
    sectionFrames(out, section, stream, isLast, this.#peer.frameBytes);
  }

  /** @param trailers found to be safe */
  trailers(out: Octets, stream: number, trailers: readonly string[]): void {
    section.length = 0;
    this.#encoder.begin(section);
    tellRaw(trailers, this.#tell);
    sectionFrames(out, section, stream, true, this.#peer.frameBytes);
  }

  readonly #tell = (name: string, value: string): void => {
    // Both are said above, in the way of this protocol.
    if (name !== "host" && name !== "te") this.#encoder.field(section, name, value);
  };
}

/** @throws UnsafeMessage */
function check(request: OutgoingRequest): void {
  const { method, target, host, upgrade } = request;
  if (!TOKEN.test(method)) throw new UnsafeMessage(`The method ${JSON.stringify(method)} is not a token.`);
  if (method === "CONNECT" || upgrade !== undefined) {
    throw new UnsafeMessage("A stream of HTTP/2 does not leave HTTP: ask for the origin with version 1.1.");
  }
  if (!PATH.test(target)) throw new UnsafeMessage("The target is no path, or holds a blank or a control character.");
  const name = Buffer.from(host, "latin1");
  if (host === "" || !isHost(name, 0, name.length))
    throw new UnsafeMessage(`The host ${JSON.stringify(host)} is none.`);
  checkFields(request);
}
