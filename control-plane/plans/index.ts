/** What agents and edges have to make true, told to each of them and to nobody else; and what they say and ask. */
export { answerNode, type NodeAnswers, type NodeSecrets } from "./answer-node.ts";
export { Channels, NodeUnreachable } from "./channels.ts";
export { type ConnectedAgent, type ConnectedEdge, ConnectedList } from "./connected.ts";
export { PlanDistributor } from "./distributor.ts";
export { edgeRoutesOf } from "./edge-routes.ts";
export { nodePlanOf } from "./node-plan.ts";
export {
  createObjectAccess,
  type GiveObjectAccess,
  type ObjectAccessOptions,
  type ObjectArea,
  ObjectStoreUnavailable,
} from "./object-access.ts";
export { createPlanServer, type PlanServer, type PlanServerOptions } from "./plan-server.ts";
export { readAgentMessage, readEdgeMessage } from "./read-message.ts";
export {
  acceptAgents,
  acceptEdges,
  type PlanClient,
  type PlanSession,
  type PlanSessionOptions,
} from "./sessions.ts";
export { workloadOf } from "./workload.ts";
