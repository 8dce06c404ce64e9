/** What Signature Version 2 does not cover (S3 API Reference, "Signing and authenticating REST requests (AWS signature version 2)"). */
import { AwsError, type OperationModel } from "#foundation/aws";
import type { SignedRequest } from "#foundation/aws/sigv4";

/** Query parameters that Version 2 signs, of those that tell operations apart; and two that only choose between equal ones. */
const HARMLESS: ReadonlySet<string> = new Set([
  "accelerate",
  "acl",
  "analytics",
  "cors",
  "delete",
  "inventory",
  "lifecycle",
  "list-type",
  "location",
  "logging",
  "metrics",
  "notification",
  "object-lock",
  "policy",
  "replication",
  "requestPayment",
  "restore",
  "select",
  "select-type",
  "tagging",
  "torrent",
  "uploads",
  "versioning",
  "versions",
  "website",
  "x-id",
]);

const uncovered = new WeakMap<OperationModel, string | null>();

/**
 * Refuses operations that a Version 2 signature does not distinguish: whoever holds a presigned URL for an object could add `?retention` to it and
 * do something that was never signed.
 *
 * @throws AwsError `InvalidRequest`
 */
export function expectOperationSigned(operation: OperationModel, signature: SignedRequest | undefined): void {
  if (signature?.signatureVersion !== "AWS") return;
  let name = uncovered.get(operation);
  if (name === undefined) {
    name = uncoveredParameter(operation);
    uncovered.set(operation, name);
  }
  if (name === null) return;
  throw new AwsError(
    "InvalidRequest",
    `AWS signature version 2 does not cover the query parameter ${name}. Please use AWS4-HMAC-SHA256.`,
    { statusCode: 400 },
  );
}

function uncoveredParameter(operation: OperationModel): string | null {
  const [, query = ""] = operation.uri.split("?", 2);
  for (const pair of query.split("&")) {
    const name = pair.split("=", 1)[0] ?? "";
    if (name !== "" && !HARMLESS.has(name)) return name;
  }
  return null;
}
