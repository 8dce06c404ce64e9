/** Values completed by the defaults of their schema. Pure. */
import type { JsonObject, JsonValue } from "#foundation/gateway-artifact";

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Members that are missing and have a default, all the way down. */
export function withDefaults(value: JsonValue, schema: JsonValue | undefined): JsonValue {
  if (!isObject(schema)) return value;
  if (Array.isArray(value)) return value.map((one: JsonValue) => withDefaults(one, schema.items));
  if (!isObject(value)) return value;
  const properties = isObject(schema.properties) ? schema.properties : {};
  // Not an object yet: a member may be called `__proto__`.
  const filled = new Map<string, JsonValue>();
  for (const [name, member] of Object.entries(properties)) {
    const given = Object.hasOwn(value, name) ? value[name] : isObject(member) ? member.default : undefined;
    if (given !== undefined) filled.set(name, withDefaults(given, member));
  }
  const others = schema.additionalProperties;
  for (const [name, one] of Object.entries(value)) {
    if (!filled.has(name)) filled.set(name, withDefaults(one, isObject(others) ? others : undefined));
  }
  return Object.fromEntries(filled);
}
