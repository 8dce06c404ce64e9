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
    const { target, host, received, fields, prepared, body, upgrade } = request;
    check(request);
    section.length = 0;
    const encoder = this.#encoder;
    encoder.begin(section);
    encoder.field(section, ":method", upgrade === undefined ? request.method : "CONNECT");
    if (upgrade !== undefined) encoder.field(section, ":protocol", upgrade);
    encoder.field(section, ":scheme", this.#scheme);
    encoder.field(section, ":authority", host);
    encoder.field(section, ":path", target);
    const tell = upgrade === undefined ? this.#tell : this.#tellHandshake;
    if (received !== undefined) tellReceived(received, tell);
    if (fields !== undefined) tellRaw(fields, tell);
    if (prepared !== undefined) tellRaw(prepared.raw, tell);
    // Whoever asks gets them; some servers send none to those who do not say so.
    if (upgrade === undefined) encoder.field(section, "te", "trailers");
    if (request.expectContinue === true && (received === undefined || received.fields.find(FIELD.EXPECT) === -1)) {
      encoder.field(section, "expect", "100-continue");
    }
    // What is no HTTP has no length.
    const length =
      upgrade !== undefined ? undefined : request.stream === undefined ? body?.length : request.stream.length;
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

  /** Nobody proves here that he has understood: the protocol itself is named (RFC 8441 §5). */
  readonly #tellHandshake = (name: string, value: string): void => {
    if (name !== "sec-websocket-key") this.#tell(name, value);
  };
}

/** @throws UnsafeMessage */
function check(request: OutgoingRequest): void {
  const { method, target, host, upgrade } = request;
  if (!TOKEN.test(method)) throw new UnsafeMessage(`The method ${JSON.stringify(method)} is not a token.`);
  if (method === "CONNECT") {
    throw new UnsafeMessage("No stream of HTTP/2 leads to a third: ask for the origin with version 1.1.");
  }
  if (upgrade !== undefined) checkHandshake(request, upgrade);
  if (!PATH.test(target)) throw new UnsafeMessage("The target is no path, or holds a blank or a control character.");
  const name = Buffer.from(host, "latin1");
  if (host === "" || !isHost(name, 0, name.length))
    throw new UnsafeMessage(`The host ${JSON.stringify(host)} is none.`);
  checkFields(request);
}

/** What looks as the handshake of HTTP/1.1 does, and becomes `CONNECT` (RFC 8441 §4). @throws UnsafeMessage */
function checkHandshake({ method, target, body, stream }: OutgoingRequest, protocol: string): void {
  if (!TOKEN.test(protocol)) throw new UnsafeMessage(`The protocol ${JSON.stringify(protocol)} is not a token.`);
  if (method !== "GET" || (body?.length ?? 0) > 0 || stream !== undefined) {
    throw new UnsafeMessage("A stream leaves HTTP with GET, and without a body.");
  }
  if (target === "*") throw new UnsafeMessage("A stream that leaves HTTP has a path.");
}
