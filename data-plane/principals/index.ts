/** Who is behind credentials, and which policies speak for them: what the front door asks before every call, and STS before it makes sessions. */
export { assumedRoleArn, federatedUserArn, type KeyedCaller, type Principal, providerArn } from "./callers.ts";
export { managedPolicyOf, TRUSTS_NOBODY, trustPolicyOf } from "./compiled-policies.ts";
export { type Claim, type ClaimedPrincipal, Principals } from "./principals.ts";
export { compileResourcePolicy, shownPolicy, shownTrustPolicy } from "./resource-policies.ts";
export { NO_STANDING, type Standing } from "./standing.ts";
