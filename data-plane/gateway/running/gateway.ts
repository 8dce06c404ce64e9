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
import { PROBLEMS, problem } from "../problems.ts";
import { clientSeen } from "./client-address.ts";
import { type Epoch, type EpochServices, loadEpoch, type PluginPrograms } from "./epoch.ts";
import { GatewayMetrics, type OperationMetrics } from "./gateway-metrics.ts";
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits, type TrustPolicy } from "./gateway-settings.ts";
import { KeptThings } from "./kept.ts";
import { Passage, type PassageSettings, type PassageTarget } from "./passage.ts";
import { RandomPool } from "./random-pool.ts";
import type { RequestNumbers } from "./request-numbers.ts";
import type { RequestTraces } from "./request-traces.ts";
import { answerReserved, RESERVED_PREFIX } from "./reserved-paths.ts";
import type { RunningOperation } from "./running-operation.ts";
import type { SecretSources } from "./secrets.ts";
import { splitTarget } from "./target.ts";
import { Tunnels } from "./tunnels.ts";
import { Visit, type VisitHost } from "./visit.ts";
import { writeAnswer } from "./write-answer.ts";

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
  readonly #passages: PassageSettings;
  readonly #visits: VisitHost;
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
    const { traces, accessLog } = options;
    const samples = traces && (() => traces.samples());
    this.#passages = { limits: this.#limits, randomHex: this.#random.hex, samples };
    const isDraining = (): boolean => this.#isDraining;
    this.#visits = {
      metrics: this.#metrics,
      unmatched: this.#unmatched,
      tunnels: this.#tunnels,
      clock: runtime.clock,
      log,
      accessLog,
      traces,
      get isDraining() {
        return isDraining();
      },
    };
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
    const visit = new Visit(this.#visits, exchange, epoch, requestId, started);
    try {
      const found = this.#find(epoch, exchange, target, method);
      if ("status" in found) visit.onAnswer(found);
      else {
        const { remoteAddress, secure } = exchange;
        const client = clientSeen(remoteAddress, secure, head.host, headers, this.#options.isTrustedProxy);
        const settings = this.#passages;
        new Passage({ settings, owner: visit, exchange, target: found, requestId, headers, client }).start();
      }
    } catch (error) {
      visit.onDefect(error);
      visit.onAnswer(problem("internal"));
    }
  }

  /** A gateway of a fleet listens before it knows what to serve. */
  #answerWithoutArtifact(exchange: ServerExchange, requestId: string, started: number): void {
    const { active } = this.#metrics;
    active.inc();
    const detail = "This gateway waits for what it is to serve.";
    const answer = problem("no-artifact", { detail, headers: ["Retry-After", "5", "Cache-Control", "no-store"] });
    const onWritten = (): void => {
      active.dec();
      this.#unmatched.ended(answer.status, performance.now() - started);
    };
    writeAnswer(exchange, answer, ["X-Request-Id", requestId], { onWritten });
  }

  #find(epoch: Epoch, { head }: ServerExchange, target: string, method: string): PassageTarget | Answer {
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

  #misfit({ planned }: RunningOperation, detail: string, requestId: string): void {
    this.#options.log.warn("an answer does not fit its description", { operation: planned.id, detail, requestId });
  }

  #defect(error: unknown, requestId: string): void {
    this.#options.log.error("a request failed by a defect", { error, requestId });
  }
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
