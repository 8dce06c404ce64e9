/** The gateway: listens, finds the operation of each request and lets it pass. The artifact may change at any time. */
import { openGatewayArtifact } from "#foundation/gateway-artifact";
import { ClientPool, type Refusal, type Server, type ServerExchange, type ServerTls, serve } from "#foundation/http1";
import { http2, http2Client } from "#foundation/http2";
import type { Runtime } from "#foundation/runtime";
import type { AccessLine, Logger, MetricsRegistry } from "#foundation/telemetry";
import { MCP_PATH } from "../mcp/index.ts";
import type { Answer } from "../message/answer.ts";
import { HeaderFields } from "../message/header-fields.ts";
import { BUILT_IN_PLUGINS } from "../plugins/built-in-plugins.ts";
import type { ExchangeOutcome } from "../plugins/plugin.ts";
import { PROBLEMS, problem } from "../problems.ts";
import { clientSeen } from "./client-address.ts";
import { type Epoch, type EpochServices, loadEpoch, type PluginPrograms } from "./epoch.ts";
import { GatewayMetrics, type OperationMetrics } from "./gateway-metrics.ts";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits, type TrustPolicy } from "./gateway-settings.ts";
import { KeptThings } from "./kept.ts";
import { Passage } from "./passage.ts";
import { RandomPool } from "./random-pool.ts";
import type { RequestNumbers } from "./request-numbers.ts";
import type { RequestTraces } from "./request-traces.ts";
import { answerReserved, RESERVED_PREFIX } from "./reserved-paths.ts";
import type { RunningOperation } from "./running-operation.ts";
import type { SecretSources } from "./secrets.ts";
import { splitTarget } from "./target.ts";
import { Tunnels } from "./tunnels.ts";
import { discard, writeAnswer } from "./write-answer.ts";

export interface GatewayOptions {
  readonly hostname?: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: ServerTls;
  readonly limits?: Partial<GatewayLimits>;
  readonly trust?: TrustPolicy;
  readonly secrets: SecretSources;
  /** Addresses of proxies whose `X-Forwarded-For` is believed. */
  readonly isTrustedProxy?: (address: string) => boolean;
  readonly log: Logger;
  readonly accessLog?: (line: AccessLine) => void;
  readonly metrics: MetricsRegistry;
  readonly traces?: RequestTraces;
  readonly runtime: Pick<Runtime, "clock" | "timers" | "random">;
  /** Default: all that the gateway brings. */
  readonly plugins?: PluginPrograms;
}

export interface UsedArtifact {
  readonly digest: string;
  readonly changed: boolean;
}

/** Starts a gateway with an artifact. @throws ArchiveError, UnusableArtifact, SecretUnavailable before it listens; the system's error when it cannot */
export async function startGateway(artifact: Uint8Array, options: GatewayOptions): Promise<Gateway> {
  const gateway = new Gateway(options);
  await gateway.use(artifact);
  await gateway.listen();
  return gateway;
}

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #limits: GatewayLimits;
  readonly #metrics: GatewayMetrics;
  readonly #unmatched: OperationMetrics;
  readonly #services: EpochServices;
  readonly #pool: ClientPool;
  readonly #tunnels: Tunnels;
  readonly #random: RandomPool;
  readonly #samples: (() => boolean) | undefined;
  #epoch: Epoch | undefined;
  #server: Server | undefined;
  /** What is loaded is used in the order of asking. */
  #loading: Promise<unknown> = Promise.resolve();
  #lastRefusal: { readonly reason: string; readonly at: number } | undefined;
  #isDraining = false;

  constructor(options: GatewayOptions) {
    const { runtime, log, metrics } = options;
    this.#options = options;
    this.#limits = { ...DEFAULT_GATEWAY_LIMITS, ...options.limits };
    this.#metrics = new GatewayMetrics(metrics);
    this.#unmatched = this.#metrics.unmatched();
    this.#pool = new ClientPool({ time: runtime, http2: http2Client() });
    this.#random = new RandomPool(runtime.random);
    this.#tunnels = new Tunnels({ ...runtime, max: this.#limits.maxTunnels, randomBytes: this.#random.bytes });
    const { traces } = options;
    this.#samples = traces === undefined ? undefined : () => traces.samples();
    this.#services = {
      host: { ...runtime, newUuid: () => this.#random.uuid(), log, metrics, pool: this.#pool },
      plugins: options.plugins ?? BUILT_IN_PLUGINS,
      kept: new KeptThings(),
      secrets: options.secrets,
      metrics: this.#metrics,
      limits: this.#limits,
      calls: {
        limits: this.#limits,
        random: this.#random,
        onDefect: (error, requestId) => this.#defect(error, requestId),
        onMisfit: (operation, detail, requestId) => this.#misfit(operation, detail, requestId),
      },
    };
  }

  get port(): number {
    return this.#server?.port ?? 0;
  }

  get hostname(): string {
    return this.#server?.hostname ?? "";
  }

  /** What is served now. */
  get artifact() {
    return this.#epoch?.artifact;
  }

  /** The last artifact that was refused, unless one was used since. */
  get lastRefusal() {
    return this.#lastRefusal;
  }

  /** Of every request since the start. */
  get numbers(): RequestNumbers {
    return this.#metrics.numbers;
  }

  /** Whether new requests should come here. */
  get isReady(): boolean {
    return this.#epoch !== undefined && !this.#isDraining;
  }

  /**
   * Uses another artifact for every request from now on, also of connections that are open. Requests that are on their way end with the old one. When it is refused the old one
   * stays.
   *
   * @throws ArchiveError, UnusableArtifact, SecretUnavailable
   */
  use(bytes: Uint8Array): Promise<UsedArtifact> {
    const used = this.#loading.then(() => this.#use(bytes));
    this.#loading = used.catch(() => undefined);
    return used;
  }

  async #use(bytes: Uint8Array): Promise<UsedArtifact> {
    try {
      const { trust } = this.#options;
      const artifact = openGatewayArtifact(bytes, trust ?? {});
      const { digest } = artifact;
      if (this.#epoch?.artifact.digest === digest) {
        this.#metrics.reloaded("unchanged");
        this.#lastRefusal = undefined;
        return { digest, changed: false };
      }
      const epoch = await loadEpoch(artifact, this.#services);
      const before = this.#epoch;
      this.#epoch = epoch;
      before?.end();
      this.#lastRefusal = undefined;
      this.#metrics.reloaded("used");
      return { digest, changed: true };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#lastRefusal = { reason, at: this.#options.runtime.clock.now() };
      this.#metrics.reloaded("refused");
      throw error;
    }
  }

  async listen(): Promise<void> {
    const { hostname, port, tls, log, runtime } = this.#options;
    const { maxTargetBytes, maxFields, maxHeadBytes, maxConnections } = this.#limits;
    const { headTimeoutMs, bodyTimeoutMs, idleTimeoutMs } = this.#limits;
    this.#server = await serve({
      port,
      ...(hostname === undefined ? {} : { hostname }),
      ...(tls === undefined ? {} : { tls }),
      protocols: [http2({ allowsConnect: true })],
      limits: {
        maxTargetBytes,
        maxFields,
        maxHeadBytes,
        maxConnections,
        headTimeoutMs,
        bodyTimeoutMs,
        idleTimeoutMs,
      },
      onExchange: (exchange) => this.#take(exchange),
      refusalText: refusalDocument,
      onDefect: (error) => log.error("a connection failed by a defect", { error }),
      time: runtime,
    });
  }

  /** New connections are shown these certificates. @throws when they cannot be used; those before stay */
  async useTls(tls: ServerTls): Promise<void> {
    await this.#server?.useTls(tls);
  }

  /** Takes no further connections, lets requests end, tells WebSockets to close, then ends. @param graceMs after which what is left is cut */
  async close(graceMs = 30_000): Promise<void> {
    this.#isDraining = true;
    // The server no longer knows of connections that have left HTTP.
    await Promise.all([this.#server?.close(graceMs), this.#tunnels.close(graceMs, this.#options.runtime.timers)]);
    this.#epoch?.end();
    this.#pool.close();
  }

  #take(exchange: ServerExchange): void {
    const { head } = exchange;
    const started = performance.now();
    const headers = HeaderFields.received(head.fields);
    const requestId = requestIdOf(headers, this.#random);
    const epoch = this.#epoch;
    if (epoch === undefined) {
      this.#answerWithoutArtifact(exchange, requestId, started);
      return;
    }
    const { target, method } = head;
    const { accessLog } = this.#options;
    const agent = accessLog === undefined ? undefined : headers.get("user-agent");
    const host = accessLog === undefined ? "" : head.host;
    epoch.enter();
    this.#metrics.active.inc();
    let isEnded = false;
    const end = (status: number, complete: boolean, bytesOut: number, passage?: Passage): void => {
      if (isEnded) return;
      isEnded = true;
      const durationMs = performance.now() - started;
      const bytesIn = passage?.request.body.length ?? 0;
      const metrics = passage?.running.metrics ?? this.#unmatched;
      metrics.ended(status, durationMs);
      this.#metrics.active.dec();
      if (passage !== undefined) this.#tellEnd(passage, { status, complete, durationMs, bytesIn, bytesOut });
      epoch.leave();
      if (passage?.isTraced === true)
        this.#trace(passage, { status, complete, durationMs, bytesIn, bytesOut }, started);
      accessLog?.({
        requestId,
        remoteAddress: passage?.request.clientAddress ?? exchange.remoteAddress,
        method,
        target,
        host,
        status,
        bytesIn,
        bytesOut,
        durationMs,
        userAgent: agent,
        complete,
      });
    };
    const give = (given: Answer, passage?: Passage): void => {
      const answer = this.#withinTunnels(given);
      const own = passage?.running.answerFields;
      const fields =
        own === undefined || own.length === 0 ? ["X-Request-Id", requestId] : ["X-Request-Id", requestId, ...own];
      if (passage?.running.watchesEnd === true) passage.request.headers.detach();
      try {
        const onWritten = (complete: boolean, bytes: number): void => end(answer.status, complete, bytes, passage);
        writeAnswer(exchange, answer, fields, onWritten, this.#tunnels);
      } catch (error) {
        // A field that a plugin has made cannot be written.
        this.#defect(error, requestId);
        if (!exchange.isBegun) writeAnswer(exchange, problem("internal"), fields, () => {});
        else exchange.abort();
        end(500, false, 0, passage);
      }
    };
    try {
      const found = this.#find(epoch, exchange, target, method);
      if ("status" in found) {
        give(found);
        return;
      }
      const { operation, values, path, query } = found;
      const client = clientSeen(
        exchange.remoteAddress,
        exchange.secure,
        head.host,
        headers,
        this.#options.isTrustedProxy,
      );
      new Passage({
        exchange,
        operation,
        pathValues: values,
        path,
        query,
        requestId,
        headers,
        client,
        limits: this.#limits,
        randomHex: this.#random.hex,
        samples: this.#samples,
        onAnswer: give,
        onDefect: (error) => this.#defect(error, requestId),
        onMisfit: (detail) => this.#misfit(operation, detail, requestId),
      }).start();
    } catch (error) {
      this.#defect(error, requestId);
      give(problem("internal"));
    }
  }

  #withinTunnels(answer: Answer): Answer {
    if (answer.upgraded === undefined || !(this.#tunnels.isFull || this.#isDraining)) return answer;
    discard(answer);
    return problem(this.#isDraining ? "shutting-down" : "too-many-connections", { headers: ["Retry-After", "5"] });
  }

  /** A gateway of a fleet listens before it knows what to serve. */
  #answerWithoutArtifact(exchange: ServerExchange, requestId: string, started: number): void {
    const { active } = this.#metrics;
    active.inc();
    const detail = "This gateway waits for what it is to serve.";
    const answer = problem("no-artifact", { detail, headers: ["Retry-After", "5", "Cache-Control", "no-store"] });
    writeAnswer(exchange, answer, ["X-Request-Id", requestId], () => {
      active.dec();
      this.#unmatched.ended(answer.status, performance.now() - started);
    });
  }

  #find(epoch: Epoch, { head }: ServerExchange, target: string, method: string): Found | Answer {
    if (head.form === "authority") return problem("method-not-allowed", { detail: "Nothing is tunnelled here." });
    if (head.form === "asterisk") return { status: 204, headers: HeaderFields.of(["Allow", "OPTIONS"]), body: null };
    const { path, query, isAmbiguous } = splitTarget(target);
    if (isAmbiguous)
      return problem("bad-request", { detail: "The path has segments that are . or .. in some spelling." });
    if (path === MCP_PATH && epoch.mcp !== undefined) return { operation: epoch.mcp, values: [], path, query };
    if (path.startsWith(RESERVED_PREFIX)) return answerReserved(path, query, method, epoch.artifact);
    const match = epoch.router.find(path);
    if (match === undefined) return problem("not-found");
    const { methods, allow } = match.path;
    const operation = methods.get(method) ?? (method === "HEAD" ? methods.get("GET") : undefined);
    if (operation === undefined) {
      const asked = method === "OPTIONS" ? preflightOperation(head, methods) : undefined;
      if (asked !== undefined) return { operation: asked, values: match.values, path, query };
      if (method === "OPTIONS") return { status: 204, headers: HeaderFields.of(["Allow", allow]), body: null };
      return problem("method-not-allowed", { headers: ["Allow", allow] });
    }
    const { contentLength } = head;
    if (contentLength !== undefined && contentLength > this.#limits.maxBodyBytes) {
      return problem("payload-too-large", { detail: `A body has at most ${this.#limits.maxBodyBytes} octets.` });
    }
    return { operation, values: match.values, path, query };
  }

  #trace(passage: Passage, outcome: ExchangeOutcome, started: number): void {
    const { request, operation, trace, requestId, dispatchedAt, answeredAt } = passage;
    const since = (at: number | undefined): number | undefined => (at === undefined ? undefined : at - started);
    this.#options.traces?.record({
      ...outcome,
      trace,
      requestId,
      method: request.method,
      route: operation.path,
      operation: operation.operationId ?? operation.id,
      path: request.path,
      host: request.host,
      secure: request.secure,
      clientAddress: request.clientAddress,
      startMs: this.#options.runtime.clock.now() - outcome.durationMs,
      dispatchedMs: since(dispatchedAt),
      answeredMs: since(answeredAt),
    });
  }

  #tellEnd(passage: Passage, outcome: ExchangeOutcome): void {
    const { middlewares } = passage.running;
    for (let index = passage.entered - 1; index >= 0; index--) {
      try {
        middlewares[index]!.onEnd?.(passage, outcome);
      } catch (error) {
        this.#defect(error, passage.requestId);
      }
    }
  }

  #misfit({ planned }: RunningOperation, detail: string, requestId: string): void {
    this.#options.log.warn("an answer does not fit its description", { operation: planned.id, detail, requestId });
  }

  #defect(error: unknown, requestId: string): void {
    this.#options.log.error("a request failed by a defect", { error, requestId });
  }
}

interface Found {
  readonly operation: RunningOperation;
  readonly values: readonly string[];
  readonly path: string;
  readonly query: string;
}

/** A preflight (Fetch §4.8) is for the operation that it asks about; only `cors` answers it. */
function preflightOperation(
  { fields }: ServerExchange["head"],
  methods: ReadonlyMap<string, RunningOperation>,
): RunningOperation | undefined {
  const asked = fields.get("access-control-request-method");
  if (asked === undefined || !fields.has("origin")) return undefined;
  const operation =
    methods.get(asked) ?? (asked === "HEAD" ? methods.get("GET") : undefined) ?? [...methods.values()][0];
  const cors = operation?.names.indexOf("cors") ?? -1;
  if (operation === undefined || cors === -1) return undefined;
  return {
    ...operation,
    middlewares: [operation.middlewares[cors]!],
    names: ["cors"],
    admissions: 1,
    answerFields: [],
    dispatcher: { dispatch: () => ({ status: 204, headers: HeaderFields.of(), body: null }) },
    parameters: { check: () => [] },
    body: { demand: () => ({ kind: "nothing" }) },
    responses: undefined,
    readsBody: false,
  };
}

const REQUEST_ID = /^[A-Za-z0-9._~+/=:-]{1,128}$/;

function requestIdOf(headers: HeaderFields, random: RandomPool): string {
  const sent = headers.get("x-request-id");
  return sent !== undefined && REQUEST_ID.test(sent) ? sent : random.uuid();
}

/** What the codec refuses before there is a request. */
function refusalDocument({ status, fault }: Refusal): string {
  const code = { 408: "request-timeout", 413: "payload-too-large", 414: "uri-too-long", 431: "headers-too-large" }[
    status as number
  ] as keyof typeof PROBLEMS | undefined;
  const slug = code ?? "bad-request";
  return `${JSON.stringify({ type: `urn:biplane:error:${slug}`, title: PROBLEMS[slug][1], status, code: slug, detail: `The request is refused: ${fault}.` })}\n`;
}
