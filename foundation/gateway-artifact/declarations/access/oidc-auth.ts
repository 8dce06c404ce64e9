import { SIGNING_ALGORITHMS } from "#foundation/jwt";
import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { GROUPS_CLAIM, SCOPES, SERVER_URL, STRIP_TOKEN, TIMEOUT, UPSTREAM_HEADERS } from "./shapes.ts";

export const OIDC_AUTH: MiddlewareDeclaration = {
  name: "oidc-auth",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in who shows a token of a provider of OpenID Connect",
  enforces: ["http:bearer", "oauth2", "openIdConnect"],
  urls: ["issuer_url"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["issuer_url"],
    properties: {
      issuer_url: {
        ...SERVER_URL,
        description: "The issuer; /.well-known/openid-configuration is asked for below it.",
      },
      issuer_override: {
        type: "string",
        minLength: 1,
        description: "What `iss` of tokens must be, when the issuer is asked at another address than it calls itself.",
      },
      audience: { type: "string", description: "What `aud` must be, or hold." },
      required_scopes: SCOPES,
      clock_skew_seconds: { type: "integer", minimum: 0, maximum: 600, default: 60 },
      jwks_refresh_seconds: {
        type: "integer",
        minimum: 10,
        maximum: 86_400,
        default: 300,
        description: "How old keys may be before they are asked for again, in the background.",
      },
      timeout: TIMEOUT,
      allow_query_token: {
        type: "boolean",
        default: false,
        description:
          "Whether a token may stand in the query, as access_token (RFC 6750 §2.3); it is always kept from the upstream.",
      },
      groups_claim: GROUPS_CLAIM,
      groups_claim_separator: {
        type: "string",
        minLength: 1,
        description: "Between groups that are one text. Default: blanks and commas.",
      },
      algorithms: {
        type: "array",
        minItems: 1,
        items: { enum: SIGNING_ALGORITHMS },
        default: SIGNING_ALGORITHMS,
        description: "Signatures that are taken.",
      },
      strip_credentials: STRIP_TOKEN,
      upstream_headers: UPSTREAM_HEADERS,
    },
  },
};
