/** The control plane's end of the streams of agents and edges, whatever they run over. */
import { createHash } from "node:crypto";
import {
  type AgentMessage,
  type AgentRegistration,
  CHANGE_STREAM_PROTOCOL,
  type Command,
  type CommandOrigin,
  type CommandOutcome,
  type ControlPlaneId,
  type EdgeMessage,
  type EventId,
  type MessageToAgent,
  type MessageToEdge,
  type NodeReport,
} from "#contracts";
import type { Clock, TimerHandle, Timers } from "#foundation/runtime";
import type { Logger } from "#foundation/telemetry";
import { answerNode, type NodeAnswers } from "./answer-node.ts";
import type { Channels } from "./channels.ts";
import type { ConnectedAgent, ConnectedEdge, ConnectedList } from "./connected.ts";
import type { PlanDistributor } from "./distributor.ts";

/** The agent or edge as a session sees it. */
export interface PlanClient<Message> {
  send(message: Message): void;
  /** Ends the stream. */
  close(reason: string): void;
}

/** A session as its transport sees it. */
export interface PlanSession<Message> {
  receive(message: Message): void;
  /** The peer is gone. */
  closed(): void;
}

export interface PlanSessionOptions {
  readonly core: {
    readonly controlPlaneId: ControlPlaneId;
    readonly head: EventId;
    execute(command: Command, origin: CommandOrigin): Promise<CommandOutcome>;
  };
  readonly distributor: PlanDistributor;
  readonly channels: Channels;
  readonly agents: ConnectedList<ConnectedAgent>;
  readonly edges: ConnectedList<ConnectedEdge>;
  readonly answers: NodeAnswers;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
}

const HEARTBEAT_MS = 5_000;
const REGISTER_TIMEOUT_MS = 10_000;

/** Connected agents, and edges, at once. */
const PLANES_MAX = 2_000;

/** Questions of one agent under way at once. */
const QUESTIONS_MAX = 1_024;

/** Serves edges. @param via how they are connected, for `status` */
export function acceptEdges(options: PlanSessionOptions, via: string) {
  return (client: PlanClient<MessageToEdge>): PlanSession<EdgeMessage> => {
    const { core, distributor, edges, clock } = options;
    const session = openSession(options, client);
    let registered: { readonly id: string; readonly leave: (stopped: boolean) => void } | undefined;
    let stopping = false;
    session.onEnd(() => registered?.leave(stopping));
    return {
      receive(message) {
        if (!session.open) return;
        if (message.type === "register") {
          if (registered !== undefined) return session.refuse("BadMessage", "registered already");
          if (message.protocol !== CHANGE_STREAM_PROTOCOL)
            return session.refuse("ProtocolMismatch", wrongProtocol(message));
          if (edges.size >= PLANES_MAX) return session.hangUp(`${PLANES_MAX} edges are connected already`);
          const { dataPlaneId: id, name, version } = message;
          const now = clock.now();
          const entry = edges.add(
            {
              id,
              name,
              version,
              via,
              connectedAt: now,
              lastHeardAt: now,
              appliedThrough: undefined,
              status: undefined,
            },
            session.hangUp,
          );
          session.onEnd(() => entry.remove());
          session.onHeard((changes) => entry.update(changes as Partial<ConnectedEdge>));
          session.welcome(core);
          registered = { id, leave: distributor.addEdge(id, (part) => session.open && client.send(part)) };
        } else if (registered === undefined) session.refuse("BadMessage", `${message.type} before register`);
        else {
          const { appliedThrough, status } = message;
          stopping = status.state === "draining";
          session.heard({ appliedThrough, status });
          distributor.edgeQuiet(registered.id, status.quietThrough);
        }
      },
      closed: session.end,
    };
  };
}

/** Serves agents. @param via how they are connected, for `status` */
export function acceptAgents(options: PlanSessionOptions, via: string) {
  return (client: PlanClient<MessageToAgent>): PlanSession<AgentMessage> => {
    const { core, distributor, channels, agents, answers, clock, logger } = options;
    const session = openSession(options, client);
    let registration: AgentRegistration | undefined;
    let admitted = false;
    let questions = 0;
    const origin = (requestId: string): CommandOrigin => ({
      actor: `node:${registration!.dataPlaneId}`,
      requestId,
    });

    const enroll = (): Promise<CommandOutcome> => {
      const { dataPlaneId: nodeId, name, nodeKey, node, version } = registration!;
      const { labels, allocatable, isolation, architecture } = node;
      const keyHash = createHash("sha256").update(nodeKey).digest("hex");
      return core.execute(
        { type: "node.enroll", nodeId, name, keyHash, labels, allocatable, isolation, version, architecture },
        origin("node-enroll"),
      );
    };

    const admit = async (message: AgentRegistration): Promise<void> => {
      registration = message;
      const outcome = await enroll();
      if (!session.open) return;
      if (!outcome.ok) {
        if (outcome.code === "WrongNodeKey") return session.refuse("WrongNodeKey", outcome.message);
        return session.hangUp(`this node could not be enrolled: ${outcome.message}`);
      }
      const { dataPlaneId: id, name, version, node } = message;
      const now = clock.now();
      const entry = agents.add(
        {
          id,
          name,
          version,
          via,
          connectedAt: now,
          lastHeardAt: now,
          appliedThrough: undefined,
          status: undefined,
          degraded: node.degraded,
        },
        session.hangUp,
      );
      const send = (down: MessageToAgent): void => {
        if (session.open) client.send(down);
      };
      session.onEnd(() => entry.remove());
      session.onHeard((changes) => entry.update(changes as Partial<ConnectedAgent>));
      session.welcome(core);
      admitted = true;
      session.onEnd(channels.add(id, send));
      session.onEnd(distributor.addAgent(id, send));
    };

    const report = async (message: Extract<AgentMessage, { readonly type: "reports" }>): Promise<void> => {
      // Sent in one turn, so that they are decided in order and share a commit.
      const outcomes = await Promise.all(
        message.reports.map((one) => core.execute(commandOf(one, registration!.dataPlaneId), origin("node-report"))),
      );
      // What the control plane itself could not do is not refused: it will be said again.
      if (outcomes.some((outcome) => !outcome.ok && outcome.code === "Internal")) {
        return session.hangUp("the control plane could not take the reports");
      }
      const refused = outcomes.flatMap((outcome, index) =>
        outcome.ok ? [] : [{ index, message: `${outcome.code}: ${outcome.message}` }],
      );
      if (session.open) client.send({ type: "reported", correlation: message.correlation, refused });
    };

    const answer = async ({ correlation, request }: Extract<AgentMessage, { readonly type: "ask" }>): Promise<void> => {
      questions++;
      try {
        const given = await answerNode(request, registration!.dataPlaneId, answers);
        if (session.open) client.send({ type: "answer", correlation, answer: given });
      } catch (error) {
        logger.error("a node's question could not be answered", { ask: request.ask, error });
        const failed = { ok: false, code: "internal", message: "the control plane failed; see its log" } as const;
        if (session.open) client.send({ type: "answer", correlation, answer: failed });
      } finally {
        questions--;
      }
    };

    return {
      receive(message) {
        if (!session.open) return;
        if (message.type === "register") {
          if (registration !== undefined) session.refuse("BadMessage", "registered already");
          else if (message.protocol !== CHANGE_STREAM_PROTOCOL)
            session.refuse("ProtocolMismatch", wrongProtocol(message));
          else if (agents.size >= PLANES_MAX) session.hangUp(`${PLANES_MAX} agents are connected already`);
          else void admit(message);
        } else if (!admitted) session.refuse("BadMessage", `${message.type} before the welcome`);
        else if (message.type === "heartbeat") {
          session.heard({ appliedThrough: message.appliedThrough, status: message.status });
        } else if (message.type === "describe") {
          registration = { ...registration!, node: message.node };
          session.heard({ degraded: message.node.degraded });
          void enroll();
        } else if (message.type === "reports") void report(message);
        else if (questions >= QUESTIONS_MAX)
          session.refuse("BadMessage", `more than ${QUESTIONS_MAX} questions at once`);
        else void answer(message);
      },
      closed: session.end,
    };
  };
}

/** A report as the command that it is. */
function commandOf(report: NodeReport, nodeId: string): Command {
  const { about, ...rest } = report;
  const type = ({ instance: "instance", volume: "volume", snapshot: "snapshot", restore: "restoreJob" } as const)[
    about
  ];
  // The members of a report are those of its command; the core looks at each of them.
  return { ...rest, type: `${type}.report`, nodeId } as Command;
}

const wrongProtocol = ({ protocol }: { readonly protocol: number }): string =>
  `this control plane speaks protocol ${CHANGE_STREAM_PROTOCOL}, not ${protocol}`;

type RefusalCode = "Unauthorized" | "ProtocolMismatch" | "BadMessage" | "WrongNodeKey";
type CommonMessage = Extract<MessageToEdge, { readonly type: "welcome" | "refused" }>;

/** What sessions of both kinds have in common: registration in time, refusals, an end. */
function openSession(
  { clock, timers, logger }: PlanSessionOptions,
  client: { send(message: CommonMessage): void; close(reason: string): void },
) {
  let open = true;
  const endings: (() => void)[] = [];
  let onHeard: ((changes: object) => void) | undefined;
  const timeout: TimerHandle = timers.after(REGISTER_TIMEOUT_MS, () => hangUp("no registration came in time"));
  const end = (): void => {
    if (!open) return;
    open = false;
    timeout.cancel();
    for (const ending of endings) ending();
  };
  const hangUp = (reason: string): void => {
    if (!open) return;
    end();
    logger.info("a stream of plans was ended", { reason });
    client.close(reason);
  };
  return {
    get open() {
      return open;
    },
    end,
    hangUp,
    refuse(code: RefusalCode, message: string): void {
      if (!open) return;
      client.send({ type: "refused", code, message });
      hangUp(message);
    },
    onEnd(ending: () => void): void {
      if (open) endings.push(ending);
      else ending();
    },
    welcome({ controlPlaneId, head }: PlanSessionOptions["core"]): void {
      timeout.cancel();
      client.send({
        type: "welcome",
        protocol: CHANGE_STREAM_PROTOCOL,
        controlPlaneId,
        head,
        heartbeatMs: HEARTBEAT_MS,
      });
    },
    onHeard(listener: (changes: object) => void): void {
      onHeard = listener;
    },
    heard(changes: object): void {
      onHeard?.({ ...changes, lastHeardAt: clock.now() });
    },
  };
}
