/** Typed configuration from defaults, a file, the environment and flags. */

export * from "./config.ts";
export * from "./parsers.ts";
