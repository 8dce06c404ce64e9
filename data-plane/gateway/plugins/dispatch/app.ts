/**
 * `app`: requests go to an application of this cloud by its name. The edge is asked, and not an instance: it knows which are ready, and an instance that is about to go is waited for by the edge's word (decision 0015).
 */
import { EDGE_ANSWER_FIELD, EDGE_SERVICE_SUFFIX } from "#contracts";
import type { JsonObject } from "#foundation/gateway-artifact";
import { MessageBody } from "#foundation/http1";
import type { Answer } from "../../message/answer.ts";
import { problem } from "../../problems.ts";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../plugin.ts";
import { targetOf, upstreamOf } from "../upstream-address.ts";
import { requestFields } from "./forwarded-fields.ts";
import { bodyOf } from "./upstream/request-body.ts";
import { sendOnce } from "./upstream/send-once.ts";
import { type TlsConfig, tlsOf } from "./upstream/upstream-config.ts";

interface AppConfig {
  readonly org: string;
  readonly app: string;
  readonly environment: string;
  readonly process: string;
  readonly port?: number;
  readonly edge: string;
  readonly path?: string;
  readonly timeout: number;
  readonly connect_timeout: number;
  readonly idle_timeout: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: TlsConfig;
}

export const app: DispatcherPlugin = {
  name: "app",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const { edge, path, headers, tls, timeout, connect_timeout, idle_timeout, ...name } =
      config as unknown as AppConfig;
    // What a secret refers to was not seen by the compiler.
    if (!URL.canParse(edge) || !/^https?:$/.test(new URL(edge).protocol)) {
      throw new TypeError("edge has to be the address of an edge, such as http://127.0.0.1:8080.");
    }
    const upstream = upstreamOf(edge, tlsOf(tls));
    const target = targetOf(upstream.basePath, path);
    const fields = requestFields(headers);
    const service = `${name.process}.${name.environment}.${name.app}.${name.org}${EDGE_SERVICE_SUFFIX}`;
    const authority = name.port === undefined ? service : `${name.port}.${service}`;
    return {
      async dispatch(exchange) {
        const { request } = exchange;
        const { bytes, stream, length } = request.body;
        const answer = await sendOnce(exchange, host.pool, upstream, {
          method: request.method,
          target: target(request),
          host: authority,
          ...fields.of(exchange),
          ...(stream === undefined ? { body: bodyOf(request.method, bytes) } : { stream: { length } }),
          responseTimeoutMs: timeout * 1000,
          connectTimeoutMs: connect_timeout * 1000,
          idleTimeoutMs: idle_timeout * 1000,
        });
        return ofEdge(answer) ?? answer;
      },
    };
  },
};

/** What the edge itself says, as the gateway says it; undefined where the application has answered. */
function ofEdge({ headers, body }: Answer): Answer | undefined {
  const code = headers.get(EDGE_ANSWER_FIELD);
  const told = code === undefined ? undefined : TOLD.get(code);
  if (told === undefined) return undefined;
  if (body instanceof MessageBody) body.drop();
  const retryAfter = headers.get("retry-after");
  return told(retryAfter === undefined ? [] : ["Retry-After", retryAfter]);
}

const away = (detail: string) => (headers: readonly string[]) =>
  problem("upstream-unavailable", { status: 503, detail, headers });

const TOLD: ReadonlyMap<string, (headers: readonly string[]) => Answer> = new Map([
  ["NO_SUCH_HOST", () => problem("upstream-unavailable", { detail: "No such application is served under this path." })],
  ["SCALED_TO_ZERO", away("The application is switched off.")],
  ["NOT_DEPLOYED", away("The application is not deployed.")],
  ["STARTING", away("The application is being started.")],
  ["UNHEALTHY", away("The application does not work now.")],
  ["NO_ANSWER_IN_TIME", () => problem("upstream-timeout")],
  ["BAD_ANSWER", () => problem("upstream-invalid")],
]);
