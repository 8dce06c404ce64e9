/** Keys, items and expressions as they are written on the command line. */
import { readFileSync } from "node:fs";
import type { Arguments, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import type { KeyedPlace, KeyType, TableDescription } from "./client.ts";
import { keyNames, placeOf } from "./client.ts";
import { parsePlain, parsePlainItem, type WireItem, type WireValue } from "./plain-items.ts";

const STDIN = 0;

/** The text itself, what a file holds (`@FILE`), or standard input (`-`). */
export function textOf(given: string): string {
  if (given === "-") return readFileSync(STDIN, "utf8");
  return given.startsWith("@") ? readFileSync(given.slice(1), "utf8") : given;
}

/** An item as an argument: plain JSON, or DynamoDB's with `--dynamodb-json`. */
export function itemOf(given: string, { has }: Pick<Arguments, "has">): WireItem {
  return readItem(textOf(given), has("dynamodb-json"));
}

/** @throws CodedError USAGE for what is no JSON object */
export function readItem(text: string, typed: boolean, what = "ITEM"): WireItem {
  try {
    if (!typed) return parsePlainItem(text);
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) return parsed as WireItem;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw usageError(
    `${what} is not a JSON object.`,
    `Give the object itself, @FILE for a file that holds it, or - for standard input.`,
  );
}

/** A key: the values of the key attributes in order, or a JSON object with all of them. @throws CodedError USAGE */
export function keyOf(
  table: TableDescription,
  values: readonly (string | undefined)[],
  given: Pick<Arguments, "has">,
): WireItem {
  const names = keyNames(table);
  const texts = values.filter((value) => value !== undefined);
  if (texts.length === 1 && looksLikeObject(texts[0]!))
    return readItem(textOf(texts[0]!), given.has("dynamodb-json"), "KEY");
  if (texts.length !== names.length) {
    throw usageError(
      `The key of ${table.TableName} has ${names.length === 1 ? "one attribute" : "two attributes"}: ${names.join(", ")}.`,
      `Give ${names.length === 1 ? "its value" : "both values"}, or a JSON object with ${names.length === 1 ? "it" : "both"}.`,
    );
  }
  const place = placeOf(table, undefined)!;
  return Object.fromEntries(names.map((name, at) => [name, keyValue(place, name, texts[at]!)]));
}

export function looksLikeObject(text: string): boolean {
  return text.startsWith("{") || text.startsWith("@") || text === "-";
}

/** A word of the command line as a value of a key attribute. */
export function keyValue({ types }: KeyedPlace, name: string, text: string): WireValue {
  const type: KeyType = types.get(name) ?? "S";
  if (type === "N" && !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) {
    throw usageError(`${name} is a number; "${text}" is none.`);
  }
  return { [type]: text };
}

/** What goes with expressions: `--names` and `--values`. */
export function placeholdersOf(given: Arguments): {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: WireItem;
} {
  const names = given.text("names");
  const values = given.text("values");
  return {
    ...(names === undefined ? {} : { ExpressionAttributeNames: readNames(names) }),
    ...(values === undefined ? {} : { ExpressionAttributeValues: marked(valuesIn(values, given), ":") }),
  };
}

function valuesIn(text: string, given: Arguments): WireItem {
  return readItem(textOf(text), given.has("dynamodb-json"), "--values");
}

function readNames(given: string): Readonly<Record<string, string>> {
  let names: unknown;
  try {
    names = JSON.parse(textOf(given));
  } catch {
    // Told below.
  }
  if (typeof names !== "object" || names === null || Object.values(names).some((name) => typeof name !== "string")) {
    throw usageError("--names is not a JSON object of texts.", `Write it like this: --names '{"#n": "name"}'`);
  }
  return marked(names as Readonly<Record<string, string>>, "#");
}

/** People may leave out the mark that placeholders begin with. */
function marked<Value>(map: Readonly<Record<string, Value>>, mark: string): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    Object.entries(map).map(([name, value]) => [name.startsWith(mark) ? name : `${mark}${name}`, value]),
  );
}

/** Parameters of a statement: a JSON array. @throws CodedError USAGE */
export function parametersOf(given: string | undefined, { has }: Pick<Arguments, "has">): readonly WireValue[] {
  if (given === undefined) return [];
  try {
    const text = textOf(given);
    const list: unknown = has("dynamodb-json") ? JSON.parse(text) : parsePlain(text).L;
    if (Array.isArray(list)) return list as readonly WireValue[];
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw usageError("PARAMETERS is not a JSON array.", `Write it like this: '["No One You Know", 2011]'`);
}

/** Names in a list: `a,b`. */
export function namesIn(text: string | undefined): readonly string[] {
  return (text ?? "")
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}

/** The table that a command is about, its first argument. */
export function tableNameOf({ arguments: { positionals } }: CommandContext): string {
  return positionals[0]!;
}
