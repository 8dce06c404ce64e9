/** The grammar of IAM's policies, by where a policy is kept. */
import type { CheckPolicy } from "#control-plane/identity";
import { parsePolicy, requireVersion } from "#foundation/policy";

export const checkPolicy: CheckPolicy = (document, place) => {
  const policy = parsePolicy(document, place === "trust" ? "trust" : "identity");
  if (place === "managed") requireVersion(policy);
};
