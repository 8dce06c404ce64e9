/** The head of an answer: which headers are sent, and which of them the server decides. Pure. */

import type { HttpResponse } from "./message.ts";

/** Statuses that never have a body (RFC 9110 §6.4.1). */
export function isBodyless(status: number): boolean {
  return status === 204 || status === 304;
}

export interface ResponseHead {
  /** Name, value, name, value … Without framing headers: those are the server's. */
  readonly fields: string[];
  /** What a `content-length` among the handler's headers asked for. */
  readonly contentLength: number | undefined;
  /** Whether the handler asked to close the connection. */
  readonly close: boolean;
}

/**
 * Flattens the headers of a response. Whoever writes them checks that none splits the message: the engine for its answers, `rawAnswer` for its own.
 *
 * `content-length` is taken as the length of the body, `connection: close` as a wish to close; other framing headers are dropped, because only
 * the server knows how the message is framed.
 *
 * @throws RangeError when the status is not 200 to 599
 */
export function responseHead(response: HttpResponse): ResponseHead {
  const { status, headers } = response;
  if (!(Number.isInteger(status) && status >= 200 && status <= 599)) {
    throw new RangeError(`The status ${status} cannot end an exchange; 200 to 599 are allowed.`);
  }
  const fields: string[] = [];
  let contentLength: number | undefined;
  let close = false;
  if (headers !== undefined) {
    for (const [name, value] of headers) {
      switch (name.length) {
        case 10: {
          const lower = name.toLowerCase();
          if (lower === "keep-alive") continue;
          if (lower !== "connection") break;
          if (value.toLowerCase() === "close") close = true;
          continue;
        }
        case 14:
          if (name.toLowerCase() !== "content-length") break;
          contentLength = parseLength(value);
          continue;
        case 17:
          if (name.toLowerCase() === "transfer-encoding") continue;
          break;
      }
      fields.push(name, value);
    }
  }
  return { fields, contentLength, close };
}

function parseLength(value: string): number {
  const length = Number(value);
  if (!Number.isSafeInteger(length) || length < 0) throw new RangeError(`The content-length ${value} is no length.`);
  return length;
}
