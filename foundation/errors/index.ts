/** Errors with permanent codes, assertions that stay on, and what the command line makes of them. */

export * from "./assertions.ts";
export * from "./coded-error.ts";
export * from "./exit-codes.ts";
export * from "./normalise.ts";
export * from "./registry.ts";
export * from "./suggest.ts";
