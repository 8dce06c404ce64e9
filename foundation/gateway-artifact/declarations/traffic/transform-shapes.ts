/** What transformations of requests and of responses have in common. */
import type { JsonObject, JsonValue } from "../../plan.ts";
import type { ConfigProblem } from "../../plugin-declaration.ts";
import { FIELD_NAME, FIELD_VALUE } from "./shapes.ts";

/** Those that say where a message ends and what becomes of the connection: they are the server's and the client's own. */
const FRAMING = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const POINTER = "^(/([^~/]|~[01])*)+$";

const VARIABLES =
  "`$client_ip`, `$header.<name>`, `$query.<name>`, `$path.<name>`, `$cookie.<name>`, `$context.<key>`, `$$` for a dollar; `context:<key>` as the whole value";

const named = (values: JsonObject, description: string): JsonObject => ({
  type: "object",
  propertyNames: FIELD_NAME,
  additionalProperties: values,
  default: {},
  description,
});

export const HEADER_RULES: JsonObject = {
  type: "object",
  description: "Carried out in the order remove, rename, add, set.",
  additionalProperties: false,
  default: {},
  properties: {
    add: named(
      FIELD_VALUE,
      `Fields put in place of those with the name. Variables: ${VARIABLES}. When nothing comes of a value, there is no such field.`,
    ),
    set: named(FIELD_VALUE, "Fields that are added where there is none with the name."),
    remove: { type: "array", items: FIELD_NAME, default: [] },
    rename: named(FIELD_NAME, "By the old name."),
  },
};

const pointed = (values: JsonObject, description: string): JsonObject => ({
  type: "object",
  propertyNames: { pattern: POINTER },
  additionalProperties: values,
  default: {},
  description,
});

export const BODY_RULES: JsonObject = {
  type: "object",
  description: "For bodies of JSON, by JSON Pointers (RFC 6901), in the order remove, rename, add.",
  additionalProperties: false,
  default: {},
  properties: {
    add: pointed({}, "Values; texts may have variables. Objects on the way are made."),
    remove: { type: "array", items: { type: "string", pattern: POINTER }, default: [] },
    rename: pointed({ type: "string", pattern: POINTER }, "By the old place."),
  },
};

/** Fields that no rule may change. */
export function framingFields(config: JsonObject): readonly ConfigProblem[] {
  const rules = (config.headers ?? {}) as Readonly<Record<string, JsonValue>>;
  const problems: ConfigProblem[] = [];
  for (const [rule, value] of Object.entries(rules)) {
    const names = Array.isArray(value) ? value.map(String) : Object.keys(value as JsonObject);
    if (rule === "rename") names.push(...Object.values(value as JsonObject).map(String));
    for (const name of names) {
      if (!FRAMING.has(name.toLowerCase())) continue;
      problems.push({
        pointer: `/headers/${rule}`,
        message: `${name} is written by the gateway itself, and cannot be changed.`,
      });
    }
  }
  return problems;
}
