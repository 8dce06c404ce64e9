/**
 * One simulated world: machines, network, virtual time, and the operator's view of them that a scenario gets.
 */

import { drainMicrotasks } from "bun:jsc";
import { DiskDevice } from "./disk/disk-device.ts";
import { FaultCounts } from "./fault-counts.ts";
import { CALM_PLAN, type FaultPlan } from "./fault-plan.ts";
import { RunHooks } from "./hooks.ts";
import { Machine, type MachineWorld, type Program } from "./machine.ts";
import { Nemesis } from "./nemesis.ts";
import { NetworkFabric } from "./network/fabric.ts";
import { type EventOwner, type LoopEnd, Scheduler, type SimulatedTask } from "./scheduler.ts";
import { between, SeededRandom } from "./seeded-random.ts";
import { type LabelId, Trace, type TraceOptions } from "./trace.ts";

/** A disk this size is rarely full by accident, and its contents live in memory only as far as they are written. */
const DEFAULT_CAPACITY_BYTES = 1024 ** 3;
/** How long a program that asked to be restarted stays down: what a supervisor waits. */
const RESTART_DELAY_MS = 100;

/** What to do when a program throws or one of its tasks rejects: fail the run, or let the program die, or die and start again. */
export type ProgramFailureAction = "fail" | "stop" | "restart";

/** A machine of a world. */
export interface MachineOptions {
  readonly program: Program;
  readonly diskCapacityBytes?: number;
  /** Never struck by the plan's strikes; for clients and observers. */
  readonly spared?: boolean;
  /** Do not start it at the beginning. */
  readonly startsOff?: boolean;
  /** Decides on a failure of the program; without it every failure fails the run. */
  readonly onFailure?: (error: unknown) => ProgramFailureAction;
}

/** What a world is made of. */
export interface WorldOptions {
  readonly seed: number;
  readonly machines: Readonly<Record<string, Program | MachineOptions>>;
  readonly faults?: FaultPlan | ((random: SeededRandom) => FaultPlan);
  readonly trace?: TraceOptions;
}

/** Why a run ended without success. */
export type FailureKind = "error" | "deadlock" | "time-limit" | "step-limit" | "divergence";

/** A run failed. The message says when and where; `cause` is what the program threw. */
export class SimulationFailure extends Error {
  override readonly name = "SimulationFailure";
  readonly kind: FailureKind;
  readonly seed: number;

  constructor(kind: FailureKind, seed: number, text: string, cause?: unknown) {
    super(text, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.seed = seed;
  }
}

/** When `World.run` stops; without any limit, when nothing is left to happen. */
export interface RunLimits {
  /** Asked after every step. */
  readonly until?: () => boolean;
  /** From now, in virtual milliseconds. */
  readonly forMs?: number;
  /** From now. */
  readonly stepsMax?: number;
}

interface WaitingCondition {
  readonly holds: () => boolean;
  readonly description: string;
  readonly resolve: () => void;
}

/** What a scenario works with. It stands outside all machines: its own sleeping and asking is never struck by faults. */
export class World {
  readonly seed: number;
  readonly plan: FaultPlan;
  /** The scenario's own generator; machines have others. */
  readonly random: SeededRandom;
  readonly network: NetworkFabric;
  readonly hooks: RunHooks;
  readonly faults = new FaultCounts();
  readonly trace: Trace;
  readonly scheduler: Scheduler;
  failure: SimulationFailure | undefined;
  private readonly machinesByName = new Map<string, Machine>();
  private readonly failureActions = new Map<string, (error: unknown) => ProgramFailureAction>();
  private readonly nemesis: Nemesis;
  private readonly conditions: WaitingCondition[] = [];
  private readonly sleepLabel: LabelId;

  constructor(options: WorldOptions) {
    const { seed } = options;
    this.seed = seed;
    this.trace = new Trace(options.trace);
    const { trace } = this;
    const root = SeededRandom.fromSeed(seed, (path) => {
      const label = trace.label(`draw ${path}`);
      return (draw) => trace.fold(label, draw);
    });
    this.random = root.fork("scenario");
    this.plan =
      typeof options.faults === "function" ? options.faults(root.fork("plan")) : (options.faults ?? CALM_PLAN);
    // The scheduler's own draws show in the trace as the order of the events.
    const ties = SeededRandom.fromSeed(seed).fork("ties");
    this.scheduler = new Scheduler(trace, ties, (error, owner, task) => this.onFailure(error, owner, task));
    this.hooks = new RunHooks(root.fork("hooks"), this.plan.buggifyShare);
    this.network = new NetworkFabric(this.scheduler, trace, root.fork("network"), this.faults, this.plan.link);
    this.sleepLabel = trace.label("scenario");
    const struck: Machine[] = [];
    for (const [name, value] of Object.entries(options.machines)) {
      const machineOptions: MachineOptions = typeof value === "function" ? { program: value } : value;
      const machine = this.addMachine(name, machineOptions, root.fork(`machine ${name}`));
      if (machineOptions.spared !== true) struck.push(machine);
      if (machineOptions.startsOff !== true) machine.start();
    }
    this.nemesis = new Nemesis(this.plan, struck, this.network, this.scheduler, trace, root.fork("nemesis"));
    this.nemesis.start();
  }

  /** Virtual milliseconds since the start, by the true clock that no machine has. */
  get nowMs(): number {
    return this.scheduler.nowUs / 1000;
  }

  /** @throws when there is no machine of that name. */
  machine(name: string): Machine {
    const machine = this.machinesByName.get(name);
    if (machine === undefined) throw new Error(`no machine is called ${name}`);
    return machine;
  }

  /** All machines, in the order given. */
  get machines(): readonly Machine[] {
    return [...this.machinesByName.values()];
  }

  /** Resolves after `ms` virtual milliseconds. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.scheduler.schedule(this.scheduler.nowUs + ms * 1000, this.sleepLabel, undefined, resolve);
    });
  }

  /**
   * Resolves right after the step that makes `holds` true. `holds` is asked after every step: keep it cheap.
   * @param description completes "the scenario waits until …" in a report.
   */
  until(description: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve) => this.conditions.push({ holds, description, resolve }));
  }

  /** Ends all faults for good: strikes, conditions, `buggify`; resumes and starts every machine. Then a correct program must recover. */
  calm(): void {
    this.nemesis.stop();
    this.hooks.calm();
    this.network.heal();
    this.network.setConditions(CALM_PLAN.link);
    for (const machine of this.machines) {
      machine.disk.conditions = CALM_PLAN.disk;
      machine.disk.unfill();
      machine.resume();
      machine.start();
    }
  }

  /** Writes a line into the trace, with the machine's state or whatever helps to tell two runs apart. */
  note(text: string): void {
    this.trace.fold(this.trace.label(text), 0);
  }

  /** Fails the run; the first failure counts. */
  fail(kind: FailureKind, text: string, cause?: unknown): void {
    this.failure ??= new SimulationFailure(kind, this.seed, text, cause);
  }

  /** Steps until a limit is met, a failure (see `failure`), or nothing is left to happen. Scenarios do not call it: they are run by it. */
  run(limits: RunLimits = {}): LoopEnd {
    const { until, forMs, stepsMax } = limits;
    const end = this.scheduler.run({
      stop: () => {
        if (this.conditions.length > 0) this.checkConditions();
        return this.failure !== undefined || this.trace.divergence !== undefined || until?.() === true;
      },
      untilUs: forMs === undefined ? Number.POSITIVE_INFINITY : this.scheduler.nowUs + forMs * 1000,
      stepsMax: stepsMax === undefined ? Number.POSITIVE_INFINITY : this.scheduler.steps + stepsMax,
    });
    this.checkDivergence(false);
    return end;
  }

  /** Turns a difference from an earlier run into the failure; it outweighs whatever followed from it. */
  checkDivergence(over: boolean): void {
    if (over) this.trace.finish();
    const { divergence } = this.trace;
    if (divergence === undefined) return;
    this.failure = new SimulationFailure("divergence", this.seed, divergence.message, divergence);
  }

  /** Everything that has not ended, and what it waits for. */
  describeWaits(): string {
    const lines = this.conditions.map(({ description }) => `scenario: waits until ${description}`);
    for (const machine of this.machines) lines.push(...machine.waits());
    lines.push(`${this.scheduler.pending} events are scheduled`);
    return lines.map((line) => `  ${line}`).join("\n");
  }

  private addMachine(name: string, options: MachineOptions, random: SeededRandom): Machine {
    const { plan, faults } = this;
    const capacityBytes = options.diskCapacityBytes ?? DEFAULT_CAPACITY_BYTES;
    const disk = new DiskDevice(capacityBytes, plan.disk, random.fork("disk"), faults);
    const clockDraws = random.fork("clock");
    const clockError = {
      skewMs: between(clockDraws, -1, 1) * plan.skewMsMax,
      rate: 1 + (between(clockDraws, -1, 1) * plan.driftPpmMax) / 1e6,
    };
    const shared: MachineWorld = {
      scheduler: this.scheduler,
      trace: this.trace,
      hooks: this.hooks,
      counts: faults,
      fabric: this.network,
      onTaskFailure: (error, owner, task) => this.onFailure(error, owner, task),
    };
    const machine = new Machine(name, options.program, shared, disk, clockError, random);
    this.machinesByName.set(name, machine);
    if (options.onFailure !== undefined) this.failureActions.set(name, options.onFailure);
    return machine;
  }

  private onFailure(error: unknown, owner: EventOwner | undefined, task: SimulatedTask | undefined): void {
    // A life that has ended has nobody left to fail.
    if (owner !== undefined && !owner.alive) return;
    const action = owner === undefined ? "fail" : (this.failureActions.get(owner.name)?.(error) ?? "fail");
    if (owner === undefined || action === "fail") {
      const where = task?.name ?? owner?.name ?? "scenario";
      const text = error instanceof Error ? error.message : String(error);
      this.fail("error", `${where} failed at ${this.nowMs.toFixed(3)} ms: ${text}`, error);
      return;
    }
    const machine = this.machine(owner.name);
    this.faults.add(`program.${action}`);
    machine.kill("process");
    if (action === "restart") {
      const dueUs = this.scheduler.nowUs + RESTART_DELAY_MS * 1000;
      this.scheduler.schedule(dueUs, this.sleepLabel, undefined, () => machine.start());
    }
  }

  private checkConditions(): void {
    // One at a time: what the scenario does when one is met may change whether another is.
    for (let index = 0; index < this.conditions.length; ) {
      const condition = this.conditions[index]!;
      if (!condition.holds()) {
        index++;
        continue;
      }
      this.conditions.splice(index, 1);
      condition.resolve();
      // The scenario goes on within this step, and may wait for the next condition or be finished.
      drainMicrotasks();
      index = 0;
    }
  }
}
