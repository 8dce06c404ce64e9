/** What a reader makes of octets, as data. For tests. */

import type { FaultCode } from "../codec/faults.ts";
import type { MessageLimits } from "../codec/limits.ts";
import { RequestReader, type RequestReaderOptions } from "../codec/request-reader.ts";
import { ResponseReader } from "../codec/response-reader.ts";

export interface RequestSeen {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly host: string;
  readonly fields: readonly string[];
  readonly persistent: boolean;
  body: string;
  trailers: readonly string[];
  complete: boolean;
}

export interface ResponseSeen {
  readonly status: number;
  readonly reason: string;
  readonly version: string;
  readonly fields: readonly string[];
  readonly persistent: boolean;
  readonly framing: string;
  body: string;
  trailers: readonly string[];
  complete: boolean;
}

export interface Transcript<Message> {
  readonly messages: Message[];
  /** `open`: more may come. `left-http`: the rest is for another protocol. `closed`: octets behind the last message of the connection. */
  outcome: FaultCode | "open" | "left-http" | "closed";
  /** What came behind the head that left HTTP. */
  rest: string;
}

export function octets(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** @param end tells the reader at last that no more will come */
export function readRequests(
  pieces: readonly Buffer[],
  options: RequestReaderOptions = {},
  end = false,
): Transcript<RequestSeen> {
  const transcript: Transcript<RequestSeen> = { messages: [], outcome: "open", rest: "" };
  const { messages } = transcript;
  const reader: RequestReader = new RequestReader(
    {
      onHead(head) {
        const { method, target, version, host, persistent } = head;
        messages.push({
          ...{ method, target, version, host, persistent },
          fields: head.fields.toRaw(),
          body: "",
          trailers: [],
          complete: false,
        });
      },
      onBody(data) {
        messages.at(-1)!.body += data.toString("latin1");
      },
      onComplete(trailers) {
        const message = messages.at(-1)!;
        message.complete = true;
        message.trailers = trailers.toRaw();
      },
    },
    options,
  );
  for (const piece of pieces) {
    let at = 0;
    while (at < piece.length) {
      if (transcript.outcome !== "open") {
        if (transcript.outcome === "left-http") transcript.rest += piece.toString("latin1", at);
        break;
      }
      at = reader.push(piece, at);
      if (reader.fault !== undefined) transcript.outcome = reader.fault;
      else if (reader.isTunnel || (reader.isDone && reader.head.upgrade)) transcript.outcome = "left-http";
      else if (reader.isDone) reader.next();
      else if (reader.isClosed) transcript.outcome = "closed";
    }
  }
  if (end && transcript.outcome === "open") transcript.outcome = reader.end() ?? "open";
  return transcript;
}

/** @param methods of the requests that are answered, one after the other; the last one again and again */
export function readResponses(
  pieces: readonly Buffer[],
  methods: readonly string[] = ["GET"],
  end = false,
  limits?: Partial<MessageLimits>,
): Transcript<ResponseSeen> {
  const transcript: Transcript<ResponseSeen> = { messages: [], outcome: "open", rest: "" };
  const { messages } = transcript;
  const reader = new ResponseReader(limits);
  const seen = (): void => {
    const { status, reason, version, persistent, framing } = reader.head;
    messages.push({
      ...{ status, reason, version, persistent, framing },
      fields: reader.head.fields.toRaw(),
      body: "",
      trailers: [],
      complete: reader.head.isInformational,
    });
  };
  let asked = 0;
  const ask = (): void =>
    reader.expect(methods[Math.min(asked++, methods.length - 1)]!, {
      onInformational: seen,
      onHead: seen,
      onBody(data) {
        messages.at(-1)!.body += data.toString("latin1");
      },
      onComplete(trailers) {
        const message = messages.at(-1)!;
        message.complete = true;
        message.trailers = trailers.toRaw();
      },
    });
  for (const piece of pieces) {
    let at = 0;
    while (at < piece.length && transcript.outcome === "open") {
      if (reader.isIdle) ask();
      at = reader.push(piece, at);
      if (reader.isTunnel) transcript.outcome = "left-http";
      else if (reader.fault !== undefined) transcript.outcome = reader.isDone ? "closed" : reader.fault;
    }
    if (transcript.outcome === "left-http") transcript.rest += piece.toString("latin1", at);
  }
  if (end && transcript.outcome === "open") transcript.outcome = reader.end() ?? "open";
  return transcript;
}

/** `bytes` cut into pieces of `size`. */
export function cutEvery(bytes: Buffer, size: number): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
  return pieces;
}

/** `bytes` cut at a place. */
export function cutAt(bytes: Buffer, place: number): Buffer[] {
  return [bytes.subarray(0, place), bytes.subarray(place)];
}
