/** The store that gateways share, as `rate-limit`, `ai-token-limit` and `cache` are told of it. */
import type { JsonObject } from "../../plan.ts";

/**
 * @param description what it is for
 * @param prefix what its member of this name says
 * @param isNamed whether that has to be written down: where what is in the store must not be taken for another's
 */
export function storeShape(description: string, prefix: string, isNamed = false): JsonObject {
  return {
    description,
    type: "object",
    additionalProperties: false,
    required: isNamed ? ["url", "prefix"] : ["url"],
    properties: {
      url: {
        description: "`rediss://HOST:PORT/DATABASE`; without TLS `redis://…`.",
        type: "string",
        pattern: "^rediss?://[^/@?#]+(/[0-9]{1,4})?$",
      },
      username: { type: "string", minLength: 1, maxLength: 256 },
      password: { type: "string", minLength: 1, maxLength: 1024, writeOnly: true },
      ca: { description: "Authorities to trust in the place of the system's, in PEM.", type: "string" },
      timeout: {
        description: "Seconds that a request waits for it.",
        type: "number",
        minimum: 0.01,
        maximum: 10,
        default: 0.5,
      },
      prefix: {
        description: prefix,
        type: "string",
        pattern: "^[A-Za-z0-9_.:/-]{1,64}$",
        ...(isNamed ? {} : { default: "biplane" }),
      },
    },
  };
}
