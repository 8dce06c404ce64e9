/**
 * The platform in simulated time: the real decisions of the control plane (handlers, scheduler, distributor of plans), of agents (the machine of an instance) and of edges (routing table,
 * what is quiet), with links that lose, delay, repeat and reorder, and a control plane that crashes.
 */

import type { EdgeConfig, EventId, InstanceRecord, MessageToAgent, MessageToEdge, NodePlan } from "#contracts";
import type { AnyEvent } from "#control-plane/events";
import { ACCOUNT } from "#control-plane/events/testing";
import { PlanDistributor } from "#control-plane/plans";
import { manifestOf, TestWorld } from "#control-plane/scheduler/testing";
import {
  type InstanceEffect,
  type InstanceEvent,
  type InstanceState,
  newInstance,
  reportOf,
  step,
} from "#data-plane/agent";
import { backendKey, QUIET_MS_MAX, QuietTracker, RoutingTable } from "#data-plane/edge/testing";
import { Schedule } from "./schedule.ts";

/** Longer than any link is away, so that an agent never has to give up waiting for an edge. */
const AWAY_MS_MAX = 3_000;

interface Program {
  accepts: boolean;
  /** When it was asked to end. */
  stoppedAt: number | undefined;
}

/** A link that is there or not, and what is under way on it. */
class Link {
  readonly #schedule: Schedule;
  #generation = 0;
  up = false;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
  }

  /** Late, in any order, maybe twice; not at all when the link breaks meanwhile. */
  carry(deliver: () => void): void {
    if (!this.up) return;
    const generation = this.#generation;
    const copies = this.#schedule.chance() < 0.1 ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#schedule.after(this.#schedule.between(0, 30), () => {
        if (this.up && generation === this.#generation) deliver();
      });
    }
  }

  connect(): void {
    this.up = true;
    this.#generation++;
  }

  cut(): void {
    this.up = false;
  }
}

export class Platform {
  readonly schedule: Schedule;
  readonly world = new TestWorld();
  readonly edges: readonly SimulatedEdge[];
  readonly agents: readonly SimulatedAgent[];
  readonly violations: string[] = [];
  served = 0;
  unavailable = 0;
  distributor: PlanDistributor;
  /** Undefined while the control plane is down. */
  controlPlaneUp = true;
  #head = 0 as EventId;

  constructor(seed: number) {
    this.schedule = new Schedule(seed);
    this.world.onEvent = (event) => this.#committed(event);
    this.distributor = this.#newDistributor();
    this.agents = ["one", "two"].map((name) => new SimulatedAgent(this, this.world.addNode(name)));
    this.edges = ["a", "b"].map((name) => new SimulatedEdge(this, `edge-${name}`));
    for (const peer of [...this.agents, ...this.edges]) this.connect(peer);
    this.schedule.timers.every(50, () => this.decide());
  }

  /** A command of a person, refused while the control plane is away. */
  run(command: Parameters<TestWorld["run"]>[0]): Record<string, unknown> | undefined {
    if (!this.controlPlaneUp) return undefined;
    this.world.now = this.schedule.wallClock;
    try {
      return this.world.run(command);
    } catch {
      return undefined;
    }
  }

  decide(): void {
    if (!this.controlPlaneUp) return;
    this.world.now = this.schedule.wallClock;
    this.world.schedule();
  }

  connect(peer: SimulatedAgent | SimulatedEdge): void {
    if (!this.controlPlaneUp || peer.link.up) return;
    peer.link.connect();
    peer.connected();
  }

  /** For a while. */
  cut(peer: SimulatedAgent | SimulatedEdge): void {
    if (!peer.link.up) return;
    peer.link.cut();
    peer.disconnected();
    this.schedule.after(this.schedule.between(1, AWAY_MS_MAX), () => this.connect(peer));
  }

  /** The control plane is killed, and comes back with what is in its log. */
  crash(ms: number): void {
    if (!this.controlPlaneUp) return;
    this.controlPlaneUp = false;
    this.distributor.close();
    for (const peer of [...this.agents, ...this.edges]) {
      peer.link.cut();
      peer.disconnected();
    }
    this.schedule.after(ms, () => {
      this.controlPlaneUp = true;
      this.distributor = this.#newDistributor();
      for (const peer of [...this.agents, ...this.edges]) {
        this.schedule.after(this.schedule.between(1, AWAY_MS_MAX), () => this.connect(peer));
      }
    });
  }

  programOf(instanceId: string): Program | undefined {
    for (const agent of this.agents) {
      const program = agent.programs.get(instanceId);
      if (program !== undefined) return program;
    }
    return undefined;
  }

  violate(what: string): void {
    this.violations.push(`${Math.round(this.schedule.now)} ms: ${what}`);
  }

  #committed(event: AnyEvent): void {
    this.#head = event.id;
    if (this.distributor !== undefined) this.distributor.publish([event]);
  }

  #newDistributor(): PlanDistributor {
    const platform = this;
    const core = {
      views: this.world.views,
      get head() {
        return platform.#head;
      },
    };
    return new PlanDistributor({ core, timers: this.schedule.timers });
  }
}

class SimulatedAgent {
  readonly link: Link;
  readonly programs = new Map<string, Program>();
  readonly nodeId: string;
  readonly #platform: Platform;
  readonly #machines = new Map<
    string,
    { readonly state: InstanceState; readonly timers: Map<string, { cancel(): void }> }
  >();
  #cursor = 0;
  #detach: (() => void) | undefined;
  #connectedSince: number | undefined;

  constructor(platform: Platform, nodeId: string) {
    this.#platform = platform;
    this.nodeId = nodeId;
    this.link = new Link(platform.schedule);
  }

  connected(): void {
    this.#connectedSince = this.#platform.schedule.now;
    this.#detach = this.#platform.distributor.addAgent(this.nodeId, (message: MessageToAgent) => {
      if (message.type === "plan") this.link.carry(() => this.#plan(message.plan));
    });
    // What was not heard is said again.
    for (const { state } of this.#machines.values()) this.#report(state);
  }

  disconnected(): void {
    this.#connectedSince = undefined;
    this.#detach?.();
  }

  #plan(plan: NodePlan): void {
    // What overtook is stale.
    if (plan.cursor < this.#cursor) return;
    this.#cursor = plan.cursor;
    const named = new Set<string>();
    for (const { instanceId, desiredState, quiet, drainGraceSeconds, workload } of plan.instances) {
      named.add(instanceId);
      if (!this.#machines.has(instanceId)) {
        this.#machines.set(instanceId, { state: newInstance(instanceId, workload), timers: new Map() });
        this.#effects(instanceId, [{ do: "prepare" }]);
      }
      this.#event(instanceId, { type: "wanted", wanted: desiredState, quiet, drainGraceMs: drainGraceSeconds * 1_000 });
    }
    for (const instanceId of this.#machines.keys()) {
      if (!named.has(instanceId))
        this.#event(instanceId, { type: "wanted", wanted: "gone", quiet: true, drainGraceMs: 0 });
    }
  }

  #event(instanceId: string, event: InstanceEvent): void {
    const machine = this.#machines.get(instanceId);
    if (machine === undefined) return;
    const { schedule } = this.#platform;
    const connectedMs = this.#connectedSince === undefined ? 0 : schedule.now - this.#connectedSince;
    this.#effects(
      instanceId,
      step(machine.state, event, { now: schedule.now, chance: schedule.chance(), connectedMs }),
    );
  }

  #effects(instanceId: string, effects: readonly InstanceEffect[]): void {
    for (const effect of effects) this.#do(instanceId, effect);
  }

  #do(instanceId: string, effect: InstanceEffect): void {
    const { schedule } = this.#platform;
    const { state, timers } = this.#machines.get(instanceId)!;
    const soon = (max: number, event: InstanceEvent): void =>
      void schedule.after(schedule.between(1, max), () => this.#event(instanceId, event));
    switch (effect.do) {
      case "prepare":
        soon(80, { type: "prepared" });
        return;
      case "start":
        if (this.programs.get(instanceId)?.accepts === true) this.#platform.violate(`${instanceId} was started twice`);
        schedule.after(schedule.between(1, 50), () => {
          if (schedule.chance() < 0.02) {
            this.#event(instanceId, { type: "startFailed", reason: "start_failed", detail: "no luck" });
            return;
          }
          this.programs.set(instanceId, { accepts: true, stoppedAt: undefined });
          this.#event(instanceId, { type: "started" });
        });
        return;
      case "stop": {
        const program = this.programs.get(instanceId);
        if (program !== undefined) Object.assign(program, { accepts: false, stoppedAt: schedule.now });
        schedule.after(schedule.between(1, 60), () => {
          this.programs.delete(instanceId);
          this.#event(instanceId, { type: "exited", reason: "terminated_by_operator", code: 0 });
        });
        return;
      }
      case "watchHealth":
        soon(40, { type: "health", healthy: true, failures: 0 });
        return;
      case "timer": {
        const run = (): void => this.#event(instanceId, { type: "due", timer: effect.timer });
        timers.get(effect.timer)?.cancel();
        timers.set(effect.timer, schedule.after(effect.ms, run));
        return;
      }
      case "noTimer":
        timers.get(effect.timer)?.cancel();
        return;
      case "report":
        this.#report(state);
        return;
      case "remove":
        this.#machines.delete(instanceId);
        return;
      default:
    }
  }

  #report(state: InstanceState): void {
    const said = reportOf(state);
    const port = 10_000 + Number(state.instanceId.slice(-4));
    const address = said.status === "ready" ? { address: { host: "127.0.0.1", ports: { "8080": port } } } : {};
    this.link.carry(() => {
      // One that was overtaken by a later one: a session numbers what it says.
      if (JSON.stringify(reportOf(state)) !== JSON.stringify(said)) return;
      this.#platform.run({ type: "instance.report", nodeId: this.nodeId, ...said, ...address } as never);
    });
  }

  /** What runs that nobody knows of would run for ever. */
  get known(): ReadonlySet<string> {
    return new Set(this.#machines.keys());
  }
}

class SimulatedEdge {
  readonly link: Link;
  readonly #platform: Platform;
  readonly #id: string;
  readonly #tracker = new QuietTracker();
  #table = new RoutingTable({ configVersion: 1, cursor: 0 as EventId, routes: [] });
  #told = 0;
  #gone: ((stopped: boolean) => void) | undefined;

  constructor(platform: Platform, id: string) {
    this.#platform = platform;
    this.#id = id;
    this.link = new Link(platform.schedule);
    this.#nextRequest();
  }

  connected(): void {
    this.#gone = this.#platform.distributor.addEdge(this.#id, (message: MessageToEdge) => {
      if (message.type === "plan") this.link.carry(() => this.#apply(message.config));
    });
  }

  disconnected(): void {
    this.#gone?.(false);
  }

  #apply(config: EdgeConfig): void {
    if (config.cursor < this.#told) return;
    this.#told = config.cursor;
    const before = keysOf(this.#table);
    this.#table = new RoutingTable(config);
    const after = new Set(keysOf(this.#table));
    this.#tracker.applied(
      config.cursor,
      before.filter((key) => !after.has(key)),
      this.#platform.schedule.now,
    );
    this.#sayQuiet();
  }

  #sayQuiet(): void {
    const { schedule, distributor } = this.#platform;
    const through = this.#tracker.quietThrough(schedule.now);
    this.link.carry(() => distributor.edgeQuiet(this.#id, through));
    const dueAt = this.#tracker.dueAt();
    if (dueAt !== undefined) schedule.after(dueAt - schedule.now + 1, () => this.#sayQuiet());
  }

  #nextRequest(): void {
    const { schedule } = this.#platform;
    schedule.after(schedule.between(2, 12), () => {
      this.#request();
      this.#nextRequest();
    });
  }

  #request(): void {
    const { schedule } = this.#platform;
    const route = this.#table.http("shop.example", "/")?.route;
    const backend = schedule.pick(route?.backends ?? []);
    if (backend === undefined) {
      if (route !== undefined) this.#platform.unavailable++;
      return;
    }
    const { instanceId } = backend;
    const program = this.#platform.programOf(instanceId);
    if (program?.accepts !== true) {
      this.#platform.violate(`${this.#id} sent a request to ${instanceId}, which has ended`);
      return;
    }
    const over = this.#tracker.begin(backendKey(backend));
    const begun = schedule.now;
    const ms = schedule.chance() < 0.05 ? schedule.between(500, 4_000) : schedule.between(1, 150);
    schedule.after(ms, () => {
      if (program.stoppedAt !== undefined && program.stoppedAt >= begun && ms < QUIET_MS_MAX)
        this.#platform.violate(`${instanceId} was asked to end while it answered ${this.#id}`);
      this.#platform.served++;
      if (over()) this.#sayQuiet();
    });
  }
}

const keysOf = (table: RoutingTable): readonly string[] =>
  table.routes.flatMap(({ route }) => route.backends.map(backendKey));

/** An app with two instances behind a host name. */
export function deployShop(platform: Platform): { readonly envId: string; readonly appId: string } {
  const { world } = platform;
  const { appId, envId } = world.addEnv();
  world.deploy(envId, world.release(appId, manifestOf({ scaling: { min: 2, max: 6 } })));
  platform.run({
    type: "route.create",
    accountId: ACCOUNT,
    envId,
    protocol: "http",
    hostname: "shop.example",
    processType: "web",
    port: 8_080,
  } as never);
  return { appId, envId };
}

export const isLive = ({ status }: InstanceRecord): boolean => status !== "stopped" && status !== "failed";
