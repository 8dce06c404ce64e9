import type { JsonObject } from "../../plan.ts";
import type { MiddlewareDeclaration } from "../../plugin-declaration.ts";

/** Those that send the client somewhere with `Location`, with the same method or (301, 302: by habit) with GET. */
const STATUS: JsonObject = { enum: [301, 302, 307, 308] };
/** Characters of a URI reference (RFC 3986 §2). */
const URI_REFERENCE = "^[A-Za-z0-9._~:/?#\\[\\]@!$&'()*+,;=%-]+$";
const PATH = "^/[A-Za-z0-9._~:/@!$&'()*+,;=%-]*$";

const RULE: JsonObject = {
  type: "object",
  additionalProperties: false,
  required: ["target"],
  not: { required: ["path", "prefix"] },
  properties: {
    path: { type: "string", pattern: PATH, description: "The whole path, as it is sent." },
    prefix: {
      type: "string",
      pattern: PATH,
      description: "First segments of the path; what follows them is put behind the target's path.",
    },
    target: { type: "string", pattern: URI_REFERENCE, maxLength: 2048 },
    status_code: STATUS,
  },
};

export const REDIRECT: MiddlewareDeclaration = {
  kind: "middleware",
  name: "redirect",
  phase: "admission",
  summary: "Sends clients to another address, by path.",
  config: {
    type: "object",
    additionalProperties: false,
    required: ["rules"],
    properties: {
      status_code: { ...STATUS, default: 302, description: "Of rules that name none." },
      preserve_query: { type: "boolean", default: true },
      rules: {
        description:
          "The first that fits counts, and one without path and prefix always does; when none does, the request goes on.",
        type: "array",
        minItems: 1,
        items: RULE,
      },
    },
  },
};
