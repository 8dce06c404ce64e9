/** An OpenID Connect provider for tests. */
export { newPair, TestIdentityProvider, type TokenPlan } from "./identity-provider.ts";
