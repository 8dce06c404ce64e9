/** A gateway in connected mode: the client end of the link to its fleet's control plane. */
export { type FleetAddress, fleetAddress } from "./fleet-address.ts";
export { type HealthMeter, type HealthSources, measureHealth, type RequestCounts } from "./gateway-health.ts";
export {
  type FleetGateway,
  type FleetLink,
  type FleetLinkOptions,
  type FleetReport,
  openFleetLink,
} from "./open-fleet-link.ts";
