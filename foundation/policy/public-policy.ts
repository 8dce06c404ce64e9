/** What S3 calls a public policy (S3 User Guide, "Blocking public access to your Amazon S3 storage", "The meaning of public"). */

import { conditionOperator } from "./condition-operators.ts";
import { parseIpRange } from "./ip-range.ts";
import type { ConditionElement, PolicyDocument, PolicyStatement } from "./types.ts";

/** Condition keys, in lower case, that make a grant to everyone a grant to somebody when their values are fixed. */
const narrowingKeys: ReadonlySet<string> = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:principalorgpaths",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceorgid",
  "aws:sourceorgpaths",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:userid",
  "s3:dataaccesspointaccount",
  "s3:dataaccesspointarn",
  "s3:x-amz-server-side-encryption-aws-kms-key-id",
]);

const narrowingOperators: ReadonlySet<string> = new Set([
  "StringEquals",
  "StringEqualsIgnoreCase",
  "StringLike",
  "ArnEquals",
  "ArnLike",
]);

/** Ranges of addresses broader than these count as everybody. */
const narrowestPublicBits = { 4: 8, 6: 32 } as const;

/**
 * Whether a policy grants anything to the public: an `Allow` to everyone that no condition on a fixed value narrows.
 *
 * @param document a resource policy
 */
export function isPublicPolicy(document: PolicyDocument): boolean {
  return document.statements.some(isPublicStatement);
}

function isPublicStatement(statement: PolicyStatement): boolean {
  if (statement.effect !== "Allow" || !namesEveryone(statement)) return false;
  return !statement.conditions.some(narrows);
}

function namesEveryone({ principal, notPrincipal }: PolicyStatement): boolean {
  if (notPrincipal !== undefined) return true;
  return principal !== undefined && (principal.type === "everyone" || principal.aws.includes("*"));
}

function narrows({ operator, key, values }: ConditionElement): boolean {
  const qualified = conditionOperator(operator);
  // A request without the key passes `IfExists` and `ForAllValues`: nothing is narrowed.
  if (
    qualified === undefined ||
    qualified.ifExists ||
    qualified.qualifier === "for-all-values" ||
    values.length === 0
  ) {
    return false;
  }
  const name = operator.replace(/^ForAnyValue:/, "");
  const lowerCaseKey = key.toLowerCase();
  if (name === "IpAddress") return lowerCaseKey === "aws:sourceip" && values.every(isNarrowRange);
  if (!narrowingOperators.has(name) || !narrowingKeys.has(lowerCaseKey)) return false;
  return values.every((value) => isFixed(lowerCaseKey, value));
}

function isNarrowRange(value: string): boolean {
  const range = parseIpRange(value);
  return range !== undefined && range.bits >= narrowestPublicBits[range.family];
}

/** Without wildcards and variables; an access point's ARN may have a wildcard for its name, a user id one for the session of a fixed role. */
function isFixed(lowerCaseKey: string, value: string): boolean {
  if (value.includes("${")) return false;
  if (!/[*?]/.test(value)) return true;
  if (lowerCaseKey === "s3:dataaccesspointarn")
    return /^arn:aws[a-z-]*:s3:[a-z0-9-]+:\d{12}:accesspoint\/\*$/.test(value);
  return false;
}
