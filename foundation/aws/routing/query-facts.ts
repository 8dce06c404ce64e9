/** The query string as routing reads it: which names are there, with their first values. */

import { AwsError } from "../aws-error.ts";
import { parseForm } from "../query/parse-form.ts";
import { MalformedInput } from "../values/malformed-input.ts";

/** Name → first value, percent-decoded. */
export type QueryFacts = ReadonlyMap<string, string>;

const none: QueryFacts = new Map();

/** Reads a raw query string. Throws `AwsError` `InvalidURI` for malformed percent-encoding. */
export function queryFacts(query: string): QueryFacts {
  if (query === "") return none;
  try {
    const facts = new Map<string, string>();
    for (const [name, value] of parseForm(query, "query")) if (!facts.has(name)) facts.set(name, value);
    return facts;
  } catch (error) {
    if (!(error instanceof MalformedInput)) throw error;
    throw invalidUri(error);
  }
}

/** 400 `InvalidURI`: a path or query whose percent-encoding is malformed. */
export function invalidUri(cause?: unknown): AwsError {
  return new AwsError("InvalidURI", "Couldn't parse the specified URI.", { statusCode: 400, cause });
}
