/** The link of an agent and that of an edge to their control plane. */
import {
  type AgentMessage,
  type AgentStatus,
  type AgentTransport,
  CHANGE_STREAM_PROTOCOL,
  type ChannelEnd,
  type ChannelPurpose,
  type DataPlaneId,
  type EdgeConfig,
  type EdgeMessage,
  type EdgeStatus,
  type EdgeTransport,
  type EventId,
  type MessageToAgent,
  type MessageToEdge,
  type NodeAnswer,
  type NodeDescription,
  type NodePlan,
  type NodeReport,
  type NodeRequest,
} from "#contracts";
import type { Random, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";
import { joinConfigs, joinPlans } from "./messages.ts";
import { Outbox } from "./outbox.ts";
import { type PlanMessage, PlanStream } from "./plan-stream.ts";

/** What both links have. */
export interface PlanLink<Plan> {
  /** The last plan, at once after a start: from disk. */
  readonly plan: Plan | undefined;
  readonly connected: boolean;
  /** Why there is no connection. */
  readonly lastFailure: string | undefined;
  /** Called for every newer plan, once it is on disk. */
  onPlan(listener: (plan: Plan) => void): void;
  /** What stands is what the plan of this cursor says. */
  applied(cursor: EventId): void;
  /** Something in the status has changed that the control plane should hear of at once. */
  statusChanged(): void;
  close(): void;
}

export type EdgeLink = PlanLink<EdgeConfig>;

/** The control plane cannot be asked now. */
export class LinkDown extends Error {
  override readonly name = "LinkDown";
}

export interface AgentLink extends PlanLink<NodePlan> {
  /** A connection is open, or has ended. */
  onConnected(listener: (connected: boolean) => void): void;
  /** Says it until the control plane has taken it; the latest report of each thing wins. */
  report(report: NodeReport): void;
  /** @throws LinkDown while there is no connection, and when none has answered in time; the signal's reason */
  ask(request: NodeRequest, signal?: AbortSignal): Promise<NodeAnswer>;
  onChannel(listener: (purpose: ChannelPurpose, dial: () => Promise<ChannelEnd>) => void): void;
  /** The node has something else to offer now. */
  describe(node: NodeDescription): void;
}

interface LinkOptions<Transport> {
  /** Where the last plan is kept. */
  readonly path: string;
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly transport: Transport;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
}

export interface EdgeLinkOptions extends LinkOptions<EdgeTransport> {
  readonly status: () => EdgeStatus;
}

export interface AgentLinkOptions extends LinkOptions<AgentTransport> {
  readonly nodeKey: string;
  readonly node: NodeDescription;
  readonly status: () => AgentStatus;
}

/** How long an answer may take: opening a secret takes milliseconds. */
const ASK_TIMEOUT_MS = 15_000;

/** Opens the link of an edge. A control plane that is away is no error: the link keeps trying. */
export function openEdgeLink(options: EdgeLinkOptions): EdgeLink {
  const { id, name, version } = options;
  const stream = new PlanStream<EdgeMessage, Exclude<MessageToEdge, PlanMessage>, EdgeConfig>({
    ...options,
    register: (cursor) => ({
      type: "register",
      protocol: CHANGE_STREAM_PROTOCOL,
      kind: "edge",
      dataPlaneId: id as DataPlaneId,
      name,
      version,
      cursor,
    }),
    heartbeat: (appliedThrough) => ({ type: "heartbeat", appliedThrough, status: options.status() }),
    planIn: ({ config, last }) => ({ part: config, last }),
    join: joinConfigs,
  });
  return linkOf(stream);
}

/** Opens the link of an agent. */
export function openAgentLink(options: AgentLinkOptions): AgentLink {
  const { id, name, version, nodeKey, transport, timers, logger } = options;
  let { node } = options;
  let onChannel: ((purpose: ChannelPurpose, dial: () => Promise<ChannelEnd>) => void) | undefined;
  const outbox = new Outbox();
  const connectionListeners: ((connected: boolean) => void)[] = [];
  const questions = new Map<number, { settle(answer: NodeAnswer): void; fail(error: unknown): void }>();
  let correlation = 0;
  let flushing = false;

  /** What is reported in one turn travels together. */
  const flushSoon = (): void => {
    if (flushing) return;
    flushing = true;
    queueMicrotask(() => {
      flushing = false;
      if (!stream.connected) return;
      const batch = outbox.take();
      if (batch !== undefined) stream.send({ type: "reports", ...batch });
    });
  };

  const stream = new PlanStream<AgentMessage, Exclude<MessageToAgent, PlanMessage>, NodePlan>({
    ...options,
    register: (cursor) => ({
      type: "register",
      protocol: CHANGE_STREAM_PROTOCOL,
      kind: "agent",
      dataPlaneId: id as DataPlaneId,
      name,
      version,
      cursor,
      nodeKey,
      node,
    }),
    heartbeat: (appliedThrough) => ({ type: "heartbeat", appliedThrough, status: options.status() }),
    planIn: (message) => (message.type === "plan" ? { part: message.plan, last: message.last } : undefined),
    join: joinPlans,
    accepts: (plan) => plan.nodeId === id,
    onMessage(message) {
      if (message.type === "reported") {
        for (const { message: why } of message.refused) logger.warn("a report was refused", { why });
        outbox.settled(message.correlation);
        flushSoon();
      } else if (message.type === "answer") questions.get(message.correlation)?.settle(message.answer);
      else if (message.type === "openChannel") {
        onChannel?.(message.purpose, () => transport.openChannel(message.channelId, message.secret));
      }
    },
    onConnected(connected) {
      for (const listener of connectionListeners) listener(connected);
      if (connected) return flushSoon();
      outbox.interrupted();
      for (const question of [...questions.values()])
        question.fail(new LinkDown("the stream to the control plane ended"));
    },
  });

  const ask = (request: NodeRequest, signal?: AbortSignal): Promise<NodeAnswer> => {
    signal?.throwIfAborted();
    const number = ++correlation;
    return new Promise((resolve, reject) => {
      let timeout: TimerHandle | undefined;
      const onAbort = (): void => fail(signal!.reason);
      const end = (): void => {
        questions.delete(number);
        timeout?.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      const fail = (error: unknown): void => {
        end();
        reject(error);
      };
      if (!stream.send({ type: "ask", correlation: number, request })) {
        reject(new LinkDown("there is no stream to the control plane"));
        return;
      }
      timeout = timers.after(ASK_TIMEOUT_MS, () => fail(new LinkDown("the control plane did not answer in time")));
      signal?.addEventListener("abort", onAbort);
      questions.set(number, {
        settle(answer) {
          end();
          resolve(answer);
        },
        fail,
      });
    });
  };

  return Object.assign(linkOf(stream), {
    report(report: NodeReport) {
      outbox.put(report);
      flushSoon();
    },
    ask,
    onConnected: (listener: (connected: boolean) => void) => void connectionListeners.push(listener),
    onChannel(listener: NonNullable<typeof onChannel>) {
      onChannel = listener;
    },
    describe(next: NodeDescription) {
      node = next;
      stream.send({ type: "describe", node });
    },
  });
}

function linkOf<Up, Down extends { readonly type: string }, Plan extends { readonly cursor: EventId }>(
  stream: PlanStream<Up, Down, Plan>,
): PlanLink<Plan> {
  return {
    get plan() {
      return stream.plan;
    },
    get connected() {
      return stream.connected;
    },
    get lastFailure() {
      return stream.lastFailure;
    },
    onPlan: (listener) => stream.onPlan(listener),
    applied: (cursor) => stream.applied(cursor),
    statusChanged: () => stream.beatSoon(),
    close: () => stream.close(),
  };
}
