/** How much servers of HTTP/2 may send, and how many requests they are sent, at once. */

import type { SharedContext } from "#foundation/http1";
import { OF_SERVERS } from "../connection/calm.ts";
import type { SessionOptions } from "../connection/session.ts";
import { SETTING } from "../frames/frames.ts";

export interface Http2ClientLimits {
  /** Requests at the same time on one connection, if its server takes so many. */
  readonly maxStreams: number;
  /** Octets of a body that a server may send before somebody reads them. */
  readonly streamWindow: number;
  /** Octets of all bodies on their way at the same time. They are credited as they come: what waits here is bounded by the windows of streams. */
  readonly connectionWindow: number;
  /** Octets of the table of fields that a server may use. */
  readonly tableBytes: number;
  /** Octets that wait for a server that takes none; more cuts the connection. From a quarter of it on, no further request is begun. */
  readonly maxWaitingBytes: number;
  /** For the answer to a PING, which is sent when a request is not answered in time: does anybody still live there? */
  readonly pongTimeoutMs: number;
  /** For octets that a server does not take. */
  readonly writeTimeoutMs: number;
}

const KIB = 1024;

export const DEFAULT_HTTP2_CLIENT_LIMITS: Http2ClientLimits = {
  maxStreams: 256,
  // As much as a reader of HTTP/1.1 may have waiting.
  streamWindow: 256 * KIB,
  connectionWindow: 4 * KIB * KIB,
  tableBytes: 4 * KIB,
  maxWaitingBytes: KIB * KIB,
  pongTimeoutMs: 5_000,
  writeTimeoutMs: 60_000,
};

/** What a connection is begun with. */
export function sessionOptions(context: SharedContext, limits: Http2ClientLimits): SessionOptions {
  return {
    peer: "server",
    deadlines: context.deadlines,
    limits: context.limits,
    settings: [
      [SETTING.ENABLE_PUSH, 0],
      [SETTING.INITIAL_WINDOW_SIZE, limits.streamWindow],
      [SETTING.MAX_HEADER_LIST_SIZE, context.limits.maxHeadBytes],
      [SETTING.HEADER_TABLE_SIZE, limits.tableBytes],
    ],
    tableBytes: limits.tableBytes,
    connectionWindow: limits.connectionWindow,
    creditFrom: limits.connectionWindow / 2,
    maxWaitingBytes: limits.maxWaitingBytes,
    budget: OF_SERVERS,
    // Not at the end of each event: requests of all clients that have sent something leave in one write, which is 17 % more of them in a second of a core.
    soon: setImmediate,
    firstMs: context.readyTimeoutMs,
  };
}
