/** Which condition keys a policy asks for (IAM API Reference, GetContextKeysForCustomPolicy: keys of conditions and policy variables). */

import { tokenise } from "./pattern.ts";
import type { PolicyDocument, PolicyStatement, PolicyVersion } from "./types.ts";

/** A condition key as a policy writes it. */
export interface AskedKey {
  readonly key: string;
  /** False where the policy itself says what holds without the key: a variable with a default value, the operator `Null`, `…IfExists`. */
  readonly required: boolean;
}

/**
 * The condition keys that policies ask for, each once, as first written, in the order of the text.
 *
 * @example
 * contextKeysOf([parsePolicy(text, "identity")]); // ["aws:username", "aws:CurrentTime"]
 */
export function contextKeysOf(documents: readonly PolicyDocument[]): readonly string[] {
  return distinctKeys(
    documents.flatMap(({ statements, version }) =>
      statements.flatMap((statement) => keysOfStatement(statement, version)),
    ),
  );
}

/** Names of keys without repetition; letter case does not tell keys apart. */
export function distinctKeys(asked: readonly AskedKey[]): readonly string[] {
  const found = new Map<string, string>();
  for (const { key } of asked) {
    const lowerCase = key.toLowerCase();
    if (!found.has(lowerCase)) found.set(lowerCase, key);
  }
  return [...found.values()];
}

/** The keys of one statement, with repetitions. */
export function keysOfStatement(statement: PolicyStatement, version: PolicyVersion): readonly AskedKey[] {
  const asked: AskedKey[] = [];
  for (const pattern of statement.resource ?? statement.notResource ?? []) asked.push(...variablesOf(pattern, version));
  for (const { operator, key, values } of statement.conditions) {
    asked.push({ key, required: operator !== "Null" && !operator.endsWith("IfExists") });
    for (const value of values) asked.push(...variablesOf(value, version));
  }
  return asked;
}

function variablesOf(text: string, version: PolicyVersion): readonly AskedKey[] {
  if (version !== "2012-10-17") return [];
  return tokenise(text, { wildcards: false, variables: true }).flatMap((token) =>
    token.type === "variable" ? [{ key: token.name, required: token.fallback === undefined }] : [],
  );
}
