/**
 * The change stream as agents and edges speak it, over the same endpoint as the services' data plane: `/ws/data-plane`.
 *
 * 1. `register` with what it is and the cursor of the plan on its disk.
 * 2. `welcome`, then `plan`, whole, whenever it has changed.
 * 3. `heartbeat` travels back. An agent also sends `reports`, each batch answered by `reported`: until then it says them again after every reconnection. It may `ask`.
 * 4. `openChannel` asks an agent to dial `/ws/channel` with the channel's id and secret.
 */
import type { ChannelEnd } from "#foundation/channel";
import type { ControlPlaneId, DataPlaneId, EventId } from "./ids.ts";
import type {
  ChannelPurpose,
  EdgeConfig,
  NodeAnswer,
  NodeDescription,
  NodePlan,
  NodeReport,
  NodeRequest,
} from "./plans.ts";

export type { ChannelEnd };

export const CHANNEL_PATH = "/ws/channel";

/** Reports in one message. */
export const REPORTS_MAX = 500;

interface Registration {
  readonly type: "register";
  readonly protocol: number;
  readonly dataPlaneId: DataPlaneId;
  readonly name: string;
  readonly version: string;
  /** Cursor of the plan on disk; 0 without one. */
  readonly cursor: EventId;
}

export interface EdgeRegistration extends Registration {
  readonly kind: "edge";
}

export interface AgentRegistration extends Registration {
  readonly kind: "agent";
  /** 32 random bytes in base64url that only this node has. Its id is its own as long as it shows the same key. */
  readonly nodeKey: string;
  readonly node: NodeDescription;
}

export interface EdgeStatus {
  readonly state: "starting" | "ready" | "draining";
  readonly startedAt: number;
  readonly residentBytes: number;
  readonly routes: number;
  readonly connections: number;
  /**
   * Everything that configurations up to this cursor took away is quiet: no request to a backend that they removed is being answered any more (or its time is up).
   */
  readonly quietThrough: EventId;
  /** Where it listens, for people. */
  readonly httpUrl?: string;
  readonly httpsUrl?: string;
}

export interface AgentStatus {
  readonly state: "starting" | "ready" | "draining";
  readonly startedAt: number;
  readonly residentBytes: number;
  readonly instances: { readonly desired: number; readonly running: number; readonly ready: number };
  readonly usedMemoryBytes: number;
}

export type EdgeMessage =
  | EdgeRegistration
  | { readonly type: "heartbeat"; readonly appliedThrough: EventId; readonly status: EdgeStatus };

export type AgentMessage =
  | AgentRegistration
  | { readonly type: "heartbeat"; readonly appliedThrough: EventId; readonly status: AgentStatus }
  /** The node has something else to offer than when it registered. */
  | { readonly type: "describe"; readonly node: NodeDescription }
  | { readonly type: "reports"; readonly correlation: number; readonly reports: readonly NodeReport[] }
  | { readonly type: "ask"; readonly correlation: number; readonly request: NodeRequest };

/** To both. */
type WelcomeMessage = {
  readonly type: "welcome";
  readonly protocol: number;
  readonly controlPlaneId: ControlPlaneId;
  /** The last event of its log. */
  readonly head: EventId;
  readonly heartbeatMs: number;
};
type RefusedMessage = {
  readonly type: "refused";
  readonly code: "Unauthorized" | "ProtocolMismatch" | "BadMessage" | "WrongNodeKey";
  readonly message: string;
};

export type MessageToEdge =
  | WelcomeMessage
  | RefusedMessage
  /** A configuration that is too large for one message comes in parts of the same cursor; only after the last does it count. */
  | { readonly type: "plan"; readonly last: boolean; readonly config: EdgeConfig };

export type MessageToAgent =
  | WelcomeMessage
  | RefusedMessage
  | { readonly type: "plan"; readonly last: boolean; readonly plan: NodePlan }
  /** Which reports could not be taken, by index, and why; they are not to be said again. */
  | {
      readonly type: "reported";
      readonly correlation: number;
      readonly refused: readonly { readonly index: number; readonly message: string }[];
    }
  | { readonly type: "answer"; readonly correlation: number; readonly answer: NodeAnswer }
  | {
      readonly type: "openChannel";
      readonly channelId: string;
      /** Shown when dialling `/ws/channel?id=…`, as a bearer token. */
      readonly secret: string;
      readonly purpose: ChannelPurpose;
    };

/** How agents and edges reach the control plane; over a WebSocket or in process. Calls again, with backoff, whenever a connection has ended. */
export interface PlanTransport<Up, Down> {
  connect(handlers: {
    onOpen(connection: { send(message: Up): void; close(): void }): void;
    onMessage(message: Down): void;
    /** Exactly once, also when the connection could not be made. */
    onClose(reason: string): void;
  }): { cancel(): void };
}

export interface AgentTransport extends PlanTransport<AgentMessage, MessageToAgent> {
  /** Dials back for a channel that the control plane has asked for. */
  openChannel(channelId: string, secret: string): Promise<ChannelEnd>;
}

export type EdgeTransport = PlanTransport<EdgeMessage, MessageToEdge>;
