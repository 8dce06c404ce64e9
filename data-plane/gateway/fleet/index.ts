/** A gateway in connected mode: the client end of the link to its fleet's control plane. */
export {
  type FleetGateway,
  type FleetLink,
  type FleetLinkOptions,
  type FleetReport,
  openFleetLink,
} from "./open-fleet-link.ts";
