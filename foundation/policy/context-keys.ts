/** Which condition keys a policy asks for (IAM API Reference, GetContextKeysForCustomPolicy: keys of conditions and policy variables). */

import { tokenise } from "./pattern.ts";
import type { PolicyDocument, PolicyStatement, PolicyVersion } from "./types.ts";

/**
 * The condition keys that policies ask for, each once, as first written, in the order of the text.
 *
 * @example
 * contextKeysOf([parsePolicy(text, "identity")]); // ["aws:username", "aws:CurrentTime"]
 */
export function contextKeysOf(documents: readonly PolicyDocument[]): readonly string[] {
  return distinctKeys(
    documents.flatMap(({ statements, version }) =>
      statements.flatMap((statement) => [
        ...keysOfResources(statement, version),
        ...keysOfConditions(statement, version),
      ]),
    ),
  );
}

/** Keys without repetition, as first written; letter case does not tell them apart. */
export function distinctKeys(keys: readonly string[]): readonly string[] {
  const found = new Map<string, string>();
  for (const key of keys) {
    const lowerCase = key.toLowerCase();
    if (!found.has(lowerCase)) found.set(lowerCase, key);
  }
  return [...found.values()];
}

/** Variables in the resources of a statement, with repetitions. */
export function keysOfResources(statement: PolicyStatement, version: PolicyVersion): readonly string[] {
  return (statement.resource ?? statement.notResource ?? []).flatMap((pattern) => variablesOf(pattern, version));
}

/** Keys of a statement's conditions and variables in their values, with repetitions. */
export function keysOfConditions(statement: PolicyStatement, version: PolicyVersion): readonly string[] {
  return statement.conditions.flatMap(({ key, values }) => [
    key,
    ...values.flatMap((value) => variablesOf(value, version)),
  ]);
}

function variablesOf(text: string, version: PolicyVersion): readonly string[] {
  if (version !== "2012-10-17") return [];
  return tokenise(text, { wildcards: false, variables: true }).flatMap((token) =>
    token.type === "variable" ? [token.name] : [],
  );
}
