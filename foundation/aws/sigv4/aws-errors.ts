/**
 * What a client is told about a refused signature, per kind of service. Pure.
 *
 * Sources: S3 API Reference, "Error responses"; IAM User Guide, "Troubleshoot signed requests"; each service's "Common Errors"; EC2, "Error codes".
 */

import { generalFault } from "./aws-errors-general.ts";
import { s3Fault } from "./aws-errors-s3.ts";
import type { SignatureError, SignatureFailure } from "./error.ts";

/**
 * How a service words its errors.
 * `json`: DynamoDB and its streams (everything is a 400). `rest-json`: Lambda, and SQS over JSON (403). `query`: IAM, STS, SQS, ELBv2. `ec2`: EC2.
 */
export type SignatureErrorDialect = "s3" | "json" | "rest-json" | "query" | "ec2";

/** An error as the service's protocol will write it. */
export interface SignatureFault {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** Further elements of S3's error body, in order; empty for other services. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The code that clients of the query protocol know (`x-amzn-query-error` of SQS); the same as `code` outside JSON. */
  readonly queryCode: string;
}

/**
 * Words a refusal for a service.
 *
 * @param dialect the kind of service that was addressed
 * @param error what the verifier threw, or its facts
 */
export function signatureErrorToAws(
  dialect: SignatureErrorDialect,
  error: SignatureError | SignatureFailure,
): SignatureFault {
  const failure = "failure" in error ? error.failure : error;
  return dialect === "s3" ? s3Fault(failure) : generalFault(dialect, failure);
}
