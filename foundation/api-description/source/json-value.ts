/** What a description consists of once it is read, and JSON Pointers into it (RFC 6901). */

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** Made by the readers without a prototype: a key such as `constructor` is there only when the document has it. */
export interface JsonObject {
  readonly [key: string]: Json;
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** `an object`, `a list`, `text` …: as messages call it. */
export function kindOf(value: Json | undefined): string {
  if (value === undefined) return "missing";
  if (value === null) return "empty (null)";
  if (Array.isArray(value)) return "a list";
  switch (typeof value) {
    case "string":
      return "text";
    case "number":
      return "a number";
    case "boolean":
      return "true or false";
    default:
      return "an object";
  }
}

/** `/a~1b`: one step of a pointer. */
export function pointerStep(key: string | number): string {
  // Nearly all keys have neither.
  if (typeof key === "number" || !/[~/]/.test(key)) return `/${key}`;
  return `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** The keys of a pointer, unescaped; undefined when it is none: no slash in front, or a `~` that escapes nothing. */
export function pointerSteps(pointer: string): readonly string[] | undefined {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** RFC 6901 §4: without leading zeros. */
const INDEX = /^(0|[1-9][0-9]*)$/;

/** One step into a value; undefined when it is not there. */
export function stepInto(value: Json | undefined, step: string): Json | undefined {
  if (isList(value)) return INDEX.test(step) ? value[Number(step)] : undefined;
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}
