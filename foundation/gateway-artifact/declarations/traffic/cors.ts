import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";

/** Scheme, host and port, as browsers write it (RFC 6454 §6.2): no path, no slash at the end. A `*` may stand for the first labels of the host. */
const ORIGIN =
  "^(\\*|null|[a-z][a-z0-9+.-]*://(\\*\\.)?([a-z0-9_-]+(\\.[a-z0-9_-]+)*|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?)$";
const TOKEN_OR_ANY = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";

/** Members in which `*` means "any", but only for requests without credentials. */
const WITH_WILDCARD = ["allowed_origins", "allowed_methods", "allowed_headers", "expose_headers"] as const;

export const CORS: MiddlewareDeclaration = {
  kind: "middleware",
  name: "cors",
  phase: "admission",
  summary: "Lets pages of other origins call the operation, and answers preflight requests.",
  config: {
    type: "object",
    additionalProperties: false,
    required: ["allowed_origins"],
    properties: {
      allowed_origins: {
        description:
          "`*`, exact origins in lower case (`https://app.example.com`), or all below a domain (`https://*.example.com`).",
        type: "array",
        minItems: 1,
        items: { type: "string", pattern: ORIGIN },
      },
      allowed_methods: {
        type: "array",
        items: { type: "string", pattern: TOKEN_OR_ANY },
        default: ["GET", "POST"],
      },
      allowed_headers: {
        description: "Request fields that pages may send besides those that every page may.",
        type: "array",
        items: { type: "string", pattern: TOKEN_OR_ANY },
        default: [],
      },
      expose_headers: {
        description: "Response fields that pages may read besides those that every page may.",
        type: "array",
        items: { type: "string", pattern: TOKEN_OR_ANY },
        default: [],
      },
      max_age: {
        description: "Seconds for which a browser may keep the answer to a preflight request.",
        type: "integer",
        minimum: 0,
        maximum: 86_400,
        default: 3600,
      },
      allow_credentials: {
        description: "Whether requests may carry cookies and the like.",
        type: "boolean",
        default: false,
      },
    },
  },
  check: wildcardsWithCredentials,
};

/** For browsers a `*` in an answer to a request with credentials is the name of something, and matches nothing (Fetch, "CORS protocol and credentials"). */
function wildcardsWithCredentials(config: JsonObject): readonly ConfigProblem[] {
  if (config.allow_credentials !== true) return [];
  return WITH_WILDCARD.filter((member) => (config[member] as readonly string[] | undefined)?.includes("*")).map(
    (member) => ({
      pointer: `/${member}`,
      message: '"*" cannot be combined with allow_credentials: list what is allowed.',
    }),
  );
}
