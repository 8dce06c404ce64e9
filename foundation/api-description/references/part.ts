/** A value in its document, and the way down from it. */
import type { Place } from "../diagnostics/diagnostic.ts";
import { isList, isObject, type Json, type JsonObject, pointerStep } from "../source/json-value.ts";
import type { SourceDocument } from "../source/source-document.ts";

export interface Part extends Place {
  readonly value: Json;
}

export interface ObjectPart extends Part {
  readonly value: JsonObject;
}

export function rootPart(document: SourceDocument): Part {
  return { document, pointer: "", value: document.value ?? null };
}

export const isObjectPart = (part: Part | undefined): part is ObjectPart => part !== undefined && isObject(part.value);

/** Names a place. */
export const placeKey = ({ document, pointer }: Place): string => `${document.uri}#${pointer}`;

export const childPlace = ({ document, pointer }: Place, key: string): Place => ({
  document,
  pointer: pointer + pointerStep(key),
});

/** An entry of an object; undefined when it is not there. */
export function child(part: Part | undefined, key: string): Part | undefined {
  if (!isObjectPart(part)) return undefined;
  const value = part.value[key];
  return value === undefined ? undefined : { ...childPlace(part, key), value };
}

/** Entries of an object; none of anything else. */
export function entriesOf(part: Part | undefined): readonly (readonly [key: string, part: Part])[] {
  if (!isObjectPart(part)) return [];
  return Object.entries(part.value).map(([key, value]) => [key, { ...childPlace(part, key), value }] as const);
}

/** Items of a list; none of anything else. */
export function itemsOf(part: Part | undefined): readonly Part[] {
  if (part === undefined || !isList(part.value)) return [];
  const { document, pointer, value } = part;
  return value.map((item, index) => ({ document, pointer: pointer + pointerStep(index), value: item }));
}

/** Text of an entry; undefined when it is missing or no text. */
export function textAt(part: Part | undefined, key: string): string | undefined {
  const value = child(part, key)?.value;
  return typeof value === "string" ? value : undefined;
}

export function flagAt(part: Part | undefined, key: string): boolean | undefined {
  const value = child(part, key)?.value;
  return typeof value === "boolean" ? value : undefined;
}

export function textsAt(part: Part | undefined, key: string): readonly string[] {
  return itemsOf(child(part, key)).flatMap(({ value }) => (typeof value === "string" ? [value] : []));
}

/** The place alone, for the model. */
export const placeOf = ({ document, pointer }: Place): Place => ({ document, pointer });
