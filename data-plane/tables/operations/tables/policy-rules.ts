/** What a resource policy of a table or stream must be (DynamoDB API Reference, PutResourcePolicy). Pure. */
import { parsePolicy } from "#foundation/policy";
import { validationError } from "../../errors.ts";

const POLICY_BYTES_MAX = 20 * 1024;

/** @throws AwsError ValidationException */
export function checkResourcePolicy(text: string): void {
  if (Buffer.byteLength(text, "utf8") > POLICY_BYTES_MAX) {
    throw validationError("Resource-based policy is too large: a policy has at most 20 KB");
  }
  try {
    parsePolicy(text, "resource");
  } catch (error) {
    throw validationError(`Invalid policy document: ${error instanceof Error ? error.message : String(error)}`);
  }
}
