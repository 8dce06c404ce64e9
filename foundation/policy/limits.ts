/** Sizes of policies (IAM User Guide, "IAM and AWS STS quotas"; S3 User Guide, "Bucket policies"). */

import type { PolicyKind } from "./types.ts";

/** Characters without white space, per place where a policy is kept. Who stores the policy checks; see {@link policySize}. */
export const policySizeMax = {
  /** All inline policies of a user together. */
  userInline: 2048,
  groupInline: 5120,
  roleInline: 10_240,
  managed: 6144,
  trust: 2048,
  session: 2048,
} as const;

/** Characters that any document may have, white space included: the API's limit for `PolicyDocument`; for resources 20 KiB. */
export const documentLengthMax: Readonly<Record<PolicyKind, number>> = {
  identity: 131_072,
  boundary: 131_072,
  trust: 131_072,
  session: 131_072,
  resource: 20 * 1024,
};

/** Size of a policy as IAM counts it: white space is free. */
export function policySize(text: string): number {
  return text.replace(/\s+/g, "").length;
}
