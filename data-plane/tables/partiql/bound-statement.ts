/** A statement of one request: its text and the values of its parameters. */
import { type AttributeValue, InvalidValue, normalizeValue, TableValidation } from "#data-plane/tables/values";
import { parsedStatement } from "./parse-cache.ts";
import { refusedAt, type Span } from "./refusals.ts";
import type { Parameter, Statement } from "./syntax.ts";

export interface BoundStatement {
  readonly statement: Statement;
  readonly parameters: readonly AttributeValue[];
  /** The text, for positions in messages. */
  readonly source: string;
}

/**
 * Validates parameters and makes them canonical. DynamoDB does so before it looks at the statement, for all statements of a request.
 *
 * @param parameters as sent, in the wire's JSON form
 * @throws TableValidation with DynamoDB's message
 */
export function readParameters(parameters: readonly unknown[] | undefined): readonly AttributeValue[] {
  return (parameters ?? []).map((parameter) => {
    checkNumbers(parameter);
    try {
      return normalizeValue(parameter);
    } catch (error) {
      if (error instanceof InvalidValue) throw new TableValidation(error.olderMessage);
      throw error;
    }
  });
}

/** @throws TableValidation when the text is no statement, or takes more parameters than there are */
export function bindStatement(source: string, parameters: readonly AttributeValue[]): BoundStatement {
  const parsed = parsedStatement(source);
  if (parsed.parameters > parameters.length) {
    throw new TableValidation("Number of parameters in request and statement don't match.");
  }
  return { statement: parsed.statement, parameters, source };
}

export function parameterValue({ parameters }: BoundStatement, { index }: Parameter): AttributeValue {
  return parameters[index]!;
}

/** A refusal that says where in the statement. */
export function refusal(bound: BoundStatement, message: string, span: Span): TableValidation {
  return refusedAt(message, bound.source, span);
}

const INT32_MAX = 2_147_483_647;

/** `normalizeValue` refuses what is nested more deeply. */
const DEEP_ENOUGH = 33;

/** Numbers in parameters have exponents of 32 bits, elsewhere of 64. */
function checkNumbers(value: unknown, depth = 0): void {
  if (typeof value !== "object" || value === null || depth > DEEP_ENOUGH) return;
  for (const [type, content] of Object.entries(value)) {
    if (type === "N") checkExponent(content);
    else if (type === "NS" && Array.isArray(content)) content.forEach(checkExponent);
    else if ((type === "L" || type === "M") && typeof content === "object" && content !== null) {
      for (const inner of Object.values(content)) checkNumbers(inner, depth + 1);
    }
  }
}

function checkExponent(text: unknown): void {
  const exponent = typeof text === "string" ? /^[^eE]*[eE]([+-]?\d+)$/.exec(text)?.[1] : undefined;
  if (exponent === undefined || Math.abs(Number(exponent)) <= INT32_MAX) return;
  throw new TableValidation(`The parameter cannot be converted to a numeric value: ${String(text)}`);
}
