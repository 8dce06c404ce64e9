/** Paths that the gateway answers itself, beside the traffic. */
import type { GatewayArtifact } from "#foundation/gateway-artifact";
import type { Answer } from "../message/answer.ts";
import { HeaderFields } from "../message/header-fields.ts";
import { problem } from "../problems.ts";

export const RESERVED_PREFIX = "/__biplane/";

/** `GET /__biplane/health`: whether it serves. What it serves is told on the admin port only. */
export function answerReserved(path: string, _query: string, method: string, _artifact: GatewayArtifact): Answer {
  if (path !== `${RESERVED_PREFIX}health`) return problem("not-found");
  if (method !== "GET" && method !== "HEAD") return problem("method-not-allowed", { headers: ["Allow", "GET, HEAD"] });
  return {
    status: 200,
    headers: HeaderFields.of(["Content-Type", "application/json", "Cache-Control", "no-store"]),
    body: Buffer.from('{"status":"healthy"}\n'),
  };
}
