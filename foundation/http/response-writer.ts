/** Writes answers: whole ones in one call, long ones chunk by chunk at the pace of the client. */

import type { Exchange } from "./exchange.ts";
import { closeSlice, sendFile } from "./file-body.ts";
import type { HttpResponse, ResponseBody } from "./message.ts";
import { begin, end, type Outgoing, restOfRequest } from "./response-end.ts";
import { isBodyless, responseHead } from "./response-head.ts";
import { ownSlices, sendStream, slices, stopIterator } from "./stream-body.ts";

/** Bodies up to this size go out in one write: 64 KiB fit an ordinary socket buffer. */
const WHOLE_BODY_BYTES = 64 * 1024;

const NO_BYTES = new Uint8Array(0);

/** What the server adds to each answer. */
export interface ResponseSettings {
  readonly requestIdHeader: string | null;
  /** Whether the server is closing down. */
  readonly closing: boolean;
}

/**
 * Sends `response` and ends the exchange.
 *
 * Throws (or rejects) before anything was sent when the response cannot be sent as it is: then another one may be sent. Once the head is out, a
 * failure destroys the connection, so that no client takes a part for the whole; that failure is given to `onBroken`.
 */
export function sendResponse(
  exchange: Exchange,
  response: HttpResponse,
  settings: ResponseSettings,
  onBroken: (error: unknown) => void,
): Promise<void> | undefined {
  if (exchange.closed) {
    disposeBody(response);
    exchange.finish(false);
    return undefined;
  }
  const head = responseHead(response);
  const body = response.body ?? null;
  // A streamed answer may be made of the request's own body: whether something stays unread is known at its end only.
  const readsAlong = exchange.touchedBody?.used === true && isStream(body);
  const close =
    settings.closing ||
    exchange.connection.closing ||
    !exchange.persistent ||
    head.close ||
    (!readsAlong && restOfRequest(exchange) === "close");
  if (settings.requestIdHeader !== null) head.fields.push(settings.requestIdHeader, exchange.id);
  const { status, trailers } = response;
  const outgoing: Outgoing = { exchange, status, trailers, head, close, onBroken };

  if (exchange.method === "HEAD" || isBodyless(response.status)) {
    const length = bodylessLength(response, head.contentLength);
    if (length !== undefined) head.fields.push("Content-Length", String(length));
    disposeBody(response);
    begin(outgoing);
    return end(outgoing, null);
  }
  if (body === null || typeof body === "string" || body instanceof Uint8Array) {
    // A long text is made bytes once: counting them first would walk over it twice.
    if (typeof body === "string" && body.length > WHOLE_BODY_BYTES) {
      const bytes = Buffer.from(body);
      return sendStream(outgoing, ownSlices(bytes), bytes.length, bytes.length);
    }
    const length = lengthOf(body) ?? 0;
    if (length <= WHOLE_BODY_BYTES) {
      head.fields.push("Content-Length", String(length));
      begin(outgoing);
      exchange.bytesOut = length;
      return end(outgoing, length === 0 ? null : body);
    }
    const bytes = typeof body === "string" ? Buffer.from(body) : (body ?? NO_BYTES);
    return sendStream(outgoing, slices(bytes), length, length);
  }
  if ("kind" in body) return sendFile(outgoing, body);
  return sendStream(outgoing, body, response.contentLength ?? head.contentLength);
}

/** Releases what a response holds when it will not be sent. */
export function disposeBody(response: HttpResponse): void {
  const { body } = response;
  if (body === null || body === undefined || typeof body === "string" || body instanceof Uint8Array) return;
  if ("kind" in body) {
    if (body.fd !== undefined) closeSlice(body.fd);
    return;
  }
  stopIterator(body[Symbol.asyncIterator]());
}

function isStream(body: ResponseBody): body is AsyncIterable<Uint8Array> {
  return body !== null && typeof body === "object" && Symbol.asyncIterator in body;
}

/** The length that GET would have (RFC 9110 §8.6): never for 204; for 304 only when the handler says it. */
function bodylessLength(response: HttpResponse, declared: number | undefined): number | undefined {
  if (response.status === 204) return undefined;
  const said = declared ?? response.contentLength;
  if (said !== undefined || (response.status === 304 && (response.body ?? null) === null)) return said;
  return lengthOf(response.body);
}

function lengthOf(body: HttpResponse["body"]): number | undefined {
  if (body === null || body === undefined) return 0;
  if (typeof body === "string") return Buffer.byteLength(body);
  if (body instanceof Uint8Array) return body.length;
  return "kind" in body ? body.end - body.start : undefined;
}
