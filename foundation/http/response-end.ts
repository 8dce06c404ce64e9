/** The beginning and the end of an answer, and what becomes of the part of the request that nobody read. */

import type { Exchange } from "./exchange.ts";
import type { IdleEntry } from "./idle-watch.ts";
import { LINGER_MS } from "./limits.ts";
import type { HttpResponse } from "./message.ts";
import type { ResponseHead } from "./response-head.ts";

/** What to do with the part of the request body that nobody read. */
export type Rest = "none" | "drain" | "close";

/** An answer on its way, without its body: whoever sends that lets it go when it is sent. */
export interface Outgoing {
  readonly exchange: Exchange;
  readonly status: number;
  readonly trailers: HttpResponse["trailers"];
  readonly head: ResponseHead;
  /** Whether the connection closes after the answer. */
  readonly close: boolean;
  /** Told about a failure after the head was sent. */
  readonly onBroken: (error: unknown) => void;
}

/** What the unread part of the request calls for. */
export function restOfRequest(exchange: Exchange): Rest {
  const { contentLength, chunked, touchedBody } = exchange;
  if (!chunked && (contentLength === undefined || contentLength === 0)) return "none";
  const outstanding = touchedBody === undefined ? contentLength : touchedBody.outstanding;
  if (outstanding === 0) return "none";
  // A client that was never told to continue may send the body or the next request: only closing is unambiguous (RFC 9110 §10.1.1).
  if (exchange.awaitingContinue || outstanding === undefined) return "close";
  return outstanding <= exchange.maxDrainBytes ? "drain" : "close";
}

/** Sends the head (or hands it to the engine, which sends it with the first bytes). */
export function begin({ exchange, status, head, close }: Outgoing): void {
  if (exchange.response.writeHead(status, head.fields, close)) exchange.connection.closing = true;
  exchange.status = status;
}

/** Ends the answer with its last bytes and deals with the rest of the request. */
export function end({ exchange }: Outgoing, last: string | Uint8Array | null): Promise<void> | undefined {
  const { response } = exchange;
  const rest = restOfRequest(exchange);
  if (rest === "close") return linger(exchange, last);
  response.end(last);
  if (rest === "drain") drainRequest(exchange);
  if (response.finished) exchange.finish(true);
  else awaitClient(exchange);
  return undefined;
}

/** The client takes its time for the last bytes, but not for ever. */
function awaitClient(exchange: Exchange): void {
  const entry: IdleEntry = { deadline: 0, expire: () => exchange.connection.socket.destroy() };
  exchange.idle.start(entry, exchange.limits.writeIdleTimeoutMs);
  const finish = (complete: boolean): void => {
    exchange.idle.stop(entry);
    exchange.finish(complete);
  };
  exchange.whenClosed(() => finish(false));
  exchange.response.onFinish(() => finish(true));
}

/** Reads the small rest of the request while the client takes the answer; a client that does not send it is cut. */
function drainRequest(exchange: Exchange): void {
  const { incoming, connection } = exchange;
  const entry: IdleEntry = { deadline: 0, expire: () => connection.socket.destroy() };
  exchange.idle.start(entry, exchange.idleTimeoutMs);
  incoming.whenEnded(() => exchange.idle.stop(entry));
  incoming.drop();
}

/** Sends the whole answer, goes on reading for a while, then closes: closing at once would reset the connection and lose the answer. */
function linger(exchange: Exchange, last: string | Uint8Array | null): Promise<void> {
  const { response, incoming, connection } = exchange;
  connection.closing = true;
  if (last === null) response.flushHeaders();
  else response.write(typeof last === "string" ? Buffer.from(last) : last);
  return new Promise((resolve) => {
    let over = false;
    const finish = (): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      const complete = !exchange.closed;
      if (complete) response.end(null);
      exchange.finish(complete);
      resolve();
    };
    const timer = setTimeout(finish, LINGER_MS);
    exchange.whenClosed(finish);
    incoming.whenEnded(finish);
    if (!exchange.awaitingContinue) incoming.drop();
    else exchange.message.drop();
  });
}

/** A failure after the head was sent: the connection is cut, so that no client takes a part for the whole. */
export function breakOff({ exchange, onBroken }: Outgoing, error: unknown): void {
  const clientLeft = exchange.closed;
  exchange.connection.closing = true;
  exchange.finish(false);
  exchange.connection.socket.destroy();
  if (!clientLeft) onBroken(error);
}
