/**
 * Strikes: what goes wrong now and then while a run goes on, and is put right again.
 */

import type { FaultPlan, StrikeSwizzle } from "./fault-plan.ts";
import { STRIKE_SWIZZLES } from "./fault-plan.ts";
import type { Machine } from "./machine.ts";
import type { NetworkFabric } from "./network/fabric.ts";
import type { Scheduler } from "./scheduler.ts";
import { between, chance, exponential, pick, type SeededRandom } from "./seeded-random.ts";
import type { LabelId, Trace } from "./trace.ts";

/** Ends a strike. */
type Undo = () => void;

/** The adversary of a run. */
export class Nemesis {
  private readonly plan: FaultPlan;
  private readonly machines: readonly Machine[];
  private readonly fabric: NetworkFabric;
  private readonly scheduler: Scheduler;
  private readonly random: SeededRandom;
  private readonly label: LabelId;
  private readonly strikes: readonly StrikeSwizzle[];
  /** Machines that are off, paused or cut off because of a strike. */
  private readonly struck = new Set<Machine>();
  private readonly undos = new Set<Undo>();
  private active = false;

  /** @param machines those that may be struck. */
  constructor(
    plan: FaultPlan,
    machines: readonly Machine[],
    fabric: NetworkFabric,
    scheduler: Scheduler,
    trace: Trace,
    random: SeededRandom,
  ) {
    this.plan = plan;
    this.machines = machines;
    this.fabric = fabric;
    this.scheduler = scheduler;
    this.random = random;
    this.label = trace.label("nemesis");
    this.strikes = STRIKE_SWIZZLES.filter((name) => plan.swizzles.includes(name));
  }

  start(): void {
    if (this.strikes.length === 0 || this.machines.length === 0) return;
    this.active = true;
    this.scheduleNext();
  }

  /** Ends every strike, and strikes no more. */
  stop(): void {
    this.active = false;
    for (const undo of [...this.undos]) undo();
  }

  private scheduleNext(): void {
    this.later(exponential(this.random, this.plan.strikeIntervalMs), () => {
      if (!this.active) return;
      this.strike(pick(this.random, this.strikes));
      this.scheduleNext();
    });
  }

  private strike(swizzle: StrikeSwizzle): void {
    const undo = this.begin(swizzle);
    if (undo === undefined) return;
    this.undos.add(undo);
    this.later(exponential(this.random, this.plan.strikeDurationMs), () => {
      if (this.undos.has(undo)) undo();
    });
  }

  /** Starts a strike; undefined when it needs no end or cannot be. */
  private begin(swizzle: StrikeSwizzle): Undo | undefined {
    switch (swizzle) {
      case "partitions":
        return this.isolate((machine, other) => {
          this.fabric.block(machine, other);
          this.fabric.block(other, machine);
        });
      case "one-way-partitions": {
        const outwards = chance(this.random, 0.5);
        return this.isolate((machine, other) =>
          outwards ? this.fabric.block(machine, other) : this.fabric.block(other, machine),
        );
      }
      case "clogs":
        return this.clog();
      case "power-losses":
        return this.onVictim(
          (machine) => machine.kill("power"),
          (machine) => machine.start(),
        );
      case "process-kills":
        return this.onVictim(
          (machine) => machine.kill("process"),
          (machine) => machine.start(),
        );
      case "pauses":
        return this.onVictim(
          (machine) => machine.pause(),
          (machine) => machine.resume(),
        );
      case "clock-jumps": {
        const machine = pick(this.random, this.machines);
        machine.clockError.skewMs = between(this.random, -1, 1) * Math.max(1000, this.plan.skewMsMax);
        return undefined;
      }
      case "full-disks":
        return this.onVictim(
          (machine) => machine.disk.fill(),
          (machine) => machine.disk.unfill(),
        );
    }
  }

  private clog(): undefined {
    const from = pick(this.random, this.machines);
    const to = pick(this.random, this.machines);
    if (from !== to) this.fabric.clog(from.name, to.name, exponential(this.random, this.plan.strikeDurationMs));
    return undefined;
  }

  /** Cuts one machine off from all others in the way that `cut` says. */
  private isolate(cut: (machine: string, other: string) => void): Undo | undefined {
    return this.onVictim(
      (machine) => {
        for (const other of this.fabric.hostNames()) if (other !== machine.name) cut(machine.name, other);
      },
      (machine) => {
        for (const other of this.fabric.hostNames()) {
          this.fabric.unblock(machine.name, other);
          this.fabric.unblock(other, machine.name);
        }
      },
    );
  }

  /** Strikes a machine that nothing else has struck, if as many are still allowed to be. */
  private onVictim(begin: (machine: Machine) => void, end: (machine: Machine) => void): Undo | undefined {
    const struckMax = this.plan.struckMax ?? Math.max(1, this.machines.length - 1);
    const healthy = this.machines.filter((machine) => machine.alive && !machine.paused && !this.struck.has(machine));
    if (this.struck.size >= struckMax || healthy.length === 0) return undefined;
    const machine = pick(this.random, healthy);
    this.struck.add(machine);
    begin(machine);
    const undo = (): void => {
      this.undos.delete(undo);
      this.struck.delete(machine);
      end(machine);
    };
    return undo;
  }

  private later(delayMs: number, run: () => void): void {
    this.scheduler.schedule(this.scheduler.nowUs + delayMs * 1000, this.label, undefined, run);
  }
}
