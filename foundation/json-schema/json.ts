/** JSON values, and the pointers into them (RFC 6901). */

export type Json = unknown;
export type JsonObject = Readonly<Record<string, Json>>;

export function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** One step of a pointer as it is written. */
export const pointerStep = (key: string | number): string =>
  typeof key === "number" ? `/${key}` : `/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;

/** The steps of a pointer; undefined when it is none. */
export function pointerSteps(pointer: string): readonly string[] | undefined {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return undefined;
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The value one step further; undefined when there is none. */
export function stepInto(value: Json, step: string): Json {
  if (Array.isArray(value)) return /^(?:0|[1-9]\d*)$/.test(step) ? value[Number(step)] : undefined;
  return isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** Whether a value has more levels than `levels`, or more values than `values`; one that holds itself has. */
export function isLargerThan(value: Json, { levels, values }: { readonly levels: number; readonly values: number }) {
  let level: readonly Json[] = [value];
  let count = 1;
  for (let depth = 0; depth <= levels; depth++) {
    const next: Json[] = [];
    for (const one of level) {
      if (typeof one !== "object" || one === null) continue;
      const members = Object.values(one);
      count += members.length;
      if (count > values) return true;
      for (const member of members) next.push(member);
    }
    if (next.length === 0) return false;
    level = next;
  }
  return true;
}
