/** Asking a value for its type, where that is not known already. */
import type { Emitter, Frame } from "./emitter.ts";

const isObjectTest = (data: string): string =>
  `typeof ${data} === "object" && ${data} !== null && !Array.isArray(${data})`;

const TYPE_TESTS: Readonly<Record<string, (data: string) => string>> = {
  array: (data) => `Array.isArray(${data})`,
  boolean: (data) => `typeof ${data} === "boolean"`,
  integer: (data) => `Number.isInteger(${data})`,
  null: (data) => `${data} === null`,
  number: (data) => `typeof ${data} === "number"`,
  object: isObjectTest,
  string: (data) => `typeof ${data} === "string"`,
};

/** An expression: whether the value has the type. */
export const typeTest = (type: string, data: string): string => TYPE_TESTS[type]!(data);

/** Writes what holds for values of a type only. */
export function whereOfType(
  type: "array" | "number" | "object" | "string",
  frame: Frame,
  emitter: Emitter,
  write: () => void,
): void {
  const known = frame.type === "integer" ? "number" : frame.type;
  if (known !== undefined && known !== type) return;
  emitter.line(known === undefined ? `if (${typeTest(type, frame.data)}) {` : "{");
  write();
  emitter.line("}");
}
