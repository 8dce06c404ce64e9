/** What a plugin of the gateway is. Its declaration (name, schema of its configuration, phase) is in `#foundation/gateway-artifact`. */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { ClientPool } from "#foundation/http1";
import type { Clock, Random, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import type { Answer } from "../message/answer.ts";
import type { GatewayExchange } from "../message/gateway-exchange.ts";

export type MaybeAsync<Value> = Value | Promise<Value>;

/** The program of a middleware. */
export interface MiddlewarePlugin {
  readonly name: string;
  /**
   * Once for each configuration when an artifact is loaded; what it throws keeps the artifact from being used.
   *
   * @param config valid by the declaration's schema, defaults filled in, references to secrets resolved
   */
  setup(config: JsonObject, host: PluginHost): MaybeAsync<Middleware>;
}

/** Answer at once where possible: a promise costs every request a turn of the loop. */
export interface Middleware {
  /** Whether the body of the request must be whole before `onRequest` (`request.body.bytes`). Only of phase `transformation`. */
  readonly readsRequestBody?: boolean;
  /** Whether the body of the answer must be whole before `onResponse` (`answer.body` is a `Uint8Array`). */
  readonly readsResponseBody?: boolean;
  /** @returns an answer to give in place of everything further in; undefined to go on. What it throws is answered with 500. */
  onRequest?(exchange: GatewayExchange): MaybeAsync<Answer | undefined>;
  /** On the way back, in reverse order; for middlewares whose `onRequest` was called and went on, and those that answered. May change the answer in place. */
  onResponse?(exchange: GatewayExchange, answer: Answer): MaybeAsync<void>;
  /** After the last octet of the answer, or when the client has gone. */
  onEnd?(exchange: GatewayExchange, outcome: ExchangeOutcome): void;
  /** Nobody uses it any more. */
  close?(): void;
}

export interface ExchangeOutcome {
  readonly status: number;
  /** Whether the answer was given whole. */
  readonly complete: boolean;
  readonly durationMs: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** The program of a dispatcher. */
export interface DispatcherPlugin {
  readonly name: string;
  /** As {@link MiddlewarePlugin.setup}. */
  setup(config: JsonObject, host: PluginHost): MaybeAsync<Dispatcher>;
}

export interface Dispatcher {
  /** Whether the body of the request must be whole. */
  readonly readsRequestBody?: boolean;
  dispatch(exchange: GatewayExchange): MaybeAsync<Answer>;
  /**
   * In the place of `dispatch`, for dispatchers that are told of their answers: they cost no promise then.
   * @param give called once, now or later
   */
  dispatchTo?(exchange: GatewayExchange, give: (answer: Answer) => void): void;
  close?(): void;
}

/** What the gateway gives its plugins. */
export interface PluginHost {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** A version 4 UUID (RFC 9562 §5.4): costs a tenth of one that is made of `random` each time. */
  newUuid(): string;
  readonly log: Logger;
  readonly metrics: MetricsRegistry;
  /** Connections to other servers, kept over reloads. */
  readonly pool: ClientPool;
  /**
   * Something that outlives reloads: quotas, caches, health. The same kind and key give the same thing for as long as some artifact uses it.
   *
   * @param key what makes it the same: name the policy and whatever of the configuration changes its meaning
   */
  keep<Kept>(kind: string, key: string, create: () => Kept): Kept;
}
