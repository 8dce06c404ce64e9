/**
 * Tells agents and edges what to make true: after each commit works out whose plan may have changed, and sends those that have, whole.
 *
 * Changes of a few milliseconds travel together. What an agent or edge gets is only its own: an agent never hears of another node's instances, secrets or volumes.
 */
import type { AccountId, EdgeConfig, EdgeRoute, EventId, MessageToAgent, MessageToEdge, NodePlan } from "#contracts";
import { type AnyEvent, type CatalogReader, groups } from "#control-plane/events";
import type { TimerHandle, Timers } from "#foundation/runtime";
import { edgeRoutesOf } from "./edge-routes.ts";
import { nodePlanOf } from "./node-plan.ts";
import { configParts, planParts } from "./parts.ts";
import { QuietWatch } from "./quiet.ts";

/** Changes that come this close together travel in one plan. */
const GATHER_MS = 5;

/** An edge that is gone without a word still sends requests by its last configuration; so long nothing counts as quiet without it. */
const EDGE_REMEMBERED_MS = 600_000;

/**
 * After a start nobody knows which edges there are, until each has come back: the one that is missing may still send to what drains. So long nothing counts as
 * quiet, and nodes wait for the grace instead. Edges are back within a second or two.
 */
const SETTLE_MS = 10_000;

export interface DistributorOptions {
  readonly core: { readonly views: CatalogReader; readonly head: EventId };
  readonly timers: Timers;
}

/** A configuration, and what in it counts as a change. */
interface Configured {
  readonly config: EdgeConfig;
  readonly text: string;
}

/** One connected agent or edge. */
interface Receiver<Message> {
  readonly id: string;
  send(message: Message): void;
  /** What it was told last, without the cursor. */
  told: string | undefined;
}

export class PlanDistributor {
  readonly #core: DistributorOptions["core"];
  readonly #timers: Timers;
  readonly #agents = new Map<string, Receiver<MessageToAgent>>();
  readonly #edges = new Map<string, Receiver<MessageToEdge>>();
  readonly #departed = new Map<string, TimerHandle>();
  readonly #quiet = new QuietWatch();
  readonly #dirtyNodes = new Set<string>();
  readonly #dirtyEnvs = new Set<string>();
  /** By environment; only those that have routes. */
  readonly #routes = new Map<string, readonly EdgeRoute[]>();
  /** Where each instance that was ever told is: the event that collects one does not say. */
  readonly #nodeOf = new Map<string, string>();
  #everyNode = false;
  #settling: TimerHandle | undefined;
  #timer: TimerHandle | undefined;
  #closed = false;

  constructor({ core, timers }: DistributorOptions) {
    this.#core = core;
    this.#timers = timers;
    for (const env of core.views.records("env")) this.#refreshRoutes(env.envId);
    if (core.views.count("instance") > 0) {
      this.#quiet.settled = false;
      this.#settling = timers.after(SETTLE_MS, () => {
        this.#quiet.settled = true;
        this.#noteQuiet();
      });
    }
    for (const { instanceId, nodeId, desiredState } of core.views.records("instance")) {
      this.#nodeOf.set(instanceId, nodeId);
      // When it was told is not known any more: edges have to be quiet as of now.
      if (desiredState === "draining") this.#quiet.drains(instanceId, nodeId, core.head);
    }
  }

  /** Events were committed and are in the views. */
  publish(events: readonly AnyEvent[]): void {
    for (const event of events) this.#note(event);
    this.#flushSoon();
  }

  addAgent(nodeId: string, send: (message: MessageToAgent) => void): () => void {
    const receiver = { id: nodeId, send, told: undefined };
    this.#agents.set(nodeId, receiver);
    this.#tellAgent(receiver);
    return () => {
      if (this.#agents.get(nodeId) === receiver) this.#agents.delete(nodeId);
    };
  }

  /** @returns `gone(stopped)`: whether it has said that it stops */
  addEdge(edgeId: string, send: (message: MessageToEdge) => void): (stopped: boolean) => void {
    this.#departed.get(edgeId)?.cancel();
    this.#departed.delete(edgeId);
    const receiver = { id: edgeId, send, told: undefined };
    this.#edges.set(edgeId, receiver);
    this.#quiet.edgeConnected(edgeId);
    this.#tellEdge(receiver, this.#config());
    return (stopped) => {
      if (this.#edges.get(edgeId) !== receiver) return;
      this.#edges.delete(edgeId);
      if (stopped) this.#forgetEdge(edgeId);
      else
        this.#departed.set(
          edgeId,
          this.#timers.after(EDGE_REMEMBERED_MS, () => this.#forgetEdge(edgeId)),
        );
    };
  }

  /** An edge has nothing left to answer by what configurations up to the cursor took away. */
  edgeQuiet(edgeId: string, quietThrough: EventId): void {
    this.#quiet.said(edgeId, quietThrough);
    this.#noteQuiet();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#settling?.cancel();
    for (const timer of this.#departed.values()) timer.cancel();
  }

  #forgetEdge(edgeId: string): void {
    this.#departed.delete(edgeId);
    this.#quiet.edgeGone(edgeId);
    this.#noteQuiet();
  }

  #noteQuiet(): void {
    const nodes = this.#quiet.quietNodes();
    if (nodes.size === 0) return;
    for (const nodeId of nodes) this.#dirtyNodes.add(nodeId);
    this.#flushSoon();
  }

  #note(event: AnyEvent): void {
    const { views } = this.#core;
    switch (event.aggregateType) {
      case "instance":
        this.#noteInstance(event);
        break;
      case "route": {
        const envId = "envId" in event.payload ? event.payload.envId : views.record("route", event.aggregateId)?.envId;
        // An event that ends a route does not say of which environment: look through those that have any.
        if (envId === undefined) for (const known of this.#routes.keys()) this.#dirtyEnvs.add(known);
        else this.#dirtyEnvs.add(envId);
        break;
      }
      case "env":
        this.#dirtyEnvs.add(event.aggregateId);
        break;
      case "app":
        // Edges know applications by their names, too. Rare: look through those that have any.
        if (event.type === "app.updated") for (const known of this.#routes.keys()) this.#dirtyEnvs.add(known);
        break;
      case "volume":
      case "snapshot":
      case "restoreJob":
        // Rare, and what ends one does not say where it was.
        this.#everyNode = true;
        break;
      default:
    }
  }

  #noteInstance(event: AnyEvent): void {
    const instanceId = event.aggregateId;
    const instance = this.#core.views.record("instance", instanceId);
    if (instance === undefined) {
      const nodeId = this.#nodeOf.get(instanceId);
      this.#nodeOf.delete(instanceId);
      this.#quiet.ended(instanceId);
      if (nodeId !== undefined) this.#dirtyNodes.add(nodeId);
      return;
    }
    const { nodeId, envId, desiredState, status } = instance;
    this.#nodeOf.set(instanceId, nodeId);
    if (desiredState === "draining" && status !== "stopped" && status !== "failed") {
      this.#quiet.drains(instanceId, nodeId, event.id);
    } else this.#quiet.ended(instanceId);
    // What its node has said itself does not change the node's plan.
    if (event.type !== "instance.statusChanged") this.#dirtyNodes.add(nodeId);
    this.#dirtyEnvs.add(envId);
  }

  #refreshRoutes(envId: string): void {
    const routes = edgeRoutesOf(this.#core.views, envId);
    if (routes.length === 0) this.#routes.delete(envId);
    else this.#routes.set(envId, routes);
  }

  #flushSoon(): void {
    if (this.#closed) return;
    this.#timer ??= this.#timers.after(GATHER_MS, () => {
      this.#timer = undefined;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#edges.size > 0 || this.#dirtyEnvs.size > 0) {
      for (const envId of this.#dirtyEnvs) this.#refreshRoutes(envId);
      this.#dirtyEnvs.clear();
      if (this.#edges.size > 0) {
        const config = this.#config();
        for (const edge of this.#edges.values()) this.#tellEdge(edge, config);
        // Edges that had nothing to take away are quiet already.
        for (const nodeId of this.#quiet.quietNodes()) this.#dirtyNodes.add(nodeId);
      }
    }
    const nodes = this.#everyNode ? [...this.#agents.keys()] : [...this.#dirtyNodes];
    this.#everyNode = false;
    this.#dirtyNodes.clear();
    for (const nodeId of nodes) {
      const agent = this.#agents.get(nodeId);
      if (agent !== undefined) this.#tellAgent(agent);
    }
  }

  #config(): Configured {
    const routes = [...this.#routes.values()].flat().sort((left, right) => (left.routeId < right.routeId ? -1 : 1));
    return { config: { configVersion: 1, cursor: this.#core.head, routes }, text: JSON.stringify(routes) };
  }

  #tellEdge(edge: Receiver<MessageToEdge>, { config, text }: Configured): void {
    if (edge.told === text) {
      this.#quiet.unchanged(edge.id, config.cursor);
      return;
    }
    edge.told = text;
    for (const message of configParts(config)) edge.send(message);
    this.#quiet.sent(edge.id, config.cursor);
  }

  #tellAgent(agent: Receiver<MessageToAgent>): void {
    const plan = nodePlanOf(this.#core.views, agent.id, this.#core.head, (instanceId) =>
      this.#quiet.isQuiet(instanceId),
    );
    const text = textOf(plan);
    if (agent.told === text) return;
    agent.told = text;
    for (const message of planParts(plan)) agent.send(message);
  }

  /** Accounts whose releases a node needs now. */
  accountsOn(nodeId: string): ReadonlySet<AccountId> {
    return new Set(this.#core.views.inGroup("instance", groups.onNode(nodeId)).map(({ accountId }) => accountId));
  }
}

const textOf = ({ instances, volumes, snapshots }: NodePlan): string => JSON.stringify([instances, volumes, snapshots]);
