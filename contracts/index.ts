/** What the planes say to each other: types and constants, no behaviour. */
export * from "./applications.ts";
export * from "./change-stream.ts";
export * from "./commands.ts";
export * from "./desired-kinds.ts";
export * from "./events.ts";
export * from "./gateway-fleet.ts";
export * from "./gateways.ts";
export * from "./identity.ts";
export * from "./ids.ts";
export type * from "./manifest.ts";
export * from "./nodes.ts";
export * from "./plan-stream.ts";
export * from "./plans.ts";
export * from "./platform.ts";
export * from "./records.ts";
export * from "./resources.ts";
export * from "./sessions.ts";
export type * from "./volumes.ts";
