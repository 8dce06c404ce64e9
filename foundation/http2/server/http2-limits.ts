/** How much a client of HTTP/2 may ask for at once. */

export interface Http2Limits {
  /** Requests at the same time on one connection; further ones are refused, and may be sent again. */
  readonly maxStreams: number;
  /** Octets of a body that a client may send before anybody reads it. */
  readonly unreadBytes: number;
  /** Octets by which that grows when somebody does: what is on its way at the same time limits how fast a body comes over a long way. */
  readonly readingBytes: number;
  /** Octets of all bodies on their way at the same time. They are credited as they come: what waits here is bounded by the limits of streams. */
  readonly connectionWindow: number;
  /** Octets of the table of fields that the client may use. */
  readonly tableBytes: number;
  /** Whether a stream may leave HTTP (RFC 8441), as WebSockets do: requests for that look like those with `Upgrade` of HTTP/1.1. */
  readonly allowsConnect: boolean;
  /** Octets that wait for a client that takes none; more cuts the connection. */
  readonly maxWaitingBytes: number;
}

const KIB = 1024;

export const DEFAULT_HTTP2_LIMITS: Http2Limits = {
  maxStreams: 128,
  unreadBytes: 64 * KIB,
  readingBytes: 192 * KIB,
  connectionWindow: KIB * KIB,
  tableBytes: 4 * KIB,
  allowsConnect: false,
  maxWaitingBytes: KIB * KIB,
};
