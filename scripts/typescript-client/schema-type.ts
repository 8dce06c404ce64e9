/** JSON Schemas (2020-12) as types of TypeScript. Pure. */

export type JsonSchema = Readonly<Record<string, unknown>>;

const PRIMITIVES: Readonly<Record<string, string>> = {
  string: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
  null: "null",
};

/** The type of what a schema takes, as far as types can say it; `unknown` for what it leaves open. */
export function typeOf(schema: JsonSchema, indent = ""): string {
  const { $ref: ref, const: constant, enum: choices, anyOf, oneOf, type } = schema;
  if (typeof ref === "string") return ref.slice(ref.lastIndexOf("/") + 1);
  if (constant !== undefined) return JSON.stringify(constant);
  if (Array.isArray(choices)) return choices.map((choice) => JSON.stringify(choice)).join(" | ");
  const any = anyOf ?? oneOf;
  if (Array.isArray(any)) return any.map((one) => typeOf(one as JsonSchema, indent)).join(" | ");
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one }, indent)).join(" | ");
  if (type === "array") {
    const items = typeOf((schema.items ?? {}) as JsonSchema, indent);
    return /^[\w]+$/.test(items) ? `readonly ${items}[]` : `ReadonlyArray<${items}>`;
  }
  if (type === "object" || schema.properties !== undefined) return objectType(schema, indent);
  return PRIMITIVES[type as string] ?? "unknown";
}

function objectType({ properties, required = [], additionalProperties }: JsonSchema, indent: string): string {
  const members = Object.entries((properties ?? {}) as Readonly<Record<string, JsonSchema>>);
  if (members.length === 0) {
    if (properties !== undefined && additionalProperties === undefined) return "Record<string, never>";
    const values =
      typeof additionalProperties === "object" ? typeOf(additionalProperties as JsonSchema, indent) : "unknown";
    return `Readonly<Record<string, ${values}>>`;
  }
  const inner = `${indent}  `;
  const lines = members.map(([name, schema]) => {
    const mark = (required as readonly string[]).includes(name) ? "" : "?";
    return `${comment(schema.description, inner)}${inner}readonly ${memberName(name)}${mark}: ${typeOf(schema, inner)};\n`;
  });
  const open = additionalProperties === true ? `${inner}readonly [name: string]: unknown;\n` : "";
  return `{\n${lines.join("")}${open}${indent}}`;
}

/** A name as a member has it. */
export const memberName = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));

/** A comment line, or nothing. No text can end the comment. */
export function comment(text: unknown, indent: string): string {
  if (typeof text !== "string" || text === "") return "";
  return `${indent}/** ${text.replaceAll("*/", "*\u200b/").replaceAll(/\s+/g, " ")} */\n`;
}
