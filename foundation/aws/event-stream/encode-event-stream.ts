/** Event streams of answers: SelectObjectContent, InvokeWithResponseStream, StartLiveTail. */

import { AwsError } from "../aws-error.ts";
import { dialectOf } from "../dialect.ts";
import { createJsonEncoders } from "../json/encode-json.ts";
import type { Member, RoutedOperation, StructureShape } from "../model/shapes.ts";
import { mismatch } from "../values/mismatch.ts";
import { isRecord } from "../values/records.ts";
import { xmlEncodersOf } from "../xml/protocol-encoders.ts";
import { encodeFrame, type FrameHeaderValue } from "./encode-frame.ts";

const restJson = createJsonEncoders(true);
const awsJson = createJsonEncoders(false);
const text = new TextEncoder();
const empty = new Uint8Array(0);

type Headers = (readonly [string, FrameHeaderValue])[];

/**
 * Encodes events as they come: each is a union with one member set. An `AwsError` thrown by the source becomes the stream's last frame, an
 * exception the client can read; other errors break the stream.
 *
 * @param initial members of the output outside the stream; the JSON RPC protocols send them first, as `initial-response`
 */
export async function* encodeEventStream(
  routed: RoutedOperation,
  stream: StructureShape,
  events: AsyncIterable<unknown>,
  initial?: string,
): AsyncGenerator<Uint8Array> {
  if (initial !== undefined) {
    const headers: Headers = [
      [":message-type", "event"],
      [":event-type", "initial-response"],
      [":content-type", contentTypeOf(routed)],
    ];
    yield encodeFrame(headers, text.encode(initial));
  }
  try {
    for await (const event of events) yield encodeEvent(routed, stream, event);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    yield encodeException(routed, stream, error);
  }
}

function encodeEvent(routed: RoutedOperation, stream: StructureShape, event: unknown): Uint8Array {
  if (!isRecord(event)) throw mismatch(stream, event);
  for (const member of stream.members) {
    const value = event[member.name];
    if (value === undefined) continue;
    const headers: Headers = [
      [":message-type", "event"],
      [":event-type", member.name],
    ];
    const payload = encodeEventValue(routed, member, value, headers);
    return encodeFrame(headers, payload);
  }
  throw mismatch(stream, event);
}

/** The payload of one event; its header members are appended to `headers`. */
function encodeEventValue(routed: RoutedOperation, event: Member, value: unknown, headers: Headers): Uint8Array {
  const { shape } = event;
  if (shape.kind !== "structure") throw mismatch(shape, value);
  if (!isRecord(value)) throw mismatch(shape, value);
  for (const member of shape.members) {
    const item = value[member.name];
    if (member.eventHeader === true && isHeaderValue(item)) headers.push([member.name, item]);
  }
  const payload = shape.members.find((member) => member.eventPayload === true);
  if (payload !== undefined) {
    const item = value[payload.name];
    if (item === undefined) return empty;
    if (item instanceof Uint8Array) {
      headers.push([":content-type", "application/octet-stream"]);
      return item;
    }
    if (typeof item === "string") {
      headers.push([":content-type", "text/plain"]);
      return text.encode(item);
    }
    headers.push([":content-type", contentTypeOf(routed)]);
    return text.encode(encodeValue(routed, payload, item));
  }
  if (shape.members.every((member) => member.eventHeader === true)) return empty;
  headers.push([":content-type", contentTypeOf(routed)]);
  return text.encode(encodeValue(routed, event, value));
}

function encodeException(routed: RoutedOperation, stream: StructureShape, error: AwsError): Uint8Array {
  const member = stream.members.find(
    (candidate) => candidate.shape.name === error.code || candidate.name === error.code,
  );
  if (member === undefined || member.shape.kind !== "structure") {
    const headers: Headers = [
      [":message-type", "error"],
      [":error-code", error.code],
      [":error-message", error.message],
    ];
    return encodeFrame(headers, empty);
  }
  const headers: Headers = [
    [":message-type", "exception"],
    [":exception-type", member.name],
    [":content-type", contentTypeOf(routed)],
  ];
  const message = member.shape.members.find(({ name }) => name.toLowerCase() === "message");
  const value = { ...(message !== undefined && { [message.name]: error.message }), ...error.fields };
  return encodeFrame(headers, text.encode(encodeValue(routed, member, value)));
}

function encodeValue(routed: RoutedOperation, member: Member, value: unknown): string {
  if (routed.protocol === "restXml") {
    return xmlEncodersOf(dialectOf(routed.service)).document(member, undefined)(value);
  }
  return (routed.protocol === "restJson1" ? restJson : awsJson).member(member)(value);
}

function contentTypeOf(routed: RoutedOperation): string {
  return routed.protocol === "restXml" ? "text/xml" : "application/json";
}

function isHeaderValue(value: unknown): value is FrameHeaderValue {
  return (
    typeof value === "string" ||
    typeof value === "number" ||
    typeof value === "boolean" ||
    value instanceof Uint8Array ||
    value instanceof Date
  );
}
