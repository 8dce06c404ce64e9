/** What connections of a server share, and how another protocol takes its place among them. */

import type { PreparedFields } from "../codec/message-writer.ts";
import type { Channel } from "../io/channel.ts";
import type { Deadlines } from "../io/deadlines.ts";
import type { ServerExchange } from "./exchange.ts";
import type { Refusal, ServerLimits } from "./server-types.ts";

/** A connection as its server sees it. */
export interface ServedConnection {
  /** Closes it when nothing is going on, and else as soon as nothing is. */
  endIfIdle(): void;
  /** Closes it now. */
  cut(): void;
}

export interface ServerContext {
  readonly limits: ServerLimits;
  readonly anyTarget: boolean;
  readonly secure: boolean;
  readonly deadlines: Deadlines;
  /** No further connections are taken, and each closes when its requests are answered. */
  readonly isClosing: boolean;
  dateField(): PreparedFields;
  onExchange(exchange: ServerExchange): void;
  refusalText(refusal: Refusal): string;
  onRefused(refusal: Refusal): void;
  onDefect(error: unknown): void;
  /** The connection is of no concern to the server any more. */
  onGone(connection: ServedConnection): void;
}

export interface Protocol {
  /** Its name in ALPN (RFC 7301), with which clients of TLS ask for it. */
  readonly alpn: string;
  /** What a client without TLS begins with when it knows that the server speaks it; no request of HTTP/1.1 begins so. */
  readonly preface: Buffer;
  /** Takes a connection over. @param channel whose owner it becomes */
  serve(channel: Channel, context: ServerContext): ServedConnection;
}
