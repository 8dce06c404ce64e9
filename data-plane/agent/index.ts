/** The agent of a node: makes the node's plan true, also when the control plane is gone, and says how things are. */
export { type Agent, type AgentOptions, type AgentVolumes, startAgent } from "./agent.ts";
export { measureCapacity, type Reserve } from "./capacity.ts";
export {
  type InstanceEffect,
  type InstanceEvent,
  type InstanceState,
  newInstance,
  reportOf,
  step,
} from "./instance-machine.ts";
export { type NodeIdentity, openNodeIdentity } from "./node-identity.ts";
