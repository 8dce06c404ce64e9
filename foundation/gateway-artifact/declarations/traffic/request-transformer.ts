import { anchoredPattern, UnusablePattern } from "#foundation/regex";
import type { JsonObject } from "../../plan.ts";
import type { ConfigProblem, MiddlewareDeclaration } from "../../plugin-declaration.ts";
import { BODY_RULES, framingFields, HEADER_RULES } from "./transform-shapes.ts";

/** Characters of a path as it is sent (RFC 3986 §3.3). */
const PATH = "^/[A-Za-z0-9._~:/@!$&'()*+,;=%-]*$";
/** The same, and references to groups. */
const REPLACEMENT = "^[A-Za-z0-9._~:/@!$&'()*+,;=%<>-]*$";

const NAME: JsonObject = { type: "string", minLength: 1 };

export const REQUEST_TRANSFORMER: MiddlewareDeclaration = {
  kind: "middleware",
  name: "request-transformer",
  phase: "transformation",
  summary: "Changes header fields, query, path and JSON body of requests on their way upstream.",
  config: {
    type: "object",
    additionalProperties: false,
    properties: {
      headers: HEADER_RULES,
      querystring: {
        type: "object",
        description: "Carried out in the order remove, rename, add. All variables are read before anything is changed.",
        additionalProperties: false,
        default: {},
        properties: {
          add: {
            type: "object",
            propertyNames: NAME,
            additionalProperties: { type: "string" },
            default: {},
            description: "Put in place of those with the name.",
          },
          remove: { type: "array", items: NAME, default: [] },
          rename: { type: "object", propertyNames: NAME, additionalProperties: NAME, default: {} },
        },
      },
      path: {
        type: "object",
        description: "Carried out in this order: strip_prefix, add_prefix, replace.",
        additionalProperties: false,
        default: {},
        properties: {
          strip_prefix: { type: "string", pattern: PATH, description: "Whole segments." },
          add_prefix: { type: "string", pattern: PATH },
          replace: {
            type: "object",
            additionalProperties: false,
            required: ["pattern", "replacement"],
            properties: {
              pattern: {
                description:
                  "Begins with `^` and is matched in linear time, so what is repeated may not be what follows as well: `^/v1/([^/]+)/(.*)$`. One without any special character is " +
                  "replaced wherever it stands.",
                type: "string",
                minLength: 1,
              },
              replacement: {
                description: "`$1` … are groups, `$<name>` named ones.",
                type: "string",
                pattern: REPLACEMENT,
              },
            },
          },
        },
      },
      body: BODY_RULES,
    },
  },
  check: (config) => [...framingFields(config), ...unusablePattern(config)],
};

function unusablePattern(config: JsonObject): readonly ConfigProblem[] {
  const { path } = config as { readonly path?: { readonly replace?: { readonly pattern: string } } };
  const pattern = path?.replace?.pattern;
  if (pattern === undefined || /^[A-Za-z0-9_~:/@!&',;=%-]+$/.test(pattern)) return [];
  try {
    anchoredPattern(pattern);
    return [];
  } catch (error) {
    if (!(error instanceof UnusablePattern)) throw error;
    return [{ pointer: "/path/replace/pattern", message: error.message }];
  }
}
