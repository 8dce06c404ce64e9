/** The table of rules as a JSON Schema (2020-12), for editors: TOML tools check `biplane.toml` by it. Rules between fields are beyond it. */
import { assertNever } from "#foundation/errors";
import type { Field, Rule, TableRule } from "./rules.ts";
import { MANIFEST_SCHEMA } from "./schema.ts";

type JsonSchema = Readonly<Record<string, unknown>>;

export function manifestJsonSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "biplane.toml",
    description: "The manifest of an application on Biplane, schema v1.",
    ...schemaOf(MANIFEST_SCHEMA),
  };
}

function schemaOf(rule: Rule): JsonSchema {
  switch (rule.kind) {
    case "text":
      if (rule.words?.length === 1) return { const: rule.words[0] };
      if (rule.words !== undefined) return { enum: rule.words };
      return {
        type: "string",
        ...(rule.lengthMin === 0 ? {} : { minLength: 1 }),
        maxLength: rule.lengthMax,
        ...(rule.pattern === undefined ? {} : { pattern: rule.pattern.source }),
      };
    case "number":
      if (rule.decimals === 0) return { type: "integer", minimum: rule.min, maximum: rule.max };
      // No `multipleOf`: by it, many validators find 0.07 to be no multiple of 0.01.
      return { type: "number", minimum: rule.min, maximum: rule.max };
    case "flag":
      return { type: "boolean" };
    case "size":
      return { type: "string", pattern: `^[1-9][0-9]{0,5}(${rule.units.join("|")})$` };
    case "port":
      return { type: ["string", "integer"] };
    case "list":
      return {
        type: "array",
        ...(rule.first === undefined ? {} : { prefixItems: [schemaOf(rule.first)] }),
        items: schemaOf(rule.of),
        minItems: rule.min,
        maxItems: rule.max,
      };
    case "map":
      return {
        type: "object",
        propertyNames: schemaOf(rule.key),
        additionalProperties: schemaOf(rule.of),
        minProperties: rule.min,
        maxProperties: rule.max,
      };
    case "table":
      return tableSchema(rule);
    default:
      return assertNever(rule, "rule");
  }
}

function tableSchema({ fields }: TableRule): JsonSchema {
  const entries = Object.entries(fields);
  const required = entries.filter(([, field]) => field.required === true).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, field]) => [name, fieldSchema(field)])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function fieldSchema({ rule, help, fallback, derived }: Field): JsonSchema {
  return {
    description: derived === undefined ? help : `${help} Without it: ${derived}.`,
    ...schemaOf(rule),
    ...(fallback === undefined || typeof fallback === "object" ? {} : { default: fallback }),
  };
}
