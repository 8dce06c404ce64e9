/** What of OpenAI's API an operation of the document stands for, by the end of its path. Pure. */
import type { PlannedOperation } from "#foundation/gateway-artifact";

export type Surface = "chat" | "responses" | "models" | "model";

/** @example `GET /llm/v1/models` is `models`; whatever is nothing else is `chat` */
export function surfaceOf({ method, path }: Pick<PlannedOperation, "method" | "path">): Surface {
  if (method === "POST") return path.endsWith("/v1/responses") ? "responses" : "chat";
  if (method !== "GET") return "chat";
  if (path.endsWith("/v1/models")) return "models";
  return /\/v1\/models\/\{[^{}/]+\}$/.test(path) ? "model" : "chat";
}
