/** How long a request is, decided once and strictly (RFC 9112 §6): what is ambiguous is refused, because others may read it differently. */

import { sameName } from "./headers.ts";

export interface Framing {
  /** Why the request is refused with 400; undefined when it is sound. */
  readonly refusal: string | undefined;
  readonly host: string;
  readonly contentLength: number | undefined;
  readonly chunked: boolean;
}

/** What a host and port are written with (RFC 9110 §7.2, RFC 3986 §3.2.2). Others read a blank, a slash or an @ in it in ways of their own. */
const HOST = /^[A-Za-z0-9\-._~!$&'()*+,;=%:[\]]*$/;
const DIGITS = /^[0-9]{1,15}$/; // 15 digits stay exact below 2^53.

/**
 * Reads host, content-length and transfer-encoding.
 *
 * Refused: content-length together with transfer-encoding, a repeated or malformed content-length, any transfer coding but a single `chunked`,
 * transfer-encoding in HTTP/1.0, more than one Host, no Host in HTTP/1.1, a Host that is none.
 */
export function readFraming(raw: readonly string[], httpVersion: string): Framing {
  let host: string | undefined;
  let length: string | undefined;
  let coding: string | undefined;
  let refusal: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    switch (name.length) {
      case 4:
        if (!sameName(name, "host")) break;
        if (host !== undefined) refusal = "more than one Host header";
        host = raw[i + 1];
        break;
      case 14:
        if (!sameName(name, "content-length")) break;
        if (length !== undefined) refusal = "more than one Content-Length header";
        length = raw[i + 1];
        break;
      case 17:
        if (!sameName(name, "transfer-encoding")) break;
        if (coding !== undefined) refusal = "more than one Transfer-Encoding header";
        coding = raw[i + 1];
        break;
    }
  }
  let contentLength: number | undefined;
  if (length !== undefined) {
    if (!DIGITS.test(length)) refusal = "a malformed Content-Length header";
    contentLength = Number(length);
  }
  if (coding !== undefined) {
    if (length !== undefined) refusal = "both Content-Length and Transfer-Encoding";
    else if (httpVersion === "1.0") refusal = "Transfer-Encoding in HTTP/1.0";
    else if (coding.toLowerCase() !== "chunked") refusal = "an unsupported transfer coding";
  }
  if (host === undefined) {
    if (httpVersion !== "1.0") refusal ??= "no Host header";
  } else if (!HOST.test(host)) refusal ??= "a malformed Host header";
  return { refusal, host: host ?? "", contentLength, chunked: coding !== undefined };
}

/** A request-target cut into the parts handlers use, nothing decoded (RFC 9112 §3.2). */
export interface TargetParts {
  readonly path: string;
  readonly query: string;
  /** The authority of an absolute-form target; it replaces the Host header. */
  readonly authority: string | undefined;
}

export function splitTarget(target: string): TargetParts {
  let rest = target;
  let authority: string | undefined;
  if (target.charCodeAt(0) !== 0x2f) {
    const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target);
    if (absolute !== null) {
      authority = absolute[1]!;
      rest = absolute[2]!.startsWith("/") ? absolute[2]! : `/${absolute[2]}`;
    }
  }
  const mark = rest.indexOf("?");
  return mark < 0
    ? { path: rest, query: "", authority }
    : { path: rest.slice(0, mark), query: rest.slice(mark + 1), authority };
}
