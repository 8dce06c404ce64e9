/** The policies that AWS keeps for everybody, as far as they are known here. Pure. */

export { type ManagedPolicy, managedPolicies, managedPolicy } from "./managed-policies.ts";
