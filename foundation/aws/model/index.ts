/** The form in which service models are committed: for the generator that writes them. Programs load models through `#foundation/aws`. */

export { type ProtocolName, type ServiceName, serviceNames } from "../services.ts";
export type * from "../validation/raw-constraints.ts";
export * from "./raw-model.ts";
