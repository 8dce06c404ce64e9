/** A catalog with people in it, for tests. */
export { ACCOUNT, IdentityCatalog, OTHER_ACCOUNT, policyText, type TestSession } from "./identity-catalog.ts";
