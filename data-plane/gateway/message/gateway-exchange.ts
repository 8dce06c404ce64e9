/** One request on its way through the gateway, as plugins see it. */
import type { PlannedOperation } from "#foundation/gateway-artifact";
import type { MessageBody } from "#foundation/http1";
import type { TraceContext } from "#foundation/telemetry";
import type { HeaderFields } from "./header-fields.ts";

export interface GatewayExchange {
  readonly operation: PlannedOperation;
  /** That of the client when it sent a usable one, or a new one. */
  readonly requestId: string;
  readonly trace: TraceContext;
  readonly request: GatewayRequest;
  /** Who it is, set by a middleware that has verified it. Fields that a client sends never get here. */
  identity: Identity | undefined;
  /** What middlewares tell each other: `ai.policy`, `ai.target` … */
  readonly context: Map<string, string>;
  /** Of each `ExchangeNote`: itself, and what it holds. Nobody else's business. */
  readonly notes: unknown[];
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  /** Called once when the client has gone before the answer was complete; at once when it has gone already. Costs less than a signal. */
  whenGone(listener: () => void): void;
}

export interface GatewayRequest {
  method: string;
  /** As it was sent, percent-encoded, beginning with a slash, without query. What stands here goes upstream. */
  path: string;
  /** As it was sent, without the question mark; empty for none. */
  query: string;
  readonly headers: HeaderFields;
  /** Percent-decoded, by name. */
  readonly pathParameters: Readonly<Record<string, string>>;
  /** The client's address: that of the connection, or what a trusted proxy in front says. */
  readonly clientAddress: string;
  /** Whether the client speaks TLS to the gateway (or says a trusted proxy in front). */
  readonly secure: boolean;
  /** `Host` or the authority of the target, in lower case. */
  readonly host: string;
  readonly body: RequestBody;
}

/** The body of a request: whole when somebody has to see it, as it comes otherwise. */
export interface RequestBody {
  /** All of it, once it was read because the description or a plugin asks for it (`readsRequestBody`); empty when there is none. Undefined while it is a stream. */
  readonly bytes: Uint8Array | undefined;
  /** Puts another in its place. Only when it is whole. */
  replace(bytes: Uint8Array): void;
  /** As it comes; undefined when it is whole. Taken by the dispatcher, once. */
  readonly stream: MessageBody | undefined;
  /** In octets; undefined when it comes in chunks. */
  readonly length: number | undefined;
}

/** Somebody whom a middleware has verified. */
export interface Identity {
  /** Name for rules and quotas: the subject of a token, the id of a key, a user name. */
  readonly consumer: string;
  /** Which middleware says so. */
  readonly by: string;
  readonly groups: readonly string[];
  readonly scopes: readonly string[];
  /** Of a token; empty for others. */
  readonly claims: Readonly<Record<string, unknown>>;
}
