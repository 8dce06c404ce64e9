/** HTTP/2 for servers and clients of `#foundation/http1`: frames, flow control and field compression of our own. */
import type { ClientProtocol, Protocol } from "#foundation/http1";
import { Http2ClientConnection } from "./client/http2-client-connection.ts";
import { DEFAULT_HTTP2_CLIENT_LIMITS, type Http2ClientLimits } from "./client/http2-client-limits.ts";
import { PREFACE } from "./frames/frames.ts";
import { Http2Connection } from "./server/http2-connection.ts";
import { DEFAULT_HTTP2_LIMITS, type Http2Limits } from "./server/http2-limits.ts";

export { DEFAULT_HTTP2_CLIENT_LIMITS, type Http2ClientLimits } from "./client/http2-client-limits.ts";
export { DEFAULT_HTTP2_LIMITS, type Http2Limits } from "./server/http2-limits.ts";

/**
 * For `serve({ protocols: [http2()] })`: clients that ask for `h2` in TLS, or that begin with its preface without TLS, are served over it by the same `onExchange`.
 *
 * RFC 9113 and RFC 7541, without server push and without the priorities of RFC 7540.
 */
export function http2(limits: Partial<Http2Limits> = {}): Protocol {
  const all: Http2Limits = { ...DEFAULT_HTTP2_LIMITS, ...limits };
  return {
    alpn: "h2",
    preface: PREFACE,
    serve(channel, context) {
      const connection = new Http2Connection(channel, context, all);
      channel.owner = connection;
      return connection;
    },
  };
}

/**
 * For `new ClientPool({ http2: http2Client() })`: origins of version `2` or `auto` are asked over it, with the same exchanges.
 *
 * Nothing is pushed to it. A request with `upgrade` leaves HTTP on a stream (RFC 8441) where the server offers that, and fails with `no-connect`, unsent, where it does not.
 */
export function http2Client(limits: Partial<Http2ClientLimits> = {}): ClientProtocol {
  const all: Http2ClientLimits = { ...DEFAULT_HTTP2_CLIENT_LIMITS, ...limits };
  return {
    alpn: "h2",
    connect: (channel, home, context) => {
      const connection = new Http2ClientConnection(channel, home, context, all);
      channel.owner = connection;
      return connection;
    },
  };
}
