import { expect, test } from "bun:test";
import { randomBelow } from "../ports/random.ts";
import type { Runtime } from "../ports/runtime.ts";
import { sleep } from "../ports/timers.ts";
import { CALM_PLAN } from "./fault-plan.ts";
import type { LifeInfo } from "./machine.ts";
import { SIMULATION_EPOCH_MS } from "./machine-time.ts";
import { type SimulationOptions, simulate } from "./simulate.ts";
import type { MachineOptions, World } from "./world.ts";

function play(
  machines: SimulationOptions["machines"],
  scenario: (world: World) => Promise<void>,
  faults = CALM_PLAN,
): void {
  const { failure } = simulate({ seed: 3, machines, scenario, faults });
  if (failure !== undefined) throw failure.cause ?? failure;
}

test("a killed life does nothing more, and the next one starts with its own number", () => {
  const ticks: string[] = [];
  const program = async (runtime: Runtime, { machine, incarnation }: LifeInfo): Promise<void> => {
    runtime.timers.every(100, () => ticks.push(`${machine}${incarnation}`));
    for (;;) await sleep(runtime.timers, 30);
  };
  play({ a: program }, async (world) => {
    const machine = world.machine("a");
    await world.sleep(250);
    machine.kill();
    expect(machine.alive).toBe(false);
    await world.sleep(1000);
    machine.start();
    machine.start();
    await world.sleep(150);
    expect(ticks).toEqual(["a1", "a1", "a2"]);
    expect(machine.incarnation).toBe(2);
  });
});

test("a paused machine stands still while its clock goes on, and then skips what it missed", () => {
  const ticks: number[] = [];
  const afters: number[] = [];
  const program = async (runtime: Runtime): Promise<void> => {
    runtime.timers.every(100, () => ticks.push(runtime.clock.monotonicMs()));
    runtime.timers.after(350, () => afters.push(1));
    runtime.timers.after(320, () => afters.push(0));
  };
  play({ a: program }, async (world) => {
    await world.sleep(250);
    world.machine("a").pause();
    await world.sleep(1000);
    expect(ticks.length).toBe(2);
    world.machine("a").resume();
    await world.sleep(100);
    expect(ticks).toEqual([100, 200, 1250, 1300]);
    expect(afters).toEqual([0, 1]);
  });
});

test("a timer cancelled while the machine is paused does not run on resumption", () => {
  let ran = false;
  play({ a: async () => {} }, async (world) => {
    const machine = world.machine("a");
    const handle = machine.runtime.timers.after(10, () => {
      ran = true;
    });
    machine.pause();
    await world.sleep(100);
    handle.cancel();
    machine.resume();
    await world.sleep(100);
    expect(ran).toBe(false);
  });
});

test("a timer that waits to be made up for after a pause can still be cancelled", () => {
  const ran: string[] = [];
  play({ a: async () => {} }, async (world) => {
    const machine = world.machine("a");
    const { timers } = machine.runtime;
    timers.after(10, () => {
      ran.push("first");
      second.cancel();
    });
    const second = timers.after(20, () => ran.push("second"));
    machine.pause();
    await world.sleep(100);
    machine.resume();
    await world.sleep(100);
    expect(ran).toEqual(["first"]);
    expect(world.scheduler.pending).toBe(0);
  });
});

test("a timer never runs early by its own machine's clock, however that runs", () => {
  const late: number[] = [];
  const program = async (runtime: Runtime): Promise<void> => {
    for (let round = 0; round < 20_000; round++) {
      const startMs = runtime.clock.monotonicMs();
      // Whole microseconds, whose sums are often a hair above a whole number: rounding must go up.
      const delayMs = randomBelow(runtime.random, 3000) / 1000;
      await sleep(runtime.timers, delayMs);
      late.push(runtime.clock.monotonicMs() - (startMs + delayMs));
    }
  };
  for (const driftPpmMax of [0, 1000]) {
    late.length = 0;
    const scenario = (world: World) => world.until("all have run", () => late.length === 40_000);
    play({ a: program, b: program }, scenario, { ...CALM_PLAN, driftPpmMax });
    expect(late.reduce((least, ms) => Math.min(least, ms))).toBeGreaterThanOrEqual(0);
    expect(late.reduce((most, ms) => Math.max(most, ms))).toBeLessThan(0.0021);
  }
});

test("clocks are wrong as the plan says, in wall time and in pace", () => {
  const plan = { ...CALM_PLAN, skewMsMax: 60_000, driftPpmMax: 1000 };
  const machines = Object.fromEntries(["a", "b", "c"].map((name) => [name, async () => {}]));
  play(
    machines,
    async (world) => {
      await world.sleep(1_000_000);
      const walls = world.machines.map(({ runtime }) => runtime.clock.now() - SIMULATION_EPOCH_MS - 1_000_000);
      expect(new Set(walls).size).toBe(3);
      for (const wall of walls) expect(Math.abs(wall)).toBeLessThan(61_001);
      const paces = world.machines.map(({ runtime }) => runtime.clock.monotonicMs());
      expect(new Set(paces).size).toBe(3);
      for (const pace of paces) expect(Math.abs(pace - 1_000_000)).toBeLessThan(1001);
      world.machine("a").clockError.skewMs -= 3_600_000;
      expect(world.machine("a").runtime.clock.now()).toBeLessThan(SIMULATION_EPOCH_MS);
    },
    plan,
  );
});

test("a program's failure fails the run, or ends or restarts the program, as the machine's policy says", () => {
  const failing = async (runtime: Runtime): Promise<void> => {
    await sleep(runtime.timers, 10);
    throw new Error("out of luck");
  };
  const outcome = (onFailure: MachineOptions["onFailure"]): unknown => {
    let lives = 0;
    const program = (runtime: Runtime): Promise<void> => {
      lives++;
      return failing(runtime);
    };
    const scenario = async (world: World): Promise<void> => world.sleep(350);
    const { failure } = simulate({ seed: 1, machines: { a: { program, onFailure } }, scenario });
    return failure?.message ?? lives;
  };
  expect(outcome(undefined)).toBe("a/main failed at 10.000 ms: out of luck");
  expect(outcome(() => "stop")).toBe(1);
  expect(outcome(() => "restart")).toBe(4);
});

test("a callback that throws fails the run like a task", () => {
  const program = async (runtime: Runtime): Promise<void> => {
    runtime.timers.after(5, () => {
      throw new Error("from a timer");
    });
  };
  const { failure } = simulate({ seed: 1, machines: { a: program }, scenario: (world) => world.sleep(100) });
  expect(failure?.message).toBe("a/main failed at 5.000 ms: from a timer");
});
