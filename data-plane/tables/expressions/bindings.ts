/** ExpressionAttributeNames and ExpressionAttributeValues of one request. */

import { type AttributeValue, InvalidValue, normalizeValue, TableValidation, textSize } from "../values/index.ts";
import { type ExpressionParameter, invalidExpression } from "./invalid-expression.ts";
import { attributeNameBytesMax, placeholderBytesMax } from "./limits.ts";
import { Placeholders } from "./placeholders.ts";
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
  readonly #names: Placeholders<string> | undefined;
  readonly #values: Placeholders<AttributeValue> | undefined;

  /**
   * Checks names, then values, which become canonical.
   *
   * @param names as sent
   * @param values as sent, in the wire's JSON form
   * @throws TableValidation for empty maps and malformed placeholders; InvalidValue for values, whose `olderMessage` names the placeholder
   */
  constructor(names?: { readonly [name: string]: unknown }, values?: { readonly [name: string]: unknown }) {
    this.#names = names === undefined ? undefined : readNames(names);
    this.#values = values === undefined ? undefined : readValues(values);
  }

  /** The attribute name that a `#name` stands for. @throws TableValidation when it is not defined */
  name(placeholder: string, parameter: ExpressionParameter): string {
    const name = this.#names?.use(placeholder);
    if (name === undefined) {
      throw invalidExpression(
        parameter,
        `An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`,
      );
    }
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
    const value = this.#values?.use(placeholder);
    if (value === undefined) {
      throw invalidExpression(
        parameter,
        `An expression attribute value used in expression is not defined; attribute value: ${placeholder}`,
      );
    }
    return value;
  }

  /** @throws TableValidation when a name or value was used by none of the request's expressions */
  assertAllUsed(): void {
    assertNoneUnused("Names", this.#names);
    assertNoneUnused("Values", this.#values);
  }
}

function assertNoneUnused(kind: "Names" | "Values", placeholders: Placeholders<unknown> | undefined): void {
  const unused = placeholders?.unused ?? [];
  if (unused.length === 0) return;
  throw new TableValidation(
    `Value provided in ExpressionAttribute${kind} unused in expressions: keys: {${unused.join(", ")}}`,
  );
}

type Sent = { readonly [placeholder: string]: unknown };

function readNames(sent: Sent): Placeholders<string> {
  const keys = keysOf(sent, "ExpressionAttributeNames", NAME_KEY);
  return new Placeholders(
    keys,
    keys.map((key) => readName(key, sent[key])),
  );
}

function readName(key: string, name: unknown): string {
  if (typeof name !== "string") throw invalidName("Unexpected type of name", key);
  if (name === "") throw invalidName("Empty attribute name", key);
  // Three bytes a UTF-16 unit at most.
  if (name.length > attributeNameBytesMax / 3 && textSize(name) > attributeNameBytesMax) {
    throw invalidName("Attribute name is too large, must be less than 65536 bytes", key);
  }
  return name.isWellFormed() ? name : name.toWellFormed();
}

function readValues(sent: Sent): Placeholders<AttributeValue> {
  const keys = keysOf(sent, "ExpressionAttributeValues", VALUE_KEY);
  return new Placeholders(
    keys,
    keys.map((key) => readValue(key, sent[key])),
  );
}

/** The placeholders of a map, checked. */
function keysOf(sent: Sent, map: string, pattern: RegExp): readonly string[] {
  const keys: string[] = [];
  for (const key in sent) if (sent[key] !== undefined) keys.push(key);
  if (keys.length === 0) throw new TableValidation(`${map} must not be empty`);
  for (const key of keys) checkKey(map, key, pattern);
  return keys;
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

function invalidName(problem: string, key: string): TableValidation {
  return new TableValidation(`ExpressionAttributeNames contains invalid value: ${problem} for key ${key}`);
}
