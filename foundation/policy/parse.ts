/**
 * Reading policy documents with the checks that AWS makes when a policy is stored.
 *
 * Source: IAM User Guide, "Grammar of the IAM JSON policy language". IAM's sentences are used for policies of IAM and STS, S3's for those of
 * resources; they differ for the same mistake.
 */

import { isAmbiguousJson, isObject, type JsonObject } from "./json.ts";
import { documentLengthMax } from "./limits.ts";
import { parseStatement } from "./parse-statement.ts";
import { PolicySyntaxError, syntaxMessage } from "./syntax-error.ts";
import type { PolicyDocument, PolicyKind, PolicyStatement, PolicyVersion } from "./types.ts";

/**
 * Reads and checks a policy.
 *
 * @param text the JSON document
 * @param kind where the policy will be attached
 * @throws PolicySyntaxError with AWS's sentence
 * @example
 * const policy = compilePolicy(parsePolicy('{"Version":"2012-10-17","Statement":[]}', "identity"));
 */
export function parsePolicy(text: string, kind: PolicyKind): PolicyDocument {
  if (text.length > documentLengthMax[kind]) {
    throw new PolicySyntaxError(
      `Policy size exceeds the maximum of ${documentLengthMax[kind]} characters.`,
      "too-large",
    );
  }
  const document = parseObject(text, kind);
  for (const name of Object.keys(document)) {
    if (name === "Version" || name === "Id" || name === "Statement") continue;
    throw new PolicySyntaxError(kind === "resource" ? `Unknown field ${name}` : syntaxMessage(kind));
  }
  const version = parseVersion(document.Version, kind);
  const id = document.Id;
  if (id !== undefined && typeof id !== "string") throw new PolicySyntaxError(syntaxMessage(kind));
  const statements = parseStatements(document.Statement, kind);
  return { kind, version, id, statements };
}

function parseObject(text: string, kind: PolicyKind): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new PolicySyntaxError(notJson(kind));
  }
  if (!isObject(parsed)) throw new PolicySyntaxError(notJson(kind));
  if (isAmbiguousJson(text, parsed)) throw new PolicySyntaxError(syntaxMessage(kind));
  return parsed;
}

function notJson(kind: PolicyKind): string {
  if (kind === "resource") return "Policies must be valid JSON and the first byte must be '{'";
  return kind === "trust" ? "This policy contains invalid Json" : syntaxMessage(kind);
}

function parseVersion(version: unknown, kind: PolicyKind): PolicyVersion {
  if (version === "2012-10-17" || version === "2008-10-17") return version;
  // Without a version, the language is that of 2008. Managed policies, which IAM alone knows, must have one: see `requireVersion`.
  if (version === undefined) return "2008-10-17";
  throw new PolicySyntaxError(
    kind === "resource" ? "The policy must contain a valid version string" : syntaxMessage(kind),
  );
}

function parseStatements(value: unknown, kind: PolicyKind): readonly PolicyStatement[] {
  if (value === undefined) {
    throw new PolicySyntaxError(kind === "resource" ? "Missing required field Statement" : syntaxMessage(kind));
  }
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 && kind === "resource")
    throw new PolicySyntaxError("Could not parse the policy: Statement is empty!");
  const statements = list.map((statement) => {
    if (!isObject(statement)) throw new PolicySyntaxError(syntaxMessage(kind));
    return parseStatement(statement, kind);
  });
  const sids = statements.flatMap(({ sid }) => (sid === undefined || sid === "" ? [] : [sid]));
  if (new Set(sids).size !== sids.length) {
    throw new PolicySyntaxError("Statement IDs (SID) in a single policy must be unique.");
  }
  return statements;
}

/**
 * The stricter rule for managed policies.
 *
 * @throws PolicySyntaxError when the document has no version or the old one
 */
export function requireVersion(document: PolicyDocument): void {
  if (document.version !== "2012-10-17") {
    throw new PolicySyntaxError("Policy document must be version 2012-10-17 or greater.");
  }
}
