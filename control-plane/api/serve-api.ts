/** The API's server: guard, authentication, routes and the change stream's endpoint. */
import { hostname as machineName } from "node:os";
import { CHANGE_STREAM_PATH, CHANNEL_PATH, type EventId, type Region } from "#contracts";
import { acceptGatewaySocket, createGatewayLink, type GatewayLink, gatewayKeyOf } from "#control-plane/gateways/link";
import { createJudgeThreads, createUploadRoom, type UploadRoom } from "#control-plane/gateways/uploads";
import { createPlanServer, type NodeSecrets, type PlanServer } from "#control-plane/plans";
import { createRefreshTokenReader } from "#control-plane/platform-identity";
import { AuditError, type AuditEvent, type AuditLog } from "#foundation/audit";
import {
  createRouteTable,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  type HttpServerOptions,
  isInternal,
  ProblemError,
  problem,
  problemOf,
  serveHttp,
  type UpgradeHandler,
} from "#foundation/http";
import { createLockOut, createTokenBuckets } from "#foundation/rate-limit";
import { type Clock, type Random, sleep, systemRandom, type Timers } from "#foundation/runtime";
import { createHealth, type HealthRegistry, type Logger, type MetricsRegistry } from "#foundation/telemetry";
import { type Admission, createAdmission } from "./admission.ts";
import { acceptExec, isExecSocket } from "./applications/exec-socket.ts";
import { admissionEvent, failureEvent, refusalEvent, refusedGatewayEvent } from "./audit.ts";
import { auditProblem } from "./audit-routes.ts";
import { createAccessTokens } from "./authentication/access-token.ts";
import { createAuthenticator, requireToken } from "./authentication/authenticate.ts";
import type { ApiCaller } from "./authentication/caller.ts";
import { authorizeCaller, authorizeInOrg, authorizePublic, checkRoute } from "./authorize.ts";
import type { ControlPlaneCore } from "./core.ts";
import { DataPlaneRegistry } from "./data-plane-registry.ts";
import { acceptDataPlanes, type DataPlaneClient, type DataPlaneSession } from "./data-plane-session.ts";
import { acceptChannelSocket, acceptDataPlaneSocket } from "./data-plane-socket.ts";
import type { ApiEnvironment } from "./environment.ts";
import { Followers } from "./followers.ts";
import { createPageCookies } from "./pages/cookies.ts";
import { createPages, type ServedPages } from "./pages/serve-pages.ts";
import { parseQuery } from "./query.ts";
import { guardRequest, isFromPage } from "./request-guard.ts";
import { isPublic, type Route } from "./route.ts";
import { API_ROUTES } from "./routes.ts";
import { createDeviceGrants } from "./sign-in/device-grants.ts";
import { WRONG_CODES } from "./sign-in/find-code.ts";
import { createPasswordLinks } from "./sign-in/password-links.ts";
import { createPasswords } from "./sign-in/passwords.ts";
import type { TokenVerifier } from "./tokens.ts";
import { withoutSecrets } from "./without-secrets.ts";

export interface ApiOptions {
  readonly core: ControlPlaneCore;
  readonly tokens: TokenVerifier;
  /** Default `127.0.0.1`. */
  readonly hostname?: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Names under which clients may address this server besides addresses, localhost and the machine's own name. */
  readonly names?: readonly string[];
  /** The program's version. */
  readonly version: string;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Default: the system's. */
  readonly random?: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  /** Checks behind `/healthz` and `/readyz`; default none. */
  readonly health?: HealthRegistry;
  /** Default: the limits of this room. */
  readonly admission?: Admission;
  /** Closed by whoever opened it, after the API. */
  readonly audit: AuditLog;
  /** Opens what nodes need of secrets. */
  readonly secrets: NodeSecrets;
  /** Of the buckets in which the cloud keeps releases. */
  readonly region: Region;
  /** How often API gateways are asked to say how they do, seconds; default 30. */
  readonly gatewayHeartbeatSecs?: number | undefined;
  /** For artifacts that are being uploaded. Default: the limits of `#control-plane/gateways/uploads`. */
  readonly uploadRoom?: UploadRoom;
  readonly accessLog?: HttpServerOptions["accessLog"];
  readonly tls?: HttpServerOptions["tls"];
}

export interface ApiServer {
  /** `http://127.0.0.1:4580` */
  readonly url: string;
  readonly port: number;
  /** Data planes connected now. */
  readonly dataPlanes: DataPlaneRegistry;
  /** Agents and edges. */
  readonly plans: PlanServer;
  /** Gateways of projects. */
  readonly gateways: GatewayLink;
  /** For a data plane in this process: give it to its in-process transport. */
  acceptDataPlane(client: DataPlaneClient): DataPlaneSession;
  /** Ends followers and change streams, lets running requests end, closes. */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves the control plane's API and the change stream.
 *
 * @throws the system's error when the port is taken
 */
export async function serveApi(options: ApiOptions): Promise<ApiServer> {
  const { core, clock, timers, logger, metrics, tokens, version } = options;
  const random = options.random ?? systemRandom;
  const registry = new DataPlaneRegistry();
  const closing = new AbortController();
  const accessTokens = createAccessTokens(core.platformKey, random.fork("access-tokens"));
  const plans = createPlanServer({
    core,
    secrets: options.secrets,
    endpoint: () => untilEndpoint(registry, timers, closing.signal),
    whenApplied: (eventId) => untilApplied(registry, eventId, timers),
    region: options.region,
    clock,
    timers,
    random: random.fork("plans"),
    logger: logger.child({ part: "plans" }),
    metrics,
  });
  const gateways = createGatewayLink({
    core,
    heartbeatSecs: options.gatewayHeartbeatSecs,
    clock,
    timers,
    logger: logger.child({ part: "gateways" }),
    metrics,
  });
  const environment: ApiEnvironment = {
    core,
    registry,
    plans,
    authenticate: createAuthenticator({ core, tokens, accessTokens, clock }),
    accessTokens,
    sessionOfRefreshToken: createRefreshTokenReader(core.platformKey),
    admission: options.admission ?? createAdmission(clock),
    lockOut: createLockOut({ clock }),
    wrongCodes: createTokenBuckets({ clock, ...WRONG_CODES }),
    deviceGrants: createDeviceGrants(clock, random.fork("device-grants")),
    passwords: createPasswords(),
    passwordLinks: createPasswordLinks(core.platformKey, clock, random.fork("password-links")),
    random: random.fork("credentials"),
    audit: options.audit,
    health: options.health ?? createHealth(),
    metrics,
    logger,
    clock,
    timers,
    version,
    startedAt: clock.now(),
    closing: closing.signal,
    artifactUploads: {
      room: options.uploadRoom ?? createUploadRoom(),
      judge: createJudgeThreads(timers, (error) => logger.error("an uploaded artifact was not verified", { error })),
    },
    followers: new Followers(),
  };
  const names = ownNames(options);
  const cookies = createPageCookies(core.platformKey, random.fork("cookies"));
  const pages = createPages({ ...environment, cookies }, names);
  const sessions = { core, registry, plans, clock, timers, logger };
  const connected = metrics
    .gauge({ name: "biplane_data_planes_connected", help: "Data planes with an open change stream." })
    .labels();
  metrics.onCollect(() => connected.set(registry.size));

  const server = await serveHttp({
    name: "api",
    hostname: options.hostname ?? "127.0.0.1",
    port: options.port,
    clock,
    logger,
    metrics,
    handler: apiHandler(environment, pages, names),
    upgrade: socketUpgrade(
      names,
      {
        [CHANGE_STREAM_PATH](request) {
          const gatewayKey = gatewayKeyOf(request);
          if (gatewayKey !== undefined) {
            const { admission, audit } = environment;
            return acceptGatewaySocket(gatewayKey, gateways, {
              onStranger() {
                admission.admitSource(request.remoteAddress);
                audit.note(refusedGatewayEvent({ reason: "unknown_key", message: "There is no such key." }, request));
              },
              onRefused: (refusal) => audit.note(refusedGatewayEvent(refusal, request)),
            });
          }
          requireToken(request, "join", tokens);
          return acceptDataPlaneSocket(request, sessions);
        },
        [CHANNEL_PATH]: (request) => acceptChannel(request, plans),
      },
      (request) => acceptExec(request, environment),
    ),
    onError(error, request) {
      const told = error instanceof AuditError ? auditProblem(error) : error;
      if (isInternal(told)) logger.error("a request failed", { requestId: request.id, error: told });
      return withAnswerHeaders(problemOf(told, withoutSecrets(request.path)));
    },
    ...accessLogOf(options, pages),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
  return {
    url: server.url,
    port: server.port,
    dataPlanes: registry,
    plans,
    gateways,
    acceptDataPlane: acceptDataPlanes(sessions),
    async close(graceMs) {
      closing.abort();
      plans.close();
      gateways.close();
      await server.close(graceMs);
    },
  };
}

/** The links of invitations carry a secret in their query, which does not belong into a log; nor does one that somebody has put into a path. */
function accessLogOf({ accessLog }: ApiOptions, pages: ServedPages): Pick<HttpServerOptions, "accessLog"> {
  if (accessLog === undefined) return {};
  return {
    accessLog(entry) {
      const [target, path] = /^(?:https?:\/\/[^/?]*)?([^?]*)/i.exec(entry.target)!;
      accessLog({ ...entry, target: withoutSecrets(pages.has(path!) ? target : entry.target) });
    },
  };
}

function ownNames(options: ApiOptions): ReadonlySet<string> {
  const names = [machineName(), options.hostname ?? "127.0.0.1", ...(options.names ?? [])];
  return new Set(names.map((name) => name.toLowerCase()));
}

/** Every answer of the API: its type is not to be guessed at. */
const ANSWER_HEADERS = [
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "no-referrer"],
] as const;

function apiHandler(environment: ApiEnvironment, pages: ServedPages, names: ReadonlySet<string>): HttpHandler {
  const table = createRouteTable<Route>();
  for (const route of API_ROUTES) {
    checkRoute(route);
    table.add(route.method, route.path, route);
  }
  const answer = (request: HttpRequest): HttpResponse | Promise<HttpResponse> => {
    guardRequest(request, names);
    const match = table.match(request.method, request.path);
    if (match.kind === "found") return callRoute(match.target, match.params, request, environment);
    // Whoever is not known does not learn which paths exist.
    known(request, environment);
    return unanswered(match, request);
  };
  return async (request) => (await pages.answer(request)) ?? withAnswerHeaders(await answer(request));
}

/** Whoever is not known does not learn which paths exist. @throws ProblemError 401 */
function known(request: HttpRequest, environment: ApiEnvironment): void {
  noted("unknown", request, environment, () => environment.authenticate(request));
}

/** What was decided about a refused caller is on record. */
function noted<Result>(
  action: string,
  request: HttpRequest,
  { audit, authenticate }: ApiEnvironment,
  step: () => Result,
): Result {
  try {
    return step();
  } catch (error) {
    if (error instanceof ProblemError)
      audit.note(refusalEvent(action, callerOf(request, authenticate), request, error));
    throw error;
  }
}

/** Who was refused, where that is known. */
function callerOf(request: HttpRequest, authenticate: ApiEnvironment["authenticate"]): ApiCaller | undefined {
  try {
    return authenticate(request);
  } catch {
    return undefined;
  }
}

function callRoute(
  route: Route,
  params: Readonly<Record<string, string>>,
  request: HttpRequest,
  environment: ApiEnvironment,
): HttpResponse | Promise<HttpResponse> {
  const queryOf = () => parseQuery(request.query, route.query ?? []);
  if (isPublic(route)) {
    noted(route.operationId, request, environment, () => authorizePublic(request, route, environment));
    return route.handle({ request, params, query: queryOf() }, environment);
  }
  if (route.org !== undefined) {
    const { caller, org, ...by } = noted(route.operationId, request, environment, () =>
      authorizeInOrg(request, route, params, environment),
    );
    const query = queryOf();
    const admission = () => admissionEvent(route.operationId, caller, org, request);
    return recorded(route, environment, admission, () =>
      route.handle({ request, params, caller, org, query, ...by }, environment),
    );
  }
  const caller = noted(route.operationId, request, environment, () => authorizeCaller(request, route, environment));
  const query = queryOf();
  const admission = () => admissionEvent(route.operationId, caller, undefined, request);
  return recorded(route, environment, admission, () => route.handle({ request, params, caller, query }, environment));
}

/** What changes something is on record before it happens, and again when it did not succeed. */
async function recorded(
  route: Route,
  { audit }: ApiEnvironment,
  admission: () => AuditEvent,
  handle: () => HttpResponse | Promise<HttpResponse>,
): Promise<HttpResponse> {
  if (route.method === "GET") return await handle();
  const event = admission();
  await audit.append(event);
  try {
    return await handle();
  } catch (error) {
    if (error instanceof ProblemError) audit.note(failureEvent(event, error));
    throw error;
  }
}

function withAnswerHeaders(response: HttpResponse): HttpResponse {
  return { ...response, headers: [...ANSWER_HEADERS, ...(response.headers ?? [])] };
}

function unanswered(
  match: Exclude<ReturnType<ReturnType<typeof createRouteTable<Route>>["match"]>, { readonly kind: "found" }>,
  request: HttpRequest,
): HttpResponse {
  if (match.kind === "methodNotAllowed") {
    const allow = match.allow.join(", ");
    return problem(
      {
        status: 405,
        code: "METHOD_NOT_ALLOWED",
        title: `${request.method} is not allowed here.`,
        detail: `Allowed: ${allow}.`,
      },
      [["allow", allow]],
    );
  }
  return problem({
    status: 404,
    code: "NO_SUCH_ROUTE",
    title: "Nothing is at this path.",
    detail: "See /v1/openapi.json for what there is.",
    instance: withoutSecrets(request.path),
  });
}

/** @param sockets what is at which path. @param exec of sessions, each of which has a path of its own */
function socketUpgrade(
  names: ReadonlySet<string>,
  sockets: Readonly<Record<string, UpgradeHandler>>,
  exec: UpgradeHandler,
): UpgradeHandler {
  return (request) => {
    guardRequest(request, names);
    if (isExecSocket(request.path)) return exec(request);
    if (!Object.hasOwn(sockets, request.path)) {
      throw new ProblemError({ status: 404, code: "NO_SUCH_ROUTE", title: "No WebSocket is at this path." });
    }
    if (isFromPage(request)) {
      throw new ProblemError({
        status: 403,
        code: "BROWSER_REQUEST_REFUSED",
        title: "Web pages cannot join as data planes.",
      });
    }
    return sockets[request.path]!(request);
  };
}

/** The secret of a channel is good for that channel alone. */
function acceptChannel(request: HttpRequest, plans: PlanServer): ReturnType<typeof acceptChannelSocket> {
  const channelId = new URLSearchParams(request.query).get("id") ?? "";
  const [, secret] = /^Bearer ([\w-]{43})$/.exec(request.headers.get("authorization") ?? "") ?? [];
  if (secret !== undefined && plans.channels.expects(channelId, secret)) {
    return acceptChannelSocket(channelId, secret, plans);
  }
  throw new ProblemError({ status: 401, code: "UNKNOWN_CHANNEL", title: "Nobody waits for this channel." });
}

/** The data plane that keeps objects. */
function servicesOf(registry: DataPlaneRegistry) {
  return registry.list().find(({ kind, status }) => kind === "services" && status !== undefined);
}

/** A data plane is back this soon after its control plane, see the link's backoff. */
const ENDPOINT_WAIT_MS = 12_000;

/** The URL of the data plane that keeps objects. Just after a start it may not have come back yet. */
async function untilEndpoint(
  registry: DataPlaneRegistry,
  timers: Timers,
  closing: AbortSignal,
): Promise<string | undefined> {
  for (let waited = 0; ; waited += APPLIED_POLL_MS) {
    const endpoint = servicesOf(registry)?.status?.endpoint;
    if (endpoint !== undefined || waited >= ENDPOINT_WAIT_MS || closing.aborted) return endpoint;
    await sleep(timers, APPLIED_POLL_MS);
  }
}

const APPLIED_POLL_MS = 25;
const APPLIED_WAIT_MS = 3_000;

/** Waits until that data plane knows of an event, for a moment at most: who comes earlier is told so by it, and tries again. */
async function untilApplied(registry: DataPlaneRegistry, eventId: EventId, timers: Timers): Promise<void> {
  for (let waited = 0; waited < APPLIED_WAIT_MS; waited += APPLIED_POLL_MS) {
    const applied = servicesOf(registry)?.appliedThrough;
    if (applied !== undefined && applied >= eventId) return;
    await sleep(timers, APPLIED_POLL_MS);
  }
}
