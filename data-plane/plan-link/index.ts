/** The client end of the stream of plans: what an agent or an edge has to make true, kept on its disk, and what it says back. */
export {
  type AgentLink,
  type AgentLinkOptions,
  type EdgeLink,
  type EdgeLinkOptions,
  LinkDown,
  openAgentLink,
  openEdgeLink,
  type PlanLink,
} from "./links.ts";
export {
  inProcessAgentTransport,
  inProcessEdgeTransport,
  webSocketAgentTransport,
  webSocketEdgeTransport,
} from "./transports.ts";
