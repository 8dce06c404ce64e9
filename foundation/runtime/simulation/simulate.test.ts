import { describe, expect, test } from "bun:test";
import { bytesOf } from "../conformance/harness.ts";
import type { Runtime } from "../ports/runtime.ts";
import { sleep } from "../ports/timers.ts";
import { drawPlan, SURVIVABLE_SWIZZLES } from "./fault-plan.ts";
import { findFailingSeed, runSeeds, SeedFailure } from "./run-seeds.ts";
import { runTwice, type SimulationOptions, simulate } from "./simulate.ts";

/** A program that uses everything: it gossips, writes, sleeps and draws. */
async function busy(runtime: Runtime, { machine }: { machine: string }): Promise<void> {
  const file = await runtime.disk.open("/log", "create");
  const endpoint = await runtime.network.openEndpoint({ host: machine, port: 1 }, (from, bytes) => {
    runtime.hooks.probe("gossip heard");
    if (runtime.random.float() < 0.5) endpoint.send(from, bytes);
  });
  for (;;) {
    if (runtime.hooks.buggify("lazy", 0.5)) await sleep(runtime.timers, 50);
    await sleep(runtime.timers, runtime.random.float() * 20);
    for (const host of ["a", "b", "c"]) endpoint.send({ host, port: 1 }, bytesOf("hi"));
    await file.append(new Uint8Array(1000)).catch(() => runtime.hooks.probe("write failed"));
    await file.sync().catch(() => runtime.hooks.probe("sync failed"));
  }
}

function cluster(seed: number): SimulationOptions {
  return {
    seed,
    machines: { a: busy, b: busy, c: { program: busy, onFailure: () => "restart" } },
    faults: drawPlan(),
    scenario: async (world) => {
      await world.sleep(5000);
      world.calm();
      await world.sleep(1000);
    },
  };
}

/** A simulation of one machine. */
function alone(program: (runtime: Runtime) => Promise<void>, more: Partial<SimulationOptions> = {}): SimulationOptions {
  return { seed: 1, machines: { a: program }, scenario: (world) => world.sleep(1000), ...more };
}

describe("determinism", () => {
  test("the same seed gives the same trace, another seed another one", () => {
    const hashes = [1, 1, 2].map((seed) => simulate(cluster(seed)).traceHash);
    expect(hashes[0]).toBe(hashes[1]!);
    expect(hashes[0]).not.toBe(hashes[2]!);
    const twice = runTwice(() => cluster(1));
    expect(twice.failure).toBeUndefined();
    expect(twice.traceHash).toBe(hashes[0]!);
  });

  test("state kept between runs is caught, with the place where the runs part", () => {
    let kept = 0;
    const program = async (runtime: Runtime): Promise<void> => {
      await sleep(runtime.timers, 10 + kept++);
    };
    const { failure } = runTwice(() => alone(program));
    expect(failure?.kind).toBe("divergence");
    expect(failure?.message).toContain("10.000 ms  a timer");
    expect(failure?.message).toContain("11.000 ms  a timer");
  });

  test("a difference in time alone is caught", () => {
    let kept = 0;
    const scenario: SimulationOptions["scenario"] = (world) => world.sleep(10 + kept++);
    expect(runTwice(() => alone(async () => {}, { scenario })).failure?.kind).toBe("divergence");
  });

  test("a run that ends earlier or later than the first is caught", () => {
    for (const grows of [true, false]) {
      let runs = grows ? 0 : 10;
      const scenario: SimulationOptions["scenario"] = async (world) => {
        runs += grows ? 1 : -1;
        for (let draw = 0; draw < runs; draw++) world.random.uint32();
      };
      expect(runTwice(() => alone(async () => {}, { scenario })).failure?.kind).toBe("divergence");
    }
  });

  test("one more draw in one place does not shift another", () => {
    const drawsOf = (extra: number): number[] => {
      const draws: number[] = [];
      simulate(
        alone(async ({ random }) => {
          for (let count = 0; count < extra; count++) random.uint32();
          const child = random.fork("child");
          draws.push(child.uint32(), child.uint32());
        }),
      );
      return draws;
    };
    expect(drawsOf(0)).toEqual(drawsOf(5));
  });

  test("the outside world is out of reach, and the message says what to use", () => {
    const messages = [
      () => Date.now(),
      () => new Date(),
      () => Math.random(),
      () => performance.now(),
      () => crypto.randomUUID(),
      () => crypto.getRandomValues(new Uint8Array(1)),
      () => setTimeout(() => {}, 0),
    ].map((act) => simulate(alone(async () => void act())).failure?.message);
    expect(
      messages.map((message) =>
        message
          ?.match(/: (.*) was called .* Use ([^ ,]*)/)
          ?.slice(1)
          .join(" → "),
      ),
    ).toEqual([
      "Date.now → runtime.clock.now()",
      "new Date → new",
      "Math.random → runtime.random.float()",
      "performance.now → runtime.clock.monotonicMs()",
      "crypto.randomUUID → randomUuid(runtime.random)",
      "crypto.getRandomValues → runtime.random.bytes()",
      "setTimeout → runtime.timers.after()",
    ]);
    const harmless = alone(async () => expect(new Date(0).toISOString()).toBe("1970-01-01T00:00:00.000Z"));
    expect(simulate(harmless).failure).toBeUndefined();
    expect(Date.now()).toBeGreaterThan(0);
    expect(new Date().getUTCFullYear()).toBeGreaterThan(2020);
    expect(crypto.randomUUID()).toHaveLength(36);
  });
});

test("after calm, buggify is quiet and every machine is up and reachable", () => {
  const fired = { before: 0, after: 0 };
  let calm = false;
  const program = async (runtime: Runtime): Promise<void> => {
    for (;;) {
      if (runtime.hooks.buggify("site", 0.5)) fired[calm ? "after" : "before"]++;
      await sleep(runtime.timers, 10);
    }
  };
  for (let seed = 1; seed <= 20; seed++) {
    calm = false;
    const { failure } = simulate({
      seed,
      machines: { a: program, b: program },
      faults: drawPlan(),
      scenario: async (world) => {
        await world.sleep(3000);
        world.calm();
        calm = true;
        await world.sleep(3000);
        for (const machine of world.machines) expect(machine.alive && !machine.paused).toBe(true);
        let heard = false;
        const from = { host: "a", port: 9 };
        const to = { host: "b", port: 9 };
        await world.machine("b").runtime.network.openEndpoint(to, () => {
          heard = true;
        });
        (await world.machine("a").runtime.network.openEndpoint(from, () => {})).send(to, bytesOf("x"));
        await world.until("b is reachable", () => heard);
      },
    });
    expect(failure).toBeUndefined();
  }
  expect(fired.before).toBeGreaterThan(0);
  expect(fired.after).toBe(0);
});

describe("ends", () => {
  test("a deadlock is reported with what waits for what", () => {
    const { failure } = simulate({
      seed: 1,
      machines: {
        a: async ({ network }) => {
          await network.listen({ host: "a", port: 1 }, (stream) => void stream.read());
        },
        b: async (runtime) => {
          const stream = await runtime.network.connect({ host: "a", port: 1 });
          await stream.read();
        },
        c: { program: async () => {}, startsOff: true },
      },
      scenario: (world) => world.until("somebody speaks first", () => false),
    });
    expect(failure?.kind).toBe("deadlock");
    expect(failure?.message.split("\n").slice(1)).toEqual([
      "  scenario: waits until somebody speaks first",
      "  a: read a:1 <> b:49152",
      "  b/main: waits for network.read a:1",
      "  b: read b:49152 <> a:1",
      "  c: off",
      "  0 events are scheduled",
    ]);
  });

  test("limits of time and of steps end a run that does not end itself", () => {
    const endless = async (runtime: Runtime): Promise<void> => {
      for (;;) await sleep(runtime.timers, 1);
    };
    const scenario: SimulationOptions["scenario"] = (world) => world.until("never", () => false);
    expect(simulate(alone(endless, { scenario, virtualMsMax: 50 })).failure?.kind).toBe("time-limit");
    const bySteps = simulate(alone(endless, { scenario, stepsMax: 100 }));
    expect(bySteps.failure?.kind).toBe("step-limit");
    expect(bySteps.steps).toBe(100);
  });

  test("a scenario's failure carries the error as its cause", () => {
    const cause = new Error("wrong");
    const { failure } = simulate(alone(async () => {}, { scenario: () => Promise.reject(cause) }));
    expect(failure?.kind).toBe("error");
    expect(failure?.cause).toBe(cause);
  });
});

describe("seeds", () => {
  const unlucky = (seed: number): SimulationOptions =>
    alone(
      async ({ random }) => {
        if (random.float() < 0.05) throw new Error("one in twenty");
      },
      { seed },
    );

  test("the first failing seed is reported with the command that repeats it", () => {
    const found = findFailingSeed(200, unlucky);
    expect(found).toBeDefined();
    let failure: unknown;
    try {
      runSeeds({ count: 200, command: "scripts/bun test some.test.ts" }, unlucky);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(SeedFailure);
    expect(String(failure)).toContain(`seed ${found?.seed}: a/main failed at 0.000 ms: one in twenty`);
    expect(String(failure)).toContain(`BIPLANE_SEED=${found?.seed} scripts/bun test some.test.ts`);
  });

  test("drawn plans exercise every survivable swizzle, buggify sites and probes", () => {
    const seen = new Set<string>();
    const report = runSeeds({ count: 60, command: "scripts/bun test foundation/runtime" }, (seed) => {
      const options = cluster(seed);
      return {
        ...options,
        scenario: async (world) => {
          for (const swizzle of world.plan.swizzles) seen.add(swizzle);
          await options.scenario(world);
        },
      };
    });
    expect([...seen].sort()).toEqual([...SURVIVABLE_SWIZZLES].sort());
    for (const fault of [
      "network.drop",
      "network.duplicate",
      "network.reorder",
      "network.block",
      "network.clog",
      "disk.full",
      "disk.power-loss",
      "machine.power",
      "machine.process",
      "machine.pause",
    ]) {
      expect([fault, report.faults.get(fault) ?? 0]).not.toEqual([fault, 0]);
    }
    expect(report.probes.get("gossip heard")).toBeGreaterThan(0);
    expect(report.probes.get("write failed")).toBeGreaterThan(0);
    expect(report.buggified.get("lazy")).toBeGreaterThan(0);
  });
});
