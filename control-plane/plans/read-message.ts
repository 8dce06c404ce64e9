/** Reads what agents and edges send. Whoever has the join token may still be broken, or older, or newer; the members of reports are the core's to check. */
import { type AgentMessage, type EdgeMessage, REPORTS_MAX } from "#contracts";

type Json = Readonly<Record<string, unknown>>;
type Checks = Readonly<Record<string, (message: Json) => boolean>>;

/** Longest name, version or id; they are shown to people. */
const TEXT_MAX = 512;
const ISOLATION: readonly unknown[] = ["process", "container", "microvm"];
const STATES: readonly unknown[] = ["starting", "ready", "draining"];
const ABOUT: readonly unknown[] = ["instance", "volume", "snapshot", "restore"];

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === "string" && value !== "" && value.length <= TEXT_MAX;
const isCount = (value: unknown): boolean => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

const isNode = (node: unknown): boolean =>
  isObject(node) &&
  isObject(node.labels) &&
  Object.values(node.labels).every((label) => typeof label === "string" && label.length <= TEXT_MAX) &&
  isObject(node.allocatable) &&
  isCount(node.allocatable.memoryBytes) &&
  isCount(node.allocatable.diskBytes) &&
  typeof node.allocatable.cpuCores === "number" &&
  Array.isArray(node.isolation) &&
  node.isolation.every((kind) => ISOLATION.includes(kind)) &&
  isText(node.architecture) &&
  (node.degraded === undefined || typeof node.degraded === "string");

const isRegistration = (message: Json): boolean =>
  isCount(message.protocol) &&
  isText(message.dataPlaneId) &&
  isText(message.name) &&
  isText(message.version) &&
  isCount(message.cursor);

const hasStatus = (message: Json): boolean =>
  isCount(message.appliedThrough) &&
  isObject(message.status) &&
  STATES.includes(message.status.state) &&
  isCount(message.status.startedAt) &&
  isCount(message.status.residentBytes);

const OF_EDGES: Checks = {
  register: (message) => message.kind === "edge" && isRegistration(message),
  heartbeat: (message) => hasStatus(message) && isCount((message.status as Json).quietThrough),
};

const OF_AGENTS: Checks = {
  register: (message) =>
    message.kind === "agent" &&
    isRegistration(message) &&
    /^nod_[0-9a-f]{24}$/.test(String(message.dataPlaneId)) &&
    isText(message.nodeKey) &&
    isNode(message.node),
  heartbeat: (message) => hasStatus(message) && isObject((message.status as Json).instances),
  describe: (message) => isNode(message.node),
  reports: (message) =>
    isCount(message.correlation) &&
    Array.isArray(message.reports) &&
    message.reports.length <= REPORTS_MAX &&
    message.reports.every((report) => isObject(report) && ABOUT.includes(report.about)),
  ask: (message) => isCount(message.correlation) && isObject(message.request) && isText(message.request.ask),
};

/** "unknown" for a type of a later version, to be ignored; undefined for what is no message of this protocol. */
function read<Message>(value: unknown, checks: Checks): Message | "unknown" | undefined {
  if (!isObject(value) || typeof value.type !== "string") return undefined;
  if (!Object.hasOwn(checks, value.type)) return "unknown";
  // The check has just established what the type says, as far as this side relies on it.
  return checks[value.type]!(value) ? (value as Message) : undefined;
}

export const readEdgeMessage = (value: unknown): EdgeMessage | "unknown" | undefined => read(value, OF_EDGES);
export const readAgentMessage = (value: unknown): AgentMessage | "unknown" | undefined => read(value, OF_AGENTS);
