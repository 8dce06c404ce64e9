/** One request and its answer, as whoever answers sees it, whichever version of HTTP the client speaks. */

import type { Fields } from "../codec/fields.ts";
import type { FieldMask, PreparedFields } from "../codec/message-writer.ts";
import type { ReceivedHead } from "../codec/received-head.ts";
import type { RawDuplex } from "../io/duplex.ts";
import type { MessageBody } from "../message-body.ts";

/** Fields of another message that are copied octet for octet: what a proxy received. Framing and what is for one hop are left out. */
export interface ReceivedFields {
  readonly fields: Fields;
  /** Default `NOT_COPIED`. */
  readonly not?: FieldMask;
  readonly isDropped?: (fields: Fields, index: number) => boolean;
}

/** The head of an answer. Framing, `Connection` and (unless it is there) `Date` are written by the server. */
export interface AnswerHead {
  readonly status: number;
  /** Default: the usual one. */
  readonly reason?: string;
  readonly received?: ReceivedFields;
  /** Name, value, name, value … */
  readonly fields?: readonly string[];
  /** The same, checked once. Without `Date`, which the server writes. */
  readonly prepared?: PreparedFields;
  /** Whether the connection closes after the answer. Default false. */
  readonly close?: boolean;
}

/**
 * Valid until it is answered: then head and body are forgotten. Whoever answers later, or after the client has left, does nothing.
 *
 * @example
 * onExchange: (exchange) => exchange.answer({ status: 200, fields: ["Content-Type", "text/plain"] }, "hello")
 */
export interface ServerExchange {
  /** Called when the client takes more, after `write` or `begin` said that it must be waited for. */
  onDrain: (() => void) | undefined;
  /** Called once when the connection is gone, or the request is refused, before the answer was complete. */
  onGone: (() => void) | undefined;
  /** Whether the head of the final answer was sent. */
  readonly isBegun: boolean;
  /** Whether nothing more can be answered. */
  readonly isOver: boolean;
  /** @throws Error when the request is answered */
  readonly head: ReceivedHead;
  readonly body: MessageBody;
  /** Whether all of the request has come. */
  readonly isReceived: boolean;
  readonly remoteAddress: string;
  readonly secure: boolean;
  /** Aborted when the client goes away before the answer is complete. Made when it is asked for. */
  readonly signal: AbortSignal;
  /** Tells the client to send the body it has announced. Reading the body does so too. */
  sendContinue(): void;
  /** Sends a 1xx response before the final one. Clients of HTTP/1.0 know none. @throws UnsafeMessage */
  inform(status: number, fields: readonly string[], received?: ReceivedFields): void;
  /** Answers with a whole body. @throws UnsafeMessage; then another answer may be given */
  answer(head: AnswerHead, body?: string | Uint8Array | null): void;
  /**
   * Begins an answer whose body follows by `write` and `end`.
   *
   * @param length of the body, exactly; undefined when it is not known. For HEAD and 304, the length that GET would have
   * @param first what is there of the body: it leaves together with the head
   * @returns whether more may follow at once, as `write`
   * @throws UnsafeMessage; then another answer may be given
   */
  begin(head: AnswerHead, length: number | undefined, first?: Uint8Array): boolean;
  /** @returns whether more may follow at once; if not, `onDrain` is called, and the bytes must not change until then */
  write(bytes: Uint8Array): boolean;
  /** The body is complete. @param trailers sent behind a body whose length was not said, dropped behind any other */
  end(trailers?: readonly string[]): void;
  /**
   * Leaves HTTP: hands the connection over. Only for a request of HTTP/1.1 (`head.upgrade`, or CONNECT).
   * @param protocol undefined for CONNECT
   */
  switchProtocols(protocol: string | undefined, fields: readonly string[], received?: ReceivedFields): RawDuplex;
  /** An answer that cannot be completed must not look complete: the request, or its connection, is cut. */
  abort(): void;
}
