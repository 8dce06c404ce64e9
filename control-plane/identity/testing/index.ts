/** For tests that see both planes: accounts, the handlers of identity, and short ways to command them. */
export { createIdentityWorld, type IdentityWorld } from "./identity-world.ts";
