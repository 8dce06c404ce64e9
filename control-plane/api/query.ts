/** Query strings, read strictly. Pure. */
import { ProblemError } from "#foundation/http";
import type { QueryParameter, QueryValues } from "./route.ts";

/**
 * Reads the parameters a route declares.
 *
 * @param query raw, without the question mark
 * @throws ProblemError 400 for a parameter that is unknown, repeated or out of its range
 */
export function parseQuery(query: string, declared: readonly QueryParameter[]): QueryValues {
  const values: Record<string, string | number | boolean | undefined> = {};
  for (const parameter of declared) if (parameter.type === "integer") values[parameter.name] = parameter.default;
  const seen = new Set<string>();
  for (const [name, text] of new URLSearchParams(query)) {
    const parameter = declared.find((one) => one.name === name);
    if (parameter === undefined) throw invalid(unknownParameter(name, declared));
    if (seen.has(name)) throw invalid(`The query parameter "${name}" is given twice.`);
    seen.add(name);
    values[name] = readValue(parameter, text);
  }
  return values;
}

/** A name that may be a value in the wrong place, perhaps a secret, is not repeated. */
function unknownParameter(name: string, declared: readonly QueryParameter[]): string {
  const shown = /^[a-z]\w{0,19}$/i.test(name) ? `The query parameter "${name}"` : "A query parameter";
  const known = declared.map((parameter) => parameter.name).join(", ");
  return `${shown} is not known here. Known: ${known === "" ? "none" : known}.`;
}

function readValue(parameter: QueryParameter, text: string): string | number | boolean {
  switch (parameter.type) {
    case "integer": {
      const { name, minimum, maximum } = parameter;
      const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
      if (value >= minimum && value <= maximum) return value;
      throw invalid(`"${name}" must be a whole number from ${minimum} to ${maximum}.`);
    }
    case "boolean":
      // A bare `?follow` means yes.
      if (text === "" || text === "true" || text === "1") return true;
      if (text === "false" || text === "0") return false;
      throw invalid(`"${parameter.name}" must be true or false.`);
    case "string":
      if (new RegExp(parameter.pattern, "u").test(text)) return text;
      throw invalid(`"${parameter.name}" does not have its form: ${parameter.description}`);
  }
}

function invalid(detail: string): ProblemError {
  return new ProblemError({ status: 400, code: "INVALID_QUERY", title: "A query parameter is not valid.", detail });
}
