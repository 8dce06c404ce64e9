/** A control plane of a fleet that says what a test tells it to, on a real port; and artifacts for it to give away. */
import type { DesiredArtifact, GatewayMessage, MessageToGateway } from "#contracts";
import { type GatewayPlan, PLAN_VERSION, sealGatewayArtifact } from "#foundation/gateway-artifact";
import {
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  serveHttp,
  type WebSocketConnection,
} from "#foundation/http";

export const API_KEY = "bbk_a-key-of-tests";

/** A whole artifact that serves nothing; the name makes it another. */
export function artifactNamed(compiler: string): { readonly bytes: Uint8Array; readonly digest: string } {
  const plan: GatewayPlan = { version: PLAN_VERSION, apis: [], operations: [], plugins: [], schemas: [] };
  return sealGatewayArtifact({ plan, specs: new Map(), provenance: { compiler } });
}

export interface FleetServer {
  /** `http://127.0.0.1:…/fleet`. */
  readonly url: string;
  readonly port: number;
  /** All that gateways have said, over all connections. */
  readonly heard: GatewayMessage[];
  /** Paths that were fetched. */
  readonly fetched: string[];
  /** By path; a function may take its time. */
  readonly files: Map<string, Uint8Array | (() => HttpResponse | Promise<HttpResponse>)>;
  /** Accepted so far. */
  connections(): number;
  /** Open now. */
  openConnections(): number;
  /** What heartbeats are answered with from now on. */
  desire(desired: DesiredArtifact): void;
  /** Instead of `registered`, from now on. */
  answerRegistrations(message: MessageToGateway): void;
  say(message: MessageToGateway | string): void;
  close(): Promise<void>;
}

const PREFIX = "/fleet";

/** @param port to be the server that was there before */
export async function startFleetServer(
  port = 0,
  tls?: { readonly key: string; readonly cert: string },
): Promise<FleetServer> {
  const heard: GatewayMessage[] = [];
  const fetched: string[] = [];
  const files: FleetServer["files"] = new Map();
  let desired: DesiredArtifact | undefined;
  let answer: MessageToGateway = { type: "registered", data_plane_id: "dp-1", heartbeat_interval_secs: 30 };
  let socket: WebSocketConnection | undefined;
  let connections = 0;
  let openConnections = 0;

  const isOurs = (request: HttpRequest) => request.headers.get("authorization") === `Bearer ${API_KEY}`;
  const say = (message: MessageToGateway | string) =>
    socket?.send(typeof message === "string" ? message : JSON.stringify(message));
  const hear = (message: GatewayMessage): void => {
    heard.push(message);
    if (message.type === "register") say(answer);
    if (message.type === "heartbeat") say({ type: "heartbeat_ack", ...(desired === undefined ? {} : { desired }) });
  };

  const server: HttpServer = await serveHttp({
    port,
    ...(tls === undefined ? {} : { tls }),
    async handler(request) {
      if (!isOurs(request)) return { status: 401 };
      fetched.push(request.path);
      const file = files.get(request.path);
      if (file === undefined) return { status: 404 };
      return typeof file === "function" ? await file() : { status: 200, body: file };
    },
    upgrade(request) {
      if (request.path !== `${PREFIX}/ws/data-plane`) return { status: 404 };
      if (!isOurs(request)) return { status: 401 };
      return {
        kind: "accept",
        onOpen(connection) {
          connections++;
          openConnections++;
          socket = connection;
          connection.onClose(() => openConnections--);
          connection.onMessage((data) => hear(JSON.parse(String(data)) as GatewayMessage));
        },
      };
    },
  });
  return {
    url: `${server.url}${PREFIX}`,
    port: server.port,
    heard,
    fetched,
    files,
    connections: () => connections,
    openConnections: () => openConnections,
    desire(wanted) {
      desired = wanted;
    },
    answerRegistrations(message) {
      answer = message;
    },
    say,
    close: () => server.close(0),
  };
}

/** An artifact that the server has, as it is desired. */
export function offer(server: FleetServer, generation: number, name: string): DesiredArtifact {
  const { bytes, digest } = artifactNamed(name);
  server.files.set(`${PREFIX}/v1/artifacts/${name}/download`, bytes);
  return { artifact_id: name, digest, generation };
}
