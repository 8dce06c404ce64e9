/**
 * What an operator asks of a data plane: `/_biplane/healthz`, `/_biplane/readyz`, `/_biplane/metrics`, `/_biplane/locate`, `/_biplane/peek`,
 * `/_biplane/audit` and what is below it, on the AWS endpoint.
 *
 * No bucket can be in the way: bucket names have no underscore. Only this machine is answered; where objects lie, what waits in queues and who did what is told only to those who can read the data
 * directory anyway, which the token in it proves.
 */
import { resolve } from "node:path";
import { addressOf, type EndpointNames } from "#data-plane/front-door";
import type { Catalog, Link } from "#data-plane/link";
import type { EmbeddedEngine } from "#data-plane/objects/engine";
import type { QueuesService } from "#data-plane/queues";
import type { AuditLog } from "#foundation/audit";
import { equalInConstantTime } from "#foundation/crypto";
import type { HttpRequest, HttpResponse } from "#foundation/http";
import type { MetricsRegistry } from "#foundation/telemetry";
import type { Engines } from "./engines.ts";
import { auditAnswers } from "./operator-audit.ts";

const PREFIX = "/_biplane/";

export interface OperatorEndpoint {
  readonly link: Pick<Link, "state"> & { readonly catalog: Pick<Catalog, "bucket"> };
  readonly engines: Pick<Engines, "failure"> & { readonly objects: Pick<EmbeddedEngine, "head" | "locate"> };
  readonly queues: Pick<QueuesService, "peek">;
  /** The engine's directory: what it locates is relative to it. */
  readonly objectsDirectory: string;
  readonly audit: AuditLog;
  readonly metrics: MetricsRegistry;
  readonly token: string;
  readonly names: EndpointNames;
  state(): string;
}

/** The answer, or undefined for requests that are not for the operator. */
export function operatorAnswers(
  request: HttpRequest,
  endpoint: OperatorEndpoint,
): HttpResponse | Promise<HttpResponse> | undefined {
  if (!request.path.startsWith(PREFIX) || request.method !== "GET" || !isLoopback(request.remoteAddress))
    return undefined;
  // Behind a bucket's host name the path is a key.
  if (addressOf(request, endpoint.names).bucket !== undefined) return undefined;
  const path = request.path.slice(PREFIX.length);
  switch (path) {
    case "healthz": {
      // Reads go on, but nothing can be written before a new start: whoever watches over the process should bring that about.
      const { failure } = endpoint.engines;
      return failure === undefined
        ? json(200, { status: "ok" })
        : json(503, { status: "failed", reason: failure.message });
    }
    case "readyz": {
      const state = endpoint.engines.failure === undefined ? endpoint.state() : "failed";
      const { connected, phase, appliedThrough, dataPlaneId, lastFailure } = endpoint.link.state;
      return json(state === "ready" ? 200 : 503, {
        state,
        dataPlaneId,
        controlPlane: { connected, phase, appliedThrough, lastFailure },
        // Without it control operations are refused; those on data go on, so that it decides nothing here.
        audit: endpoint.audit.health(),
      });
    }
    case "metrics":
      return {
        status: 200,
        headers: [["content-type", "text/plain; version=0.0.4; charset=utf-8"]],
        body: endpoint.metrics.expose(),
      };
    case "locate":
      return knowsToken(request, endpoint) ? locate(request, endpoint) : json(403, NO_TOKEN);
    case "peek":
      return knowsToken(request, endpoint) ? peek(request, endpoint) : json(403, NO_TOKEN);
    case "audit":
    case "audit/head":
    case "audit/tail":
    case "audit/verify":
      return knowsToken(request, endpoint) ? auditAnswers(request, path, endpoint.audit) : json(403, NO_TOKEN);
    default:
      return undefined;
  }
}

/** `?bucket=…&key=…`, each percent-encoded: the files that hold the latest version. */
async function locate(request: HttpRequest, endpoint: OperatorEndpoint): Promise<HttpResponse> {
  const query = new URLSearchParams(request.query);
  const bucket = endpoint.link.catalog.bucket(query.get("bucket") ?? "");
  const version =
    bucket === undefined ? undefined : await endpoint.engines.objects.head(bucket.bucketId, query.get("key") ?? "");
  if (version === undefined || version.deleteMarker) return json(404, { error: "there is no such object" });
  return json(200, {
    paths: (await endpoint.engines.objects.locate(version)).map((path) => resolve(endpoint.objectsDirectory, path)),
  });
}

/** `?queue=<ARN>&limit=…`: the first messages of a queue, without any effect on them. */
async function peek(request: HttpRequest, endpoint: OperatorEndpoint): Promise<HttpResponse> {
  const query = new URLSearchParams(request.query);
  const limit = Number(query.get("limit") ?? PEEK_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1) return json(400, { error: "limit must be a whole number from 1" });
  const messages = await endpoint.queues.peek(query.get("queue") ?? "", limit);
  return messages === undefined ? json(404, { error: "there is no such queue" }) : json(200, { messages });
}

const PEEK_DEFAULT = 10;
const NO_TOKEN = { error: "the operator's token is needed" };

function knowsToken(request: HttpRequest, { token }: OperatorEndpoint): boolean {
  return equalInConstantTime(request.headers.get("authorization") ?? "", `Bearer ${token}`);
}

function json(status: number, value: unknown): HttpResponse {
  return { status, headers: [["content-type", "application/json"]], body: `${JSON.stringify(value)}\n` };
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.") || address.startsWith("::ffff:127.");
}
