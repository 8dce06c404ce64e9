/** Artifacts of many kinds, for tests. */
export { type AnyPlan, altered, compiled, keyPair, pemOf, replanned, resealed } from "./artifacts.ts";
