/** The gateway as a program: its options, and running it. */
export { type GatewaySettings, GatewayUsage, readGatewaySettings } from "./gateway-options.ts";
export { GATEWAY_OPTIONS } from "./options/index.ts";
export { type GatewayProgram, runGateway } from "./run-gateway.ts";
