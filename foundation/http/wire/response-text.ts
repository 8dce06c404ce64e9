/** The head of an answer as text. */

import { STATUS_CODES } from "node:http";
import { assertSafeHeader } from "../headers.ts";

/** Pure ASCII, so that its bytes are the same in every encoding. */
const ASCII_VALUE = /^[\t\x20-\x7e]*$/;

/** Names that were found safe: programs use few, but some are made of what users say (`x-amz-meta-…`). */
const NAMES_KEPT_MAX = 1024;
const safeNames = new Set<string>();

/** A head that is ready to be sent. */
export interface HeadText {
  /** One character for each byte, up to and with the last field's CRLF; the empty line is not in it. */
  readonly text: string;
  /** Whether it is pure ASCII, so that it may be sent as UTF-8. */
  readonly ascii: boolean;
}

/**
 * @param fields name, value, name, value …
 * @throws UnsafeHeader when a field would split the message or cannot be carried
 */
export function headText(status: number, fields: readonly string[]): HeadText {
  let text = statusLine(status);
  let ascii = true;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (!safeNames.has(name) || !ASCII_VALUE.test(value)) {
      assertSafeHeader(name, value);
      if (safeNames.size < NAMES_KEPT_MAX) safeNames.add(name);
      ascii &&= ASCII_VALUE.test(value);
    }
    text += `${name}: ${value}\r\n`;
  }
  return { text, ascii };
}

const statusLines: string[] = [];

function statusLine(status: number): string {
  statusLines[status] ??= `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;
  return statusLines[status]!;
}

/** `Date` headers with the time of a clock, made once a second (RFC 9110 §6.6.1). */
export function createDateField(now: () => number): () => string {
  let second = -1;
  let field = "";
  return () => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      field = `Date: ${new Date(current * 1000).toUTCString()}\r\n`;
    }
    return field;
  };
}
