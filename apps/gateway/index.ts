/** The gateway as a program: its options, and running it. */
export type { FleetSettings } from "./fleet-options.ts";
export { type GatewaySettings, readGatewaySettings } from "./gateway-options.ts";
export { GatewayUsage } from "./gateway-usage.ts";
export { GATEWAY_OPTIONS } from "./options/index.ts";
export { type GatewayProgram, runGateway } from "./run-gateway.ts";
