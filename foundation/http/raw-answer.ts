/** Whole answers as bytes, for sockets on which the engine does not answer itself: malformed requests and refused upgrades. Pure. */

import { STATUS_CODES } from "node:http";
import { assertSafeHeader } from "./headers.ts";
import type { HttpResponse } from "./message.ts";
import { isBodyless, responseHead } from "./response-head.ts";
import type { Fault } from "./wire/connection-reader.ts";

/**
 * The bytes of an HTTP/1.1 answer that closes its connection. Streamed bodies are not sent: what is refused is answered with text or bytes.
 *
 * @throws UnsafeHeader
 */
export function rawAnswer(response: HttpResponse): Uint8Array {
  const { fields } = responseHead(response);
  const body =
    typeof response.body === "string" || response.body instanceof Uint8Array ? Buffer.from(response.body) : NO_BODY;
  const payload = isBodyless(response.status) ? NO_BODY : body;
  let head = `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? "Unknown"}\r\n`;
  for (let i = 0; i < fields.length; i += 2) {
    assertSafeHeader(fields[i]!, fields[i + 1]!);
    head += `${fields[i]}: ${fields[i + 1]}\r\n`;
  }
  head += `Connection: close\r\nContent-Length: ${payload.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), payload]);
}

const NO_BODY = Buffer.alloc(0);

/** What a client is answered whose bytes are no request. */
export function faultRefusal(fault: Fault): HttpResponse {
  switch (fault) {
    case "head-too-large":
      return plain(431, "The request headers are too large.");
    case "head-too-late":
      return plain(408, "The request headers did not arrive in time.");
    case "malformed":
    case "incomplete":
      return plain(400, "The request is not well-formed HTTP.");
  }
}

/** A short text answer. */
export function plain(status: number, text: string): HttpResponse {
  return { status, headers: [["content-type", "text/plain; charset=utf-8"]], body: `${text}\n` };
}
