/** A client of Biplane's control plane. */
export { BiplaneError, UnexpectedAnswer } from "./errors.ts";
export * from "./operations.gen.ts";
export type { CallOptions, ClientOptions } from "./transport.ts";
