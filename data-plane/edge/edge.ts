/**
 * The edge: takes what comes from outside to the instances that are ready, by the last configuration that it was given. It starts and serves from the one on its disk, with the
 * control plane or without.
 */
import { join } from "node:path";
import type { EdgeConfig, EdgeStatus, EventId } from "#contracts";
import type { EdgeLink } from "#data-plane/plan-link";
import {
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  type HttpServerOptions,
  serveHttp,
} from "#foundation/http";
import { ClientPool } from "#foundation/http1";
import {
  type Assignment,
  createProxy,
  createTcpProxy,
  type HttpProxy,
  type Route,
  type TcpClient,
  type TcpProxy,
  type TcpRoute,
} from "#foundation/proxy";
import type { Clock, Random, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger, MetricsRegistry } from "#foundation/telemetry";
import { failureAnswer, noSuchHost, unavailable } from "./answers.ts";
import { Backends, type EdgeTarget } from "./backends.ts";
import { createEdgeMetrics } from "./edge-metrics.ts";
import { type Certificate, HOSTS_MAX, type LocalCa, openLocalCa } from "./local-ca.ts";
import { QuietTracker } from "./quiet-tracker.ts";
import { hostOf, RoutingTable, type TableRoute } from "./routing-table.ts";
import { WaitingRoom } from "./waiting-room.ts";

export interface EdgeOptions {
  readonly directory: string;
  /** Default `127.0.0.1`. */
  readonly hostname: string;
  /** 0 picks a free one. */
  readonly httpPort: number;
  /** Ports that another edge has are shared with it, so that this one can take its place; otherwise whoever has one is not disturbed. */
  readonly takeOver: boolean;
  /** TLS ended here, with certificates of the local authority. Undefined: no HTTPS. */
  readonly httpsPort?: number | undefined;
  /** TLS passed through unopened, by the name that the client asks for. Undefined: none. */
  readonly tlsPort?: number | undefined;
  /** Where raw TCP is taken: default `hostname`. */
  readonly link: EdgeLink;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly accessLog?: HttpServerOptions["accessLog"];
}

export interface Edge {
  readonly httpUrl: string;
  readonly httpsUrl: string | undefined;
  readonly tlsPort: number | undefined;
  /** Of the local authority, once there is HTTPS. */
  readonly caPath: string | undefined;
  status(): EdgeStatus;
  /** Lets others take its place: takes no new connections, ends each one after its next answer, then what is left after the grace. */
  close(graceMs?: number): Promise<void>;
}

/** Backends that a request may be sent to, one after the other, while none has seen it. */
const ATTEMPTS_MAX = 3;
const CONNECT_TIMEOUT_MS = 2_000;
/** Nobody's connection is cut for being silent: what is idle for a day is dead. */
const IDLE_MS = 86_400_000;
/** Programs that think longer than this about an answer are not waited for. */
const RESPONSE_TIMEOUT_MS = 300_000;
/** New names in a certificate come together. */
const CERTIFICATE_DELAY_MS = 200;
/** Connections under the certificate before go on for so long. */
const OLD_CERTIFICATE_MS = 60_000;
/** A client has to say what it wants in TLS within this. */
const HELLO_TIMEOUT_MS = 2_000;
const DRAIN_MS = 1_000;
const GRACE_MS = 10_000;
const PORT_RETRY_MS = 5_000;

/** @throws the system's error when the HTTP port is taken */
export async function startEdge(options: EdgeOptions): Promise<Edge> {
  const edge = new RunningEdge(options);
  await edge.start();
  return edge;
}

class RunningEdge implements Edge {
  readonly #options: EdgeOptions;
  readonly #backends: Backends;
  readonly #quiet = new QuietTracker();
  readonly #waiting: WaitingRoom;
  readonly #pool: ClientPool;
  readonly #metrics: ReturnType<typeof createEdgeMetrics>;
  readonly #startedAt: number;
  readonly #tcp = new Map<number, TcpProxy>();
  #table = new RoutingTable({ configVersion: 1, cursor: 0 as EventId, routes: [] });
  #state: EdgeStatus["state"] = "starting";
  #http: HttpServer | undefined;
  #https: HttpServer | undefined;
  #httpsPort: number | undefined;
  #tls: TcpProxy | undefined;
  #ca: LocalCa | undefined;
  #certified = "";
  #certifies: Promise<void> = Promise.resolve();
  #certifying: TimerHandle | undefined;
  #portRetry: TimerHandle | undefined;
  #quietTimer: TimerHandle | undefined;
  #saidQuiet = 0 as EventId;
  #closed = false;

  constructor(options: EdgeOptions) {
    const { clock, timers, random } = options;
    this.#options = options;
    this.#startedAt = clock.now();
    this.#backends = new Backends(clock, random);
    this.#waiting = new WaitingRoom(timers);
    this.#pool = new ClientPool({ limits: { connectTimeoutMs: CONNECT_TIMEOUT_MS }, time: { clock, timers } });
    this.#metrics = createEdgeMetrics(options.metrics, () => ({
      routes: this.#table.routes.length,
      connections: this.#quiet.connections,
    }));
  }

  get httpUrl(): string {
    return this.#http!.url;
  }

  get httpsUrl(): string | undefined {
    return this.#httpsPort === undefined ? undefined : `https://${this.#options.hostname}:${this.#httpsPort}`;
  }

  get tlsPort(): number | undefined {
    return this.#tls?.port;
  }

  get caPath(): string | undefined {
    return this.#ca?.path;
  }

  async start(): Promise<void> {
    const { link, httpPort, httpsPort = 0, hostname, tlsPort, logger, takeOver } = this.#options;
    if (!takeOver) for (const port of [httpPort, httpsPort, tlsPort ?? 0]) assertFree(hostname, port);
    if (link.plan !== undefined) this.#apply(link.plan);
    this.#http = await this.#serve("edge", httpPort, undefined);
    if (tlsPort !== undefined) {
      this.#tls = createTcpProxy({
        hostname,
        port: tlsPort,
        reusePort: true,
        peekTls: true,
        attemptsMax: ATTEMPTS_MAX,
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        openingTimeoutMs: HELLO_TIMEOUT_MS,
        idleTimeoutMs: IDLE_MS,
        route: (client, failed) => {
          const name = client.hello?.serverName;
          const entry = name === undefined ? undefined : this.#table.tls(name);
          return this.#tcpRoute(entry, client, failed);
        },
        onFailure: (failure) => this.#metrics.tcpFailed(failure.kind),
      });
    }
    this.#state = "ready";
    // Certificates take a tenth of a second at the first start: HTTP does not wait for them.
    void this.#certify().catch((error: unknown) => logger.error("HTTPS could not be offered", { error }));
    link.onPlan((config) => this.#apply(config));
    link.statusChanged();
  }

  status(): EdgeStatus {
    const { httpsUrl } = this;
    return {
      state: this.#state,
      startedAt: this.#startedAt,
      residentBytes: process.memoryUsage.rss(),
      routes: this.#table.routes.length,
      connections: this.#quiet.connections,
      quietThrough: this.#quiet.quietThrough(this.#options.clock.monotonicMs()),
      ...(this.#http === undefined ? {} : { httpUrl: this.#http.url }),
      ...(httpsUrl === undefined ? {} : { httpsUrl }),
    };
  }

  async close(graceMs = GRACE_MS): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#state = "draining";
    this.#options.link.statusChanged();
    for (const timer of [this.#certifying, this.#portRetry, this.#quietTimer]) timer?.cancel();
    const servers = [this.#http, this.#https].filter((server) => server !== undefined);
    for (const server of servers) server.drain();
    // Whoever has a connection sends on it once more and is told to open another one, which goes to whoever has taken this edge's place.
    if (servers.some(({ connections }) => connections > 0)) {
      await new Promise<void>((resolve) => void this.#options.timers.after(Math.min(DRAIN_MS, graceMs), resolve));
    }
    await Promise.all([
      ...servers.map((server) => server.close(graceMs)),
      ...[...this.#tcp.values(), this.#tls].map((proxy) => proxy?.close(graceMs)),
    ]);
    this.#pool.close();
  }

  async #serve(name: string, port: number, tls: Certificate | undefined): Promise<HttpServer> {
    const { hostname, logger, metrics, accessLog } = this.#options;
    const proxy = this.#proxy(port);
    return serveHttp({
      name,
      hostname,
      port,
      reusePort: true,
      requestIdHeader: null,
      logger,
      metrics,
      limits: { maxConnections: 100_000, bodyIdleTimeoutMs: 60_000 },
      handler: proxy.handler,
      tunnel: (request) => proxy.upgrade(request),
      ...(accessLog === undefined ? {} : { accessLog }),
      ...(tls === undefined ? {} : { tls }),
    });
  }

  #proxy(port: number): HttpProxy {
    return createProxy({
      pool: this.#pool,
      ...(port === 0 ? {} : { port }),
      attemptsMax: ATTEMPTS_MAX,
      responseTimeoutMs: RESPONSE_TIMEOUT_MS,
      idleTimeoutMs: IDLE_MS,
      route: (request, failed) => {
        for (const { backend, failure } of failed) {
          if (failure.kind === "connect-refused" || failure.kind === "connect-timeout") {
            this.#backends.refused(keyOf.get(backend) ?? "");
          }
        }
        return this.#httpRoute(request, new Set(failed.map(({ backend }) => keyOf.get(backend) ?? "")));
      },
      onFailure: (failure, request) => this.#failed(failure, request),
    });
  }

  /** Undefined when there is nobody to send it to; a program that is being started is waited for. */
  #httpRoute(
    request: HttpRequest,
    tried: ReadonlySet<string>,
    since?: number,
  ): Route | undefined | Promise<Route | undefined> {
    const entry = this.#table.http(hostOf(request.host), request.path);
    if (entry === undefined) return undefined;
    const picked = this.#backends.pick(entry.key, tried);
    if (picked !== undefined) return this.#routeTo(picked);
    if (entry.route.unavailable !== "starting" && tried.size === 0) return undefined;
    const now = this.#options.clock.monotonicMs();
    const begun = since ?? now;
    const news = tried.size > 0 && since === undefined ? false : this.#waiting.wait(begun, now);
    if (news === false) return undefined;
    return news.then((come) => (come && !this.#closed ? this.#httpRoute(request, tried, begun) : undefined));
  }

  #routeTo(picked: Assignment<EdgeTarget>): Route {
    const { key, backend } = picked.target;
    keyOf.set(backend, key);
    const over = this.#quiet.begin(key);
    return {
      backend,
      onFinished: (result) => {
        picked.done();
        this.#metrics.http(result.status, result.failure?.kind);
        if (over()) this.#tellQuiet();
      },
    };
  }

  #failed(failure: Parameters<typeof failureAnswer>[0], request: HttpRequest): HttpResponse {
    if (failure.kind !== "no-upstream") return failureAnswer(failure, request);
    const entry = this.#table.http(hostOf(request.host), request.path);
    return entry === undefined ? noSuchHost(request) : unavailable(entry.route.unavailable, request);
  }

  #tcpRoute(
    entry: TableRoute | undefined,
    _client: TcpClient,
    failed: readonly { readonly backend: object }[],
  ): TcpRoute | undefined {
    if (entry === undefined) return undefined;
    const tried = new Set(failed.map(({ backend }) => keyOf.get(backend) ?? ""));
    for (const key of tried) this.#backends.refused(key);
    const picked = this.#backends.pick(entry.key, tried);
    if (picked === undefined) return undefined;
    const { key, backend } = picked.target;
    keyOf.set(backend, key);
    const over = this.#quiet.begin(key);
    this.#metrics.tcp();
    return {
      backend,
      ...(entry.route.proxyProtocol === "v2" ? { proxyProtocol: { version: 2 as const } } : {}),
      onFinished: () => {
        picked.done();
        if (over()) this.#tellQuiet();
      },
    };
  }

  /** In one step: a request is routed by the old table or by the new one. */
  #apply(config: EdgeConfig): void {
    if (this.#closed) return;
    const table = new RoutingTable(config);
    const removed = this.#backends.apply(table);
    this.#table = table;
    this.#quiet.applied(config.cursor, removed, this.#options.clock.monotonicMs());
    this.#waiting.call();
    this.#metrics.applied();
    this.#listenTcp();
    this.#certifying?.cancel();
    if (this.#state !== "starting") {
      this.#certifying = this.#options.timers.after(CERTIFICATE_DELAY_MS, () => {
        void this.#certify().catch((error: unknown) =>
          this.#options.logger.error("a certificate could not be made", { error }),
        );
      });
    }
    this.#options.link.applied(config.cursor);
    this.#tellQuiet();
  }

  /** Says how far everything that was taken away is quiet, when that has moved; and again when the time of the slowest is up. */
  #tellQuiet(): void {
    const now = this.#options.clock.monotonicMs();
    const through = this.#quiet.quietThrough(now);
    if (through !== this.#saidQuiet) {
      this.#saidQuiet = through;
      this.#options.link.statusChanged();
    }
    const dueAt = this.#quiet.dueAt();
    this.#quietTimer?.cancel();
    this.#quietTimer =
      dueAt === undefined || this.#closed
        ? undefined
        : this.#options.timers.after(Math.max(1, dueAt - now), () => this.#tellQuiet());
  }

  /** Opens and closes the ports of raw TCP. One that cannot be opened is tried again; the others go on. */
  #listenTcp(): void {
    const { hostname, logger, timers } = this.#options;
    const wanted = this.#table.tcpPorts;
    for (const [port, proxy] of this.#tcp) {
      if (wanted.has(port)) continue;
      this.#tcp.delete(port);
      void proxy.close(GRACE_MS);
    }
    for (const port of wanted.keys()) {
      if (this.#tcp.has(port)) continue;
      try {
        const proxy = createTcpProxy({
          hostname,
          port,
          reusePort: true,
          attemptsMax: ATTEMPTS_MAX,
          connectTimeoutMs: CONNECT_TIMEOUT_MS,
          idleTimeoutMs: IDLE_MS,
          // Looked up anew: whose port it is may change.
          route: (client, failed) => this.#tcpRoute(this.#table.tcpPorts.get(port), client, failed),
          onFailure: (failure) => this.#metrics.tcpFailed(failure.kind),
        });
        this.#tcp.set(port, proxy);
      } catch (error) {
        logger.error("a port for raw TCP cannot be opened; it is tried again", { port, error });
        this.#portRetry?.cancel();
        this.#portRetry = timers.after(PORT_RETRY_MS, () => this.#listenTcp());
      }
    }
  }

  /** A certificate for the names that there are now. A new server takes the place of the one with the old certificate; connections of that one go on. */
  #certify(): Promise<void> {
    // One after the other: two at once would both take the port.
    this.#certifies = this.#certifies.catch(() => undefined).then(() => this.#certifyNow());
    return this.#certifies;
  }

  async #certifyNow(): Promise<void> {
    const { httpsPort, directory, logger } = this.#options;
    if (httpsPort === undefined || this.#closed) return;
    this.#ca ??= await openLocalCa(join(directory, "ca"));
    const all = this.#table.httpHosts;
    if (all.length > HOSTS_MAX)
      logger.warn("HTTPS is offered for some names only", { offered: HOSTS_MAX, names: all.length });
    const hosts = ["localhost", ...all.slice(0, HOSTS_MAX)];
    if (hosts.join() === this.#certified) return;
    const certificate = await this.#ca.issue(hosts);
    if (this.#closed) return;
    const old = this.#https;
    this.#https = await this.#serve("edge-tls", this.#httpsPort ?? httpsPort, certificate);
    this.#httpsPort = this.#https.port;
    this.#certified = hosts.join();
    if (old === undefined) this.#options.link.statusChanged();
    else {
      old.drain();
      this.#options.timers.after(OLD_CERTIFICATE_MS, () => void old.close(GRACE_MS));
    }
  }
}

/** @throws the system's error when somebody listens there */
function assertFree(hostname: string, port: number): void {
  if (port !== 0) Bun.listen({ hostname, port, exclusive: true, socket: { data() {} } }).stop(true);
}

/** By the object that the proxy hands back: which backend it was. */
const keyOf = new WeakMap<object, string>();
