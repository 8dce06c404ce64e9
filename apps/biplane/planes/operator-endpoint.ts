/**
 * What an operator asks of a data plane: `/_biplane/healthz`, `/_biplane/readyz`, `/_biplane/metrics` on the AWS endpoint.
 *
 * No bucket can be in the way: bucket names have no underscore. Only this machine is answered.
 */
import type { Link } from "#data-plane/link";
import type { HttpRequest, HttpResponse } from "#foundation/http";
import type { MetricsRegistry } from "#foundation/telemetry";

const PREFIX = "/_biplane/";

export interface OperatorEndpoint {
  readonly link: Link;
  readonly metrics: MetricsRegistry;
  state(): string;
}

/** The answer, or undefined for requests that are not for the operator. */
export function operatorAnswers(request: HttpRequest, endpoint: OperatorEndpoint): HttpResponse | undefined {
  if (!request.path.startsWith(PREFIX) || request.method !== "GET" || !isLoopback(request.remoteAddress))
    return undefined;
  switch (request.path.slice(PREFIX.length)) {
    case "healthz":
      return json(200, { status: "ok" });
    case "readyz": {
      const state = endpoint.state();
      const { connected, phase, appliedThrough, dataPlaneId, lastFailure } = endpoint.link.state;
      return json(state === "ready" ? 200 : 503, {
        state,
        dataPlaneId,
        controlPlane: { connected, phase, appliedThrough, lastFailure },
      });
    }
    case "metrics":
      return {
        status: 200,
        headers: [["content-type", "text/plain; version=0.0.4; charset=utf-8"]],
        body: endpoint.metrics.expose(),
      };
    default:
      return undefined;
  }
}

function json(status: number, value: unknown): HttpResponse {
  return { status, headers: [["content-type", "application/json"]], body: `${JSON.stringify(value)}\n` };
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
