/** Gateways in this process, made of descriptions as the compiler makes them, and a server behind them that says what it was asked. */
import { connect, type Socket } from "node:net";
import { compileGateway } from "#control-plane/gateways";
import { type Gateway, type GatewayOptions, startGateway } from "#data-plane/gateway";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createMetrics, type MetricsRegistry, silentLogger } from "#foundation/telemetry";

/** @param files contents by name; the first one is the description. @throws Error with everything that the compiler says */
export function compiled(files: Readonly<Record<string, string>> | string): Uint8Array {
  const byName = typeof files === "string" ? { "api.yaml": files } : files;
  const [first] = Object.keys(byName);
  const { artifact, diagnostics } = compileGateway({
    files: [first!],
    read: (name) => {
      const text = byName[name];
      if (text === undefined) throw new Error(`there is no file ${name}`);
      return Buffer.from(text);
    },
    provenance: { compiler: "test" },
    allowPlaintext: true,
  });
  if (artifact === undefined) throw new Error(JSON.stringify(diagnostics, null, 1));
  return artifact.bytes;
}

/** Codes of the errors for which a description is refused; `[]` when it is not. */
export function refusalsOf(description: string): readonly string[] {
  const { diagnostics } = compileGateway({
    files: ["api.yaml"],
    read: () => Buffer.from(description),
    provenance: { compiler: "test" },
    allowPlaintext: true,
  });
  return [...new Set(diagnostics.filter(({ level }) => level === "error").map(({ code }) => code))].sort();
}

export interface RunningGateway {
  readonly gateway: Gateway;
  readonly metrics: MetricsRegistry;
  /** Such as `http://127.0.0.1:1234`. */
  readonly url: string;
}

export interface UpstreamSeen {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Headers;
  readonly body: string;
  /** Of the connection, at this end. */
  readonly peerPort: number;
}

export interface EchoUpstream {
  readonly url: string;
  readonly seen: UpstreamSeen[];
}

/** What a test file has started. */
export interface Started {
  gateway(artifact: Uint8Array, options?: Partial<GatewayOptions>): Promise<RunningGateway>;
  /** Answers `{}` with 200, and notes what it was asked. */
  upstream(): EchoUpstream;
  /** For `afterEach` or `afterAll`. */
  end(): Promise<void>;
}

export function starting(): Started {
  const gateways: Gateway[] = [];
  const servers: Bun.Server<undefined>[] = [];
  return {
    async gateway(artifact, options = {}) {
      const metrics = options.metrics ?? createMetrics();
      const gateway = await startGateway(artifact, {
        hostname: "127.0.0.1",
        port: 0,
        secrets: { environment: {} },
        log: silentLogger,
        metrics,
        runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
        ...options,
      });
      gateways.push(gateway);
      return { gateway, metrics, url: `http://127.0.0.1:${gateway.port}` };
    },
    upstream() {
      const seen: UpstreamSeen[] = [];
      const server = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        async fetch(request, own) {
          const { pathname, search } = new URL(request.url);
          const peerPort = own.requestIP(request)?.port ?? 0;
          const body = await request.text();
          seen.push({ method: request.method, target: pathname + search, headers: request.headers, body, peerPort });
          return Response.json({});
        },
      });
      servers.push(server);
      return { url: `http://127.0.0.1:${server.port}`, seen };
    },
    async end() {
      for (const gateway of gateways.splice(0)) await gateway.close(0);
      for (const server of servers.splice(0)) await server.stop(true);
    },
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** Sends octets as they are. Resolves with everything that comes back, when the gateway has ended the connection. */
export function sendRaw(gateway: Gateway, octets: string | Uint8Array): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    const socket: Socket = connect(gateway.port, "127.0.0.1", () => socket.write(octets));
    socket.on("data", (data) => pieces.push(Buffer.from(data)));
    // A connection that is cut while more is sent ends too.
    socket.on("error", () => {});
    socket.on("close", () => {
      const text = Buffer.concat(pieces).toString("latin1");
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text });
    });
  });
}
