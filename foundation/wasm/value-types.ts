/** Types of values (WebAssembly 2.0 §5.3). */
import { WasmRefused } from "./module-shape.ts";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref";

export interface FunctionType {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

const BY_CODE: ReadonlyMap<number, ValueType> = new Map([
  [0x7f, "i32"],
  [0x7e, "i64"],
  [0x7d, "f32"],
  [0x7c, "f64"],
  [0x7b, "v128"],
  [0x70, "funcref"],
  [0x6f, "externref"],
]);

export const I32 = 0x7f;

/** @throws WasmRefused */
export function valueType(code: number): ValueType {
  const type = BY_CODE.get(code);
  if (type === undefined)
    throw new WasmRefused(`it has values of a type that is not supported (0x${code.toString(16)})`);
  return type;
}

export const isValueType = (code: number): boolean => BY_CODE.has(code);

/** @example "(i32, i32) -> i32" */
export function signatureText({ params, results }: FunctionType): string {
  return `(${params.join(", ")}) -> ${results.length === 0 ? "nothing" : results.join(", ")}`;
}
