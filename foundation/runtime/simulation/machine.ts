/**
 * A simulated machine: a disk and a place in the network that outlive its crashes, and one life of its program at a time.
 */

import type { Runtime } from "../ports/runtime.ts";
import type { DiskDevice } from "./disk/disk-device.ts";
import { SimulatedDisk } from "./disk/simulated-disk.ts";
import type { FaultCounts } from "./fault-counts.ts";
import type { RunHooks } from "./hooks.ts";
import { type ClockError, MachineClock, MachineTimers } from "./machine-time.ts";
import type { Host, NetworkFabric } from "./network/fabric.ts";
import { SimulatedNetwork } from "./network/simulated-network.ts";
import type { EventOwner, Scheduler, SimulatedEvent, SimulatedTask } from "./scheduler.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { LabelId, Trace } from "./trace.ts";

/** What a machine runs: called at every start, with a fresh runtime. It may return while its callbacks go on. */
export type Program = (runtime: Runtime, life: LifeInfo) => Promise<void>;

/** What a program is told about itself. */
export interface LifeInfo {
  /** The machine's name, which is its host in network addresses. */
  readonly machine: string;
  /** 1 for the first start, then one more for each. */
  readonly incarnation: number;
}

/**
 * How a machine dies: `power` loses everything that was not synced, and the system's connections fall silent; `process` is `kill -9`, which
 * the system survives: it keeps what was written and resets the connections.
 */
export type CrashKind = "power" | "process";

/** What all machines of a world share. */
export interface MachineWorld {
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly hooks: RunHooks;
  readonly counts: FaultCounts;
  readonly fabric: NetworkFabric;
  onTaskFailure(error: unknown, owner: EventOwner, task: SimulatedTask): void;
}

/** One life: the owner of its events. */
class Life implements EventOwner {
  readonly name: string;
  alive = true;
  paused = false;
  readonly deferred: SimulatedEvent[] = [];
  readonly tasks = new Set<SimulatedTask>();

  constructor(name: string) {
    this.name = name;
  }
}

/** A machine. Scenarios reach it as `world.machine(name)`. */
export class Machine {
  readonly name: string;
  readonly disk: DiskDevice;
  /** How wrong its clock is; `skewMs` may be changed. */
  readonly clockError: ClockError;
  private readonly world: MachineWorld;
  private readonly program: Program;
  private readonly random: SeededRandom;
  private readonly host: Host;
  private readonly timerLabel: LabelId;
  private readonly spawnLabel: LabelId;
  private readonly tieSalt: number;
  private life: Life | undefined;
  private lives = 0;
  private currentRuntime: Runtime | undefined;

  constructor(
    name: string,
    program: Program,
    world: MachineWorld,
    disk: DiskDevice,
    clockError: ClockError,
    random: SeededRandom,
  ) {
    this.name = name;
    this.program = program;
    this.world = world;
    this.disk = disk;
    this.clockError = clockError;
    this.random = random;
    this.host = world.fabric.addHost(name);
    this.timerLabel = world.trace.label(`${name} timer`);
    this.spawnLabel = world.trace.label(`${name} spawn`);
    this.tieSalt = random.fork("ties").uint32();
  }

  get alive(): boolean {
    return this.life !== undefined;
  }

  get paused(): boolean {
    return this.life?.paused === true;
  }

  /** How often the machine was started. */
  get incarnation(): number {
    return this.lives;
  }

  /** The runtime of the current life, for scenarios that play the operator on the machine. @throws when it is off. */
  get runtime(): Runtime {
    if (this.currentRuntime === undefined) throw new Error(`machine ${this.name} is off; start it first`);
    return this.currentRuntime;
  }

  /** Starts the program. Nothing happens when it is running. */
  start(): void {
    if (this.life !== undefined) return;
    this.lives++;
    const life = new Life(this.name);
    this.life = life;
    this.host.powered = true;
    const runtime = this.createRuntime(life);
    this.currentRuntime = runtime;
    const info: LifeInfo = { machine: this.name, incarnation: this.lives };
    runtime.spawn("main", () => this.program(runtime, info));
  }

  /** Kills the program, without a chance to clean up. Nothing happens when the machine is off. */
  kill(kind: CrashKind = "power"): void {
    const { life } = this;
    if (life === undefined) return;
    this.world.counts.add(`machine.${kind}`);
    life.alive = false;
    life.deferred.length = 0;
    this.life = undefined;
    this.currentRuntime = undefined;
    this.host.ports.clear();
    for (const stream of [...this.host.streams]) {
      if (kind === "process") stream.sendReset();
    }
    this.host.streams.clear();
    this.host.powered = kind === "process";
    this.disk.crash(kind === "power", this.wallMs());
  }

  /** Kills and starts again at once. */
  restart(kind: CrashKind = "power"): void {
    this.kill(kind);
    this.start();
  }

  /** Stops the program in its tracks, as SIGSTOP, a long collection or a frozen virtual machine do. Its clocks go on. */
  pause(): void {
    if (this.life === undefined || this.life.paused) return;
    this.life.paused = true;
    this.world.counts.add("machine.pause");
  }

  /** Lets a paused program go on; what fell due meanwhile happens now. */
  resume(): void {
    if (!this.life?.paused) return;
    this.life.paused = false;
    this.world.scheduler.releaseDeferred(this.life);
  }

  /** What the machine's unfinished tasks and streams wait for, a line each. */
  *waits(): Iterable<string> {
    if (this.life === undefined) {
      yield `${this.name}: off`;
      return;
    }
    if (this.life.paused) yield `${this.name}: paused, ${this.life.deferred.length} events deferred`;
    for (const task of this.life.tasks) {
      const waitsFor =
        task.waitsFor === undefined ? "something outside the runtime" : this.world.trace.textOf(task.waitsFor);
      yield `${task.name}: waits for ${waitsFor}${task.waitsFor === undefined ? "" : ` ${task.waitsOn}`}`;
    }
    for (const stream of this.host.streams) {
      if (stream.waitsFor !== undefined) yield `${this.name}: ${stream.waitsFor}`;
    }
  }

  private wallMs(): number {
    return new MachineClock(this.world.scheduler, this.clockError).now();
  }

  private createRuntime(life: Life): Runtime {
    const { scheduler, trace, hooks, fabric } = this.world;
    const clock = new MachineClock(scheduler, this.clockError);
    const timers = new MachineTimers(scheduler, clock, life, this.timerLabel, this.tieSalt);
    return Object.freeze<Runtime>({
      clock,
      timers,
      random: this.random.fork(`life-${this.lives}`),
      disk: new SimulatedDisk(this.disk, clock, scheduler, life, trace),
      network: new SimulatedNetwork(fabric, this.host, life, timers),
      hooks,
      spawn: (name, run) => this.spawn(life, name, run),
    });
  }

  private spawn(life: Life, name: string, run: () => Promise<void>): void {
    const { scheduler } = this.world;
    const task: SimulatedTask = { name: `${this.name}/${name}`, waitsFor: undefined, waitsOn: "" };
    life.tasks.add(task);
    const before = scheduler.currentTask;
    scheduler.currentTask = task;
    scheduler.schedule(scheduler.nowUs, this.spawnLabel, life, () => {
      run().then(
        () => life.tasks.delete(task),
        (error: unknown) => {
          life.tasks.delete(task);
          this.world.onTaskFailure(error, life, task);
        },
      );
    });
    scheduler.currentTask = before;
  }
}
