/** How another protocol takes its place among the connections of a client: one that carries several exchanges at the same time. */

import type { Channel } from "../io/channel.ts";
import type { Deadlines } from "../io/deadlines.ts";
import type { ClientExchange } from "./client-exchange.ts";
import type { ClientFailure, ClientLimits } from "./client-types.ts";

/** A connection as its pool sees it. */
export interface SharedConnection {
  /** Further exchanges that it takes now; 0 before it is ready, and when it takes none any more. */
  readonly room: number;
  readonly isIdle: boolean;
  /** Sends a request. Only while there is room. */
  begin(exchange: ClientExchange): void;
  /** Takes no further exchange, and closes when those that it has are over. */
  close(): void;
}

/** Who is told what becomes of a connection. */
export interface SharedHome {
  /** There may be more room than before. */
  onRoom(connection: SharedConnection): void;
  /** It takes no further exchange: its server wants none, or it is closed. Once, before `onGone`. */
  onLeaving(connection: SharedConnection): void;
  /** It is closed. @param failure why it never was ready; undefined when it was */
  onGone(connection: SharedConnection, failure: ClientFailure | undefined): void;
  /** The server has not looked at this request, and never will: it may be sent on another connection. */
  onReturned(exchange: ClientExchange): void;
}

export interface SharedContext {
  readonly deadlines: Deadlines;
  readonly limits: ClientLimits;
  readonly secure: boolean;
  /** Until the server has said what it takes. */
  readonly readyTimeoutMs: number;
}

export interface ClientProtocol {
  /** Its name in ALPN (RFC 7301). */
  readonly alpn: string;
  /** Takes a connection over. @param channel whose owner it becomes */
  connect(channel: Channel, home: SharedHome, context: SharedContext): SharedConnection;
}
