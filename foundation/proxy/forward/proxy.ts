/** The proxy as a handler of an HTTP server. */

import type { HttpHandler, HttpRequest, HttpResponse } from "#foundation/http";
import { ClientPool } from "#foundation/http1";
import { type ProxyFailure, plainFailure } from "./failure.ts";
import { EDGE_POLICY, type ForwardedPolicy } from "./forwarded.ts";
import { type ForwardContext, Forwarding } from "./forwarding.ts";
import { RequestUpload } from "./request-upload.ts";
import type { FailedAttempt, Route, RouteRequest } from "./route.ts";
import { joinTunnel, type TunnelAnswer } from "./upgrade.ts";

const SECOND = 1000;

export interface ProxyOptions {
  /** Where each request goes. Called again when a backend could not be reached, up to `attemptsMax` times. */
  readonly route: RouteRequest;
  /** The answer to a request that could not be passed on. Default: `plainFailure`. Errors of the client's body go to the server's `onError`. */
  readonly onFailure?: (failure: ProxyFailure, request: HttpRequest) => HttpResponse;
  /** Connections; not closed by the proxy. Default: one of its own. */
  readonly pool?: ClientPool;
  /** Default: `EDGE_POLICY`. */
  readonly forwarded?: Partial<ForwardedPolicy>;
  /** The port that clients come to, for `X-Forwarded-Port`. */
  readonly port?: number;
  /** Our name in `Via`. Default: no such field. */
  readonly via?: string;
  /** From the last piece of the request to the whole head of the response. Default 60 s. */
  readonly responseTimeoutMs?: number;
  /** Between two pieces of the response's body; and of an upgraded connection that is silent in both directions. Default 60 s. */
  readonly idleTimeoutMs?: number;
  /** How many backends are tried while none has seen the request. Default 1. */
  readonly attemptsMax?: number;
}

export interface HttpProxy {
  /** To be given to `serveHttp`. */
  readonly handler: HttpHandler;
  /** The same for a request that asks to leave HTTP: a tunnel when the upstream agrees, else its answer. */
  upgrade(request: HttpRequest): Promise<HttpResponse | TunnelAnswer>;
  readonly pool: ClientPool;
  /** Closes the pool when it is the proxy's own. Running exchanges go on. */
  close(): void;
}

type Answer = HttpResponse | TunnelAnswer;

/** A request, and what was tried for it. */
interface Journey {
  readonly request: HttpRequest;
  readonly upload: RequestUpload;
  /** The protocol that the client wants to change to. */
  readonly upgrade: string | undefined;
  readonly failed: readonly FailedAttempt[];
}

const NO_ATTEMPTS: readonly FailedAttempt[] = [];

/**
 * Passes requests on to upstreams.
 *
 * @example
 * const backend: Backend = { address: { kind: "tcp", host: "127.0.0.1", port: 3000 } };
 * const proxy = createProxy({ route: () => ({ backend }) });
 * const server = await serveHttp({ port: 8080, handler: proxy.handler });
 */
export function createProxy(options: ProxyOptions): HttpProxy {
  const { route, onFailure = plainFailure, attemptsMax = 1 } = options;
  const pool = options.pool ?? new ClientPool();
  const context: ForwardContext = {
    pool,
    forwarded: { ...EDGE_POLICY, ...options.forwarded },
    port: options.port,
    via: options.via,
    responseTimeoutMs: options.responseTimeoutMs ?? 60 * SECOND,
    idleTimeoutMs: options.idleTimeoutMs ?? 60 * SECOND,
  };

  /** Forwards, and does so again with another route while no backend has seen the request. */
  const forward = (journey: Journey, chosen: Route): Promise<Answer> => {
    const { request, upload, upgrade } = journey;
    // The usual way costs this one promise.
    return new Promise((resolve, reject) =>
      new Forwarding(context, request, chosen, upload, upgrade, {
        onResponse: resolve,
        onTunnel: (head, upstream) =>
          resolve(joinTunnel(head, upstream, chosen, pool.deadlines, context.idleTimeoutMs)),
        onFailure: (failure, sent) => resolve(sent ? giveUp(failure, request) : tryAgain(journey, chosen, failure)),
        onError: reject,
      }).start(),
    );
  };

  /** Asynchronous, so that what a caller's words throw becomes a rejection. */
  const giveUp = async (failure: ProxyFailure, request: HttpRequest): Promise<Answer> => onFailure(failure, request);

  const tryAgain = async (journey: Journey, chosen: Route, failure: ProxyFailure): Promise<Answer> => {
    const { request } = journey;
    const failed = [...journey.failed, { backend: chosen.backend, failure }];
    const next = failed.length < attemptsMax ? await route(request, failed) : undefined;
    return next === undefined ? onFailure(failure, request) : forward({ ...journey, failed }, next);
  };

  const begin = (request: HttpRequest, upgrade: string | undefined): Answer | Promise<Answer> => {
    const journey: Journey = { request, upload: new RequestUpload(request), upgrade, failed: NO_ATTEMPTS };
    const noUpstream = (): HttpResponse => onFailure({ kind: "no-upstream" }, request);
    const chosen = route(request, NO_ATTEMPTS);
    if (chosen === undefined) return noUpstream();
    if (chosen instanceof Promise) return chosen.then((known) => (known ? forward(journey, known) : noUpstream()));
    return forward(journey, chosen);
  };

  return {
    pool,
    // Without an upgrade there is no tunnel.
    handler: (request) => begin(request, undefined) as HttpResponse | Promise<HttpResponse>,
    upgrade: async (request) => begin(request, request.headers.get("upgrade")),
    close() {
      if (options.pool === undefined) pool.close();
    },
  };
}
