import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { FIELD_NAME } from "../traffic/shapes.ts";
import { STRIP, TEXTS, UPSTREAM_HEADERS } from "./shapes.ts";

export const API_KEY_AUTH: MiddlewareDeclaration = {
  name: "apikey-auth",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in who has one of the keys that are written down",
  enforces: ["apiKey"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["keys"],
    properties: {
      key_location: { enum: ["header", "query", "cookie"], default: "header" },
      header_name: { ...FIELD_NAME, default: "X-API-Key" },
      query_param: { type: "string", minLength: 1, default: "api_key" },
      cookie_name: { ...FIELD_NAME, default: "api_key" },
      strip_credentials: STRIP,
      keys: {
        type: "array",
        minItems: 1,
        items: {
          type: "object",
          additionalProperties: false,
          required: ["key", "id"],
          properties: {
            key: { type: "string", minLength: 1, writeOnly: true },
            id: { type: "string", minLength: 1, description: "Name of the consumer." },
            name: { type: "string" },
            scopes: TEXTS,
            groups: TEXTS,
            expires_at: { type: "string", format: "date-time" },
          },
        },
      },
      upstream_headers: UPSTREAM_HEADERS,
    },
  },
};
