/** Who somebody is, and whether they may come in. */
import { isIP } from "node:net";
import { CelSyntaxError, compileCel } from "#foundation/cel";
import { SIGNING_ALGORITHMS } from "#foundation/jwt";
import type { JsonObject, JsonValue } from "../plan.ts";
import type { ConfigProblem, MiddlewareDeclaration } from "../plugin-declaration.ts";
import { BOT_DETECTION } from "./access/bot-detection.ts";
import { OAUTH2_AUTH } from "./access/oauth2-auth.ts";
import { OIDC_AUTH } from "./access/oidc-auth.ts";
import { OPA_AUTHZ } from "./access/opa-authz.ts";
import { CEL_VARIABLES } from "./cel-variables.ts";

const TEXTS = { type: "array", items: { type: "string" }, default: [] } as const;
const FIELD_NAME = { type: "string", pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$" } as const;
const UPSTREAM_HEADERS = {
  type: "object",
  additionalProperties: false,
  description: "Fields that tell the upstream who it is; what a client sends under these names is taken off.",
  properties: { consumer: FIELD_NAME, groups: FIELD_NAME, scopes: FIELD_NAME, claims: FIELD_NAME },
} as const;
const STRIP = {
  type: "boolean",
  default: true,
  description: "Whether the credential is kept from the upstream.",
} as const;

const apiKeyAuth: MiddlewareDeclaration = {
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

const basicAuth: MiddlewareDeclaration = {
  name: "basic-auth",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in who has a user name and its password (RFC 7617)",
  enforces: ["http:basic"],
  config: {
    type: "object",
    additionalProperties: false,
    required: ["credentials"],
    properties: {
      realm: { type: "string", pattern: "^[\\x20-\\x7e]*$", default: "api" },
      strip_credentials: STRIP,
      credentials: {
        type: "array",
        minItems: 1,
        items: {
          type: "object",
          additionalProperties: false,
          required: ["username", "password"],
          properties: {
            username: { type: "string", pattern: "^[^:]+$" },
            password: {
              type: "string",
              minLength: 1,
              writeOnly: true,
              description: "The password, or a hash of it by Argon2 or bcrypt ($argon2id$…, $2b$…).",
            },
            roles: TEXTS,
          },
        },
      },
      upstream_headers: UPSTREAM_HEADERS,
    },
  },
  check: ({ credentials }) => twice(credentials, "username", "/credentials"),
};

const jwtAuth: MiddlewareDeclaration = {
  name: "jwt-auth",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in who shows a token that an issuer has signed (RFC 7519)",
  enforces: ["http:bearer", "oauth2", "openIdConnect"],
  urls: ["jwks_url"],
  config: {
    type: "object",
    additionalProperties: false,
    oneOf: [{ required: ["jwks_url"] }, { required: ["public_key_pem"] }, { required: ["public_key_jwk"] }],
    properties: {
      issuer: { type: "string", description: "What `iss` must be." },
      audience: { type: "string", description: "What `aud` must be, or hold." },
      clock_skew_seconds: { type: "integer", minimum: 0, maximum: 600, default: 60 },
      groups_claim: { type: "string", minLength: 1, description: "Claim that holds groups; dots lead into objects." },
      required_scopes: { type: "array", items: { type: "string", pattern: "^[!#-\\[\\]-~]+$" }, default: [] },
      algorithms: {
        type: "array",
        minItems: 1,
        items: { enum: SIGNING_ALGORITHMS },
        default: SIGNING_ALGORITHMS,
        description: "Signatures that are taken.",
      },
      public_key_jwk: { type: "object", required: ["kty"], properties: { kty: { enum: ["RSA", "EC", "OKP"] } } },
      public_key_pem: { type: "string", pattern: "-----BEGIN (PUBLIC KEY|CERTIFICATE)-----" },
      jwks_url: { type: "string", format: "uri", pattern: "^https?://", description: "Where the issuer's keys are." },
      strip_credentials: { ...STRIP, default: false },
      upstream_headers: UPSTREAM_HEADERS,
    },
  },
};

const acl: MiddlewareDeclaration = {
  name: "acl",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in by name and group of who was verified before",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      allow: TEXTS,
      deny: TEXTS,
      allow_consumers: TEXTS,
      deny_consumers: TEXTS,
      consumer_groups: {
        type: "object",
        default: {},
        additionalProperties: { type: "array", items: { type: "string" } },
        description: "Further groups of consumers.",
      },
      message: { type: "string" },
    },
  },
};

const CIDRS = {
  type: "array",
  items: { type: "string", description: "An address or a CIDR: 192.0.2.0/24, 2001:db8::/32" },
  default: [],
} as const;

const ipRestriction: MiddlewareDeclaration = {
  name: "ip-restriction",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in by the address of the client",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      allow: CIDRS,
      deny: CIDRS,
      message: { type: "string" },
      status: { type: "integer", minimum: 400, maximum: 499, default: 403 },
    },
  },
  check: ({ allow = [], deny = [] }) => [...cidrProblems(allow, "/allow"), ...cidrProblems(deny, "/deny")],
};

const cel: MiddlewareDeclaration = {
  name: "cel",
  kind: "middleware",
  phase: "admission",
  summary: "Lets in by an expression (Common Expression Language)",
  config: {
    type: "object",
    additionalProperties: false,
    required: ["expression"],
    properties: {
      expression: { type: "string", minLength: 1, description: `Over ${CEL_VARIABLES.join(", ")}.` },
      deny_message: { type: "string" },
      on_match: {
        type: "object",
        additionalProperties: false,
        description: "What follows from true, in the place of: false is refused.",
        properties: {
          set_context: { type: "object", additionalProperties: { type: "string" } },
          deny: {
            type: "object",
            additionalProperties: false,
            required: ["code"],
            properties: {
              status: { type: "integer", minimum: 400, maximum: 499, default: 403 },
              code: { type: "string", pattern: "^[a-z][a-z0-9_]*$" },
              message: { type: "string" },
            },
          },
        },
      },
    },
  },
  check: ({ expression }) => {
    try {
      compileCel(String(expression), { variables: CEL_VARIABLES });
      return [];
    } catch (error) {
      if (!(error instanceof CelSyntaxError)) throw error;
      return [{ pointer: "/expression", message: `The expression cannot be used: ${error.message}` }];
    }
  },
};

function cidrProblems(cidrs: JsonValue, pointer: string): readonly ConfigProblem[] {
  if (!Array.isArray(cidrs)) return [];
  return cidrs.flatMap((one: JsonValue, index) => {
    const [address = "", prefix, ...more] = String(one).split("/");
    const version = isIP(address);
    const most = version === 6 ? 128 : 32;
    const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= most);
    if (version !== 0 && isPrefix && more.length === 0) return [];
    return [{ pointer: `${pointer}/${index}`, message: `${JSON.stringify(one)} is no address and no CIDR.` }];
  });
}

function twice(list: JsonValue | undefined, member: string, pointer: string): readonly ConfigProblem[] {
  if (!Array.isArray(list)) return [];
  const seen = new Set<unknown>();
  return (list as readonly JsonObject[]).flatMap((one, index) => {
    const value = one[member];
    if (!seen.has(value)) {
      seen.add(value);
      return [];
    }
    return [{ pointer: `${pointer}/${index}/${member}`, message: `${JSON.stringify(value)} is there twice.` }];
  });
}

export const ACCESS_PLUGINS: readonly MiddlewareDeclaration[] = [
  acl,
  apiKeyAuth,
  basicAuth,
  BOT_DETECTION,
  cel,
  ipRestriction,
  jwtAuth,
  OAUTH2_AUTH,
  OIDC_AUTH,
  OPA_AUTHZ,
];
