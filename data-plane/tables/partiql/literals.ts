/** Values that are written in statements (developer guide, "PartiQL data types for DynamoDB"). */
import {
  type AttributeValue,
  InvalidValue,
  type MutableItem,
  nestingMax,
  normalizeNumber,
  setAttribute,
  TableValidation,
} from "#data-plane/tables/values";
import { type BoundStatement, parameterValue, refusal } from "./bound-statement.ts";
import { kindName } from "./kind-name.ts";
import type { Collection, Expression, Literal, Tuple } from "./syntax.ts";

/** Where in a value something stands: messages call the value `root`. */
interface Place {
  readonly text: string;
  readonly depth: number;
}

const ROOT: Place = { text: "root", depth: 0 };

/**
 * The value of a literal, a collection or a parameter.
 * @throws TableValidation for anything else, and for values that DynamoDB cannot have
 */
export function readValue(bound: BoundStatement, expression: Expression): AttributeValue {
  return expression.kind === "parameter" ? parameterValue(bound, expression) : literalValue(bound, expression, ROOT);
}

/** Whether {@link readValue} is the one to ask. */
export function isValue(expression: Expression): boolean {
  const { kind } = expression;
  return kind === "literal" || kind === "parameter" || kind === "list" || kind === "bag" || kind === "tuple";
}

function literalValue(bound: BoundStatement, expression: Expression, place: Place): AttributeValue {
  switch (expression.kind) {
    case "literal":
      return scalarValue(bound, expression, place);
    case "list": {
      const elements = expression.elements.map((element, index) =>
        literalValue(bound, element, inside(place, `[${index}]`)),
      );
      return { L: elements };
    }
    case "tuple":
      return { M: tupleValue(bound, expression, place) };
    case "bag":
      return setValue(expression, place);
    default:
      throw unsupported(bound, expression, place);
  }
}

function scalarValue(bound: BoundStatement, literal: Literal, place: Place): AttributeValue {
  switch (literal.type) {
    case "string":
      return { S: literal.text };
    case "number":
      return { N: numberText(literal.text, place) };
    case "boolean":
      return { BOOL: literal.value };
    case "null":
      return { NULL: true };
    case "missing":
      throw refusal(bound, `Unsupported data type: MISSING under key ${place.text}`, literal.span);
  }
}

function numberText(text: string, place: Place): string {
  try {
    return normalizeNumber(text);
  } catch (error) {
    if (error instanceof InvalidValue) throw new TableValidation(`${error.message} under ${place.text}`);
    throw error;
  }
}

function tupleValue(bound: BoundStatement, { members }: Tuple, place: Place): MutableItem {
  const map: MutableItem = {};
  for (const { name, value } of members) {
    const text = memberName(bound, name);
    if (Object.hasOwn(map, text)) throw refusal(bound, `Duplicate key ${text} under ${place.text}`, name.span);
    setAttribute(map, text, literalValue(bound, value, inside(place, `.${text}`)));
  }
  return map;
}

/** @throws TableValidation for a name that is no string */
export function memberName(bound: BoundStatement, name: Expression): string {
  if (name.kind === "literal" && name.type === "string") return name.text;
  throw refusal(bound, "Found struct field to be of type other than string", name.span);
}

function setValue({ elements }: Collection, place: Place): AttributeValue {
  if (elements.length === 0) throw new TableValidation("Empty bags are not supported");
  const texts = elements.map((element) => (element.kind === "literal" ? element : undefined));
  const type = texts[0]?.type;
  if ((type !== "string" && type !== "number") || texts.some((literal) => literal?.type !== type)) {
    throw new TableValidation("Unsupported data type in Bag. DynamoDB only supports either numbers or strings in bags");
  }
  const written = texts.map((literal) => (literal as Literal & { readonly text: string }).text);
  const canonical = type === "string" ? written : written.map((text) => numberText(text, place));
  if (new Set(canonical).size < canonical.length) {
    const problem = `One or more parameter values were invalid: Input collection [${written.join(", ")}] contains duplicates`;
    throw new TableValidation(type === "string" ? `${problem}.` : `${problem}! under ${place.text}`);
  }
  return type === "string" ? { SS: canonical } : { NS: canonical };
}

function inside({ text, depth }: Place, step: string): Place {
  const place = { text: text + step, depth: depth + 1 };
  if (place.depth >= nestingMax)
    throw new TableValidation(`Nesting Levels have exceeded supported limits under ${place.text}`);
  return place;
}

function unsupported(bound: BoundStatement, expression: Expression, place: Place): TableValidation {
  return refusal(bound, `Unsupported data type: ${kindName(expression)} under key ${place.text}`, expression.span);
}
