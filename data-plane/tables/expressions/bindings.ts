/** ExpressionAttributeNames and ExpressionAttributeValues of one request. */

import { type AttributeValue, InvalidValue, normalizeValue, TableValidation, textSize } from "../values/index.ts";
import { type ExpressionParameter, invalidExpression } from "./invalid-expression.ts";
import { attributeNameBytesMax, placeholderBytesMax } from "./limits.ts";
import type { PathPart, PathSyntax } from "./syntax.ts";

/** A resolved path: names and indexes of lists. The first part is the name of a top-level attribute. */
export type Path = readonly [string, ...PathPart[]];

const NAME_KEY = /^#[A-Za-z0-9_]+$/;
const VALUE_KEY = /^:[A-Za-z0-9_]+$/;

/**
 * Replaces the placeholders of all expressions of a request, and knows which were never used.
 *
 * @example
 * const bindings = new Bindings(request.ExpressionAttributeNames, request.ExpressionAttributeValues);
 * const update = compileUpdate(request.UpdateExpression, bindings);
 * const condition = compileCondition(request.ConditionExpression, bindings, "ConditionExpression");
 * bindings.assertAllUsed();
 */
export class Bindings {
  readonly #names: ReadonlyMap<string, string>;
  readonly #values: ReadonlyMap<string, AttributeValue>;
  readonly #usedNames = new Set<string>();
  readonly #usedValues = new Set<string>();

  /**
   * Checks names, then values, which become canonical.
   *
   * @param names as sent
   * @param values as sent, in the wire's JSON form
   * @throws TableValidation for empty maps and malformed placeholders; InvalidValue for values, whose `olderMessage` names the placeholder
   */
  constructor(names?: { readonly [name: string]: unknown }, values?: { readonly [name: string]: unknown }) {
    this.#names = names === undefined ? NO_NAMES : readNames(names);
    this.#values = values === undefined ? NO_VALUES : readValues(values);
  }

  /** The attribute name that a `#name` stands for. @throws TableValidation when it is not defined */
  name(placeholder: string, parameter: ExpressionParameter): string {
    const name = this.#names.get(placeholder);
    if (name === undefined) {
      throw invalidExpression(
        parameter,
        `An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`,
      );
    }
    this.#usedNames.add(placeholder);
    return name;
  }

  /** The path of a parsed one. @throws TableValidation when a `#name` is not defined */
  path(path: PathSyntax, parameter: ExpressionParameter): Path {
    if (!path.hasPlaceholders) return path.parts as Path;
    const parts = path.parts.map((part) =>
      typeof part === "string" && part.startsWith("#") ? this.name(part, parameter) : part,
    );
    return parts as unknown as Path;
  }

  /** The value that a `:value` stands for. @throws TableValidation when it is not defined */
  value(placeholder: string, parameter: ExpressionParameter): AttributeValue {
    const value = this.#values.get(placeholder);
    if (value === undefined) {
      throw invalidExpression(
        parameter,
        `An expression attribute value used in expression is not defined; attribute value: ${placeholder}`,
      );
    }
    this.#usedValues.add(placeholder);
    return value;
  }

  /** @throws TableValidation when a name or value was used by none of the request's expressions */
  assertAllUsed(): void {
    if (this.#usedNames.size < this.#names.size) throw unused("Names", this.#names, this.#usedNames);
    if (this.#usedValues.size < this.#values.size) throw unused("Values", this.#values, this.#usedValues);
  }
}

const NO_NAMES: ReadonlyMap<string, string> = new Map();
const NO_VALUES: ReadonlyMap<string, AttributeValue> = new Map();

function unused(
  kind: "Names" | "Values",
  all: ReadonlyMap<string, unknown>,
  used: ReadonlySet<string>,
): TableValidation {
  const keys = [...all.keys()].filter((key) => !used.has(key));
  return new TableValidation(
    `Value provided in ExpressionAttribute${kind} unused in expressions: keys: {${keys.join(", ")}}`,
  );
}

function readNames(sent: { readonly [name: string]: unknown }): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const key in sent) {
    const name = sent[key];
    if (name === null || name === undefined) continue;
    checkKey("ExpressionAttributeNames", key, NAME_KEY);
    if (typeof name !== "string") throw invalidEntry("Names", "value: Unexpected type of name", key);
    if (name === "") throw invalidEntry("Names", "value: Empty attribute name", key);
    if (name.length > attributeNameBytesMax / 3 && textSize(name) > attributeNameBytesMax) {
      throw invalidEntry("Names", "value: Attribute name is too large, must be less than 65536 bytes", key);
    }
    names.set(key, name.isWellFormed() ? name : name.toWellFormed());
  }
  if (names.size === 0) throw new TableValidation("ExpressionAttributeNames must not be empty");
  return names;
}

function readValues(sent: { readonly [name: string]: unknown }): ReadonlyMap<string, AttributeValue> {
  const keys = Object.keys(sent).filter((key) => sent[key] !== null && sent[key] !== undefined);
  if (keys.length === 0) throw new TableValidation("ExpressionAttributeValues must not be empty");
  for (const key of keys) checkKey("ExpressionAttributeValues", key, VALUE_KEY);
  const values = new Map<string, AttributeValue>();
  for (const key of keys) values.set(key, readValue(key, sent[key]));
  return values;
}

function readValue(key: string, value: unknown): AttributeValue {
  try {
    return normalizeValue(value);
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    throw new InvalidValue(
      error.message,
      `ExpressionAttributeValues contains invalid value: ${error.olderMessage} for key ${key}`,
    );
  }
}

function checkKey(map: string, key: string, pattern: RegExp): void {
  if (key.length > placeholderBytesMax) {
    throw new TableValidation(
      `${map} contains invalid key: The expression attribute map contains a key that is too long; size of key: ${textSize(key)}`,
    );
  }
  if (!pattern.test(key)) throw new TableValidation(`${map} contains invalid key: Syntax error; key: "${key}"`);
}

function invalidEntry(map: "Names", problem: string, key: string): TableValidation {
  return new TableValidation(`ExpressionAttribute${map} contains invalid ${problem} for key ${key}`);
}
