/** Changes of a value of JSON at places (RFC 6901). Members are always the value's own: a place named `__proto__` is one like any. */
import { isContainer } from "./exact-json.ts";

type Place = readonly string[];

/** @param pointer not empty */
export function parsePointer(pointer: string): Place {
  return pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** @returns what was there; undefined when there was nothing */
export function removeAt(root: unknown, place: Place): unknown {
  const parent = containerAt(root, place.slice(0, -1));
  const step = place.at(-1)!;
  if (!isContainer(parent) || !has(parent, step)) return undefined;
  if (Array.isArray(parent)) return parent.splice(Number(step), 1)[0];
  const value = parent[step];
  delete parent[step];
  return value;
}

/**
 * Puts a value there. Objects that are missing on the way are made; behind the last item of an array stands `-`. Nothing happens where the way leads through a text, a number or past the
 * end of an array.
 */
export function putAt(root: unknown, place: Place, value: unknown): void {
  let at = root;
  for (const [index, step] of place.entries()) {
    if (!isContainer(at)) return;
    const isLast = index === place.length - 1;
    if (!isLast && has(at, step)) {
      at = (at as Record<string, unknown>)[step];
      continue;
    }
    const next = isLast ? value : {};
    if (Array.isArray(at)) {
      if (step === "-") at.push(next);
      else if (isIndex(step) && Number(step) <= at.length) at[Number(step)] = next;
      else return;
    } else Object.defineProperty(at, step, { value: next, writable: true, enumerable: true, configurable: true });
    at = next;
  }
}

function containerAt(root: unknown, place: Place): unknown {
  let at = root;
  for (const step of place) {
    if (!isContainer(at) || !has(at, step)) return undefined;
    at = (at as Record<string, unknown>)[step];
  }
  return at;
}

function has(container: Record<string, unknown> | unknown[], step: string): boolean {
  return Array.isArray(container) ? isIndex(step) && Number(step) < container.length : Object.hasOwn(container, step);
}

function isIndex(step: string): boolean {
  return /^(0|[1-9]\d{0,8})$/.test(step);
}
