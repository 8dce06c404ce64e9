/** The gateway as a program: its options, and running it. */
export { GATEWAY_OPTIONS, type GatewaySettings, GatewayUsage, readGatewaySettings } from "./gateway-options.ts";
export { type GatewayProgram, runGateway } from "./run-gateway.ts";
