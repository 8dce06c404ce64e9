import type { JsonObject, JsonValue } from "../../plan.ts";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { STRIP, TEXTS, UPSTREAM_HEADERS } from "./shapes.ts";

export const BASIC_AUTH: MiddlewareDeclaration = {
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
