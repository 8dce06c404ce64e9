import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { GROUPS_CLAIM, SCOPES, SERVER_URL, STRIP_TOKEN, TIMEOUT, UPSTREAM_HEADERS } from "./shapes.ts";

export const OAUTH2_AUTH: MiddlewareDeclaration = {
  name: "oauth2-auth",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in whose token an authorization server calls active (RFC 7662)",
  enforces: ["http:bearer", "oauth2", "openIdConnect"],
  urls: ["introspection_endpoint"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["introspection_endpoint", "client_id", "client_secret"],
    properties: {
      introspection_endpoint: SERVER_URL,
      client_id: { type: "string", minLength: 1 },
      client_secret: { type: "string", minLength: 1, writeOnly: true },
      required_scopes: SCOPES,
      audience: { type: "string", description: "What `aud` must be, or hold." },
      groups_claim: GROUPS_CLAIM,
      timeout: TIMEOUT,
      cache_seconds: {
        type: "integer",
        minimum: 0,
        maximum: 3600,
        default: 60,
        description:
          "For how long an answer is good; as late may a token that was withdrawn be let in. 0: each is asked for.",
      },
      strip_credentials: STRIP_TOKEN,
      upstream_headers: UPSTREAM_HEADERS,
    },
  },
};
