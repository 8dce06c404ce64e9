import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { WorkloadSpec } from "#contracts";
import {
  type InstanceEffect,
  type InstanceEvent,
  type InstanceState,
  newInstance,
  reportOf,
  STOP_GRACE_MS,
  step,
} from "./instance-machine.ts";

const restart = { policy: "always", max_retries: 3, backoff_seconds: 2 } as const;
const workload = (more: object = {}): WorkloadSpec => ({ restart, mounts: [], ...more }) as unknown as WorkloadSpec;
const wanted = (what: "running" | "draining" | "stopped" | "gone", quiet = false): InstanceEvent => ({
  type: "wanted",
  wanted: what,
  quiet,
  drainGraceMs: 10_000,
});
const prepared: InstanceEvent = { type: "prepared" };
const started: InstanceEvent = { type: "started" };
const ready: InstanceEvent = { type: "health", healthy: true, failures: 0 };
const crashed = (code = 1): InstanceEvent => ({ type: "exited", reason: "crash", code });

/** Advances, and gives what is to be done. */
class Machine {
  readonly state: InstanceState;
  now = 0;
  connectedMs = 1_000_000;

  constructor(spec = workload()) {
    this.state = newInstance("ins_1", spec);
  }

  step(...events: readonly InstanceEvent[]): readonly string[] {
    let effects: readonly InstanceEffect[] = [];
    for (const event of events)
      effects = step(this.state, event, { now: this.now, chance: 0, connectedMs: this.connectedMs });
    return effects.map((effect) =>
      effect.do === "timer" ? `timer ${effect.timer} ${effect.ms}` : effect.do === "say" ? "say" : effect.do,
    );
  }

  get status(): string {
    return reportOf(this.state).status;
  }
}

test("from nothing to ready", () => {
  const machine = new Machine();
  expect(machine.status).toBe("preparing");
  expect(machine.step(prepared)).toEqual(["start", "report"]);
  expect(machine.status).toBe("starting");
  expect(machine.step(started)).toEqual(["watchHealth"]);
  expect(machine.step(ready)).toEqual(["say", "report"]);
  expect(machine.status).toBe("ready");
});

describe("what ends by itself", () => {
  test("is started again, later and later, and given up in the end", () => {
    const machine = new Machine();
    machine.step(prepared, started, ready);
    const waits: string[] = [];
    for (let times = 0; times < 5; times++) {
      waits.push(machine.step(crashed()).find((effect) => effect.startsWith("timer"))!);
      machine.step({ type: "due", timer: "backoff" }, started);
    }
    expect(waits).toEqual([2, 4, 8, 16, 30].map((seconds) => `timer backoff ${seconds * 1_000}`));
    machine.step(crashed());
    expect(reportOf(machine.state)).toMatchObject({ status: "failed", reason: "crash_loop_backoff", restarts: 5 });
    expect(reportOf(machine.state).detail).toContain("exit code 1");
  });

  test("may fail again after five quiet minutes", () => {
    const machine = new Machine();
    machine.step(prepared, started, ready);
    for (let times = 0; times < 20; times++) {
      machine.step(crashed(), { type: "due", timer: "backoff" }, started);
      machine.now += 300_001;
    }
    expect(machine.state.final).toBeUndefined();
    expect(machine.state.restarts).toBe(20);
  });

  test.each([
    ["never", 0, "stopped"],
    ["never", 3, "failed"],
    ["on-failure", 0, "stopped"],
  ] as const)("with the policy %s and the code %d is %s", (policy, code, final) => {
    const machine = new Machine(workload({ restart: { ...restart, policy } }));
    machine.step(prepared, started, ready);
    machine.step({ type: "exited", reason: code === 0 ? "completed" : "crash", code });
    expect(machine.state.final).toBe(final);
  });

  test("with on-failure is started again so many times as the manifest says", () => {
    const machine = new Machine(workload({ restart: { ...restart, policy: "on-failure", max_retries: 2 } }));
    machine.step(prepared, started, ready);
    for (let times = 0; times < 2; times++) machine.step(crashed(), { type: "due", timer: "backoff" }, started);
    expect(machine.state.final).toBeUndefined();
    machine.step(crashed());
    expect(machine.state.final).toBe("failed");
  });

  test("for memory says so", () => {
    const machine = new Machine();
    machine.step(prepared, started, ready, { type: "exited", reason: "oom_killed" });
    expect(reportOf(machine.state)).toMatchObject({ status: "unready", reason: "oom_killed" });
  });
});

test("what cannot be prepared, and a program that is not there, have failed at once", () => {
  const unprepared = new Machine();
  unprepared.step({ type: "prepareFailed", reason: "image_pull_failed", detail: "no such blob" });
  expect(reportOf(unprepared.state)).toMatchObject({ status: "failed", reason: "image_pull_failed" });
  const missing = new Machine();
  missing.step(prepared, { type: "startFailed", reason: "start_failed", detail: "ENOENT" });
  expect(missing.status).toBe("failed");
  const once = new Machine();
  once.step(prepared, started, ready, crashed(), { type: "due", timer: "backoff" });
  once.step({ type: "startFailed", reason: "start_failed", detail: "EAGAIN" });
  expect(once.state.phase).toBe("waiting");
});

describe("health", () => {
  const check = { failure_threshold: 2 };

  test("makes it unready, and after long enough a new start", () => {
    const machine = new Machine(workload({ health: check }));
    machine.step(prepared, started, ready);
    machine.step({ type: "health", healthy: false, failures: 2 });
    expect(reportOf(machine.state)).toMatchObject({ status: "unready", reason: "healthcheck_failed" });
    expect(machine.step({ type: "health", healthy: false, failures: 4 })).toContain("stop");
    machine.step({ type: "exited", reason: "terminated_by_operator", code: 0 });
    expect(machine.state).toMatchObject({ phase: "waiting", restarts: 1 });
  });

  test("of a program without a check of its own never ends it", () => {
    const machine = new Machine();
    machine.step(prepared, started, ready);
    expect(machine.step({ type: "health", healthy: false, failures: 1_000 })).not.toContain("stop");
  });
});

describe("draining", () => {
  test("waits until no edge sends anything, then asks the program to end", () => {
    const machine = new Machine();
    machine.step(prepared, started, ready);
    expect(machine.step(wanted("draining"))).toEqual(["timer drain 10000", "report"]);
    expect(machine.status).toBe("draining");
    expect(machine.step(wanted("draining", true))).toEqual(["noTimer", "unwatchHealth", "stop"]);
    machine.step({ type: "exited", reason: "terminated_by_operator", code: 0 });
    expect(reportOf(machine.state)).toMatchObject({ status: "stopped", reason: "terminated_by_operator" });
  });

  test("waits no longer than the grace, but for the control plane, which tells edges", () => {
    const machine = new Machine();
    machine.step(prepared, started, ready, wanted("draining"));
    machine.connectedMs = 0;
    expect(machine.step({ type: "due", timer: "drain" })).toEqual(["timer drain 10000"]);
    machine.connectedMs = 4_000;
    expect(machine.step({ type: "due", timer: "drain" })).toEqual(["timer drain 6000"]);
    machine.connectedMs = 10_000;
    expect(machine.step({ type: "due", timer: "drain" })).toContain("stop");
  });

  test("of what was never ready is at once", () => {
    const machine = new Machine();
    machine.step(prepared, started);
    expect(machine.step(wanted("draining"))).toContain("stop");
    const early = new Machine();
    early.step(wanted("draining"));
    expect(early.status).toBe("stopped");
  });

  test("is not taken back by an older plan", () => {
    const machine = new Machine();
    machine.step(prepared, started, ready, wanted("stopped"));
    expect(machine.step(wanted("running"))).toEqual([]);
    expect(machine.state.wanted).toBe("stopped");
  });
});

test("what is gone from the plan is removed once it has stopped", () => {
  const machine = new Machine();
  machine.step(prepared, started, ready);
  expect(machine.step(wanted("gone"))).toContain("stop");
  expect(machine.step({ type: "exited", reason: "killed_after_grace" })).toContain("remove");
  expect(STOP_GRACE_MS).toBe(10_000);
});

const anyEvent: fc.Arbitrary<InstanceEvent> = fc.oneof(
  fc.constantFrom(prepared, started, ready, crashed(), crashed(0)),
  fc.record({
    type: fc.constant("wanted" as const),
    wanted: fc.constantFrom("running" as const, "draining" as const, "stopped" as const, "gone" as const),
    quiet: fc.boolean(),
    drainGraceMs: fc.constant(10_000),
  }),
  fc.record({ type: fc.constant("due" as const), timer: fc.constantFrom("backoff" as const, "drain" as const) }),
  fc.record({
    type: fc.constant("startFailed" as const),
    reason: fc.constant("start_failed" as const),
    detail: fc.constant("no"),
  }),
  fc.record({ type: fc.constant("health" as const), healthy: fc.boolean(), failures: fc.nat(10) }),
);

test("whatever happens: one program at most, final states are final, and what is gone goes", () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 60 }), (events) => {
      const machine = new Machine(workload({ health: { failure_threshold: 2 } }));
      let running = false;
      let removed = false;
      let final: string | undefined;
      const happen = (event: InstanceEvent): void => {
        // Only what can happen: a program that does not run does not end, one that was not begun does not start.
        if (event.type === "exited" && !running) return;
        if ((event.type === "started" || event.type === "startFailed") && machine.state.phase !== "starting") return;
        if (event.type === "started") running = true;
        if (event.type === "exited") running = false;
        for (const effect of machine.step(event)) {
          if (effect === "start") expect(running).toBe(false);
          if (effect === "remove") {
            expect(running).toBe(false);
            removed = true;
          }
        }
        if (final !== undefined) expect(machine.status).toBe(final);
        if (machine.state.final !== undefined) final = machine.state.final;
        machine.now += 1_000;
      };
      for (const event of events) happen(event);
      // Told to go, it goes: what was begun comes to an end first.
      happen(wanted("gone"));
      happen(started);
      if (running) happen({ type: "exited", reason: "terminated_by_operator", code: 0 });
      else happen({ type: "startFailed", reason: "start_failed", detail: "no" });
      happen(wanted("gone"));
      expect(removed).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
