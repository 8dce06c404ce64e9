import { expect, test } from "bun:test";
import { exitReason } from "./exit-reason.ts";
import { adoptStep, mayStart, phaseOf, type RunEvidence, stateOfRun } from "./instance-state.ts";

const BOOLEANS = [false, true];
/** Every combination of what can be seen. */
const ALL: readonly RunEvidence[] = [0, 1].flatMap((run) =>
  BOOLEANS.flatMap((claimed) =>
    BOOLEANS.flatMap((supervisorAlive) =>
      BOOLEANS.flatMap((programStarted) =>
        BOOLEANS.flatMap((stopAsked) =>
          BOOLEANS.map((exitWritten) => ({ run, claimed, supervisorAlive, programStarted, stopAsked, exitWritten })),
        ),
      ),
    ),
  ),
);

test("a new run may begin exactly when there was none, or the last has its exit", () => {
  for (const evidence of ALL) expect(mayStart(stateOfRun(evidence))).toBe(evidence.run === 0 || evidence.exitWritten);
});

test("adoption acts exactly when a run has no exit and nobody lives who would write it", () => {
  for (const evidence of ALL) {
    const nobody = evidence.run > 0 && !evidence.exitWritten && !(evidence.claimed && evidence.supervisorAlive);
    const step = adoptStep(stateOfRun(evidence));
    expect(step !== "keep").toBe(nobody);
    if (nobody) expect(step).toBe(evidence.claimed ? "bury" : "fence");
  }
});

test("what runs is called running, and stopping once it was asked to end", () => {
  const running = {
    run: 1,
    claimed: true,
    supervisorAlive: true,
    programStarted: true,
    stopAsked: false,
    exitWritten: false,
  };
  expect(phaseOf(stateOfRun(running))).toBe("running");
  expect(phaseOf(stateOfRun({ ...running, stopAsked: true }))).toBe("stopping");
  expect(phaseOf(stateOfRun({ ...running, programStarted: false }))).toBe("starting");
  expect(phaseOf(stateOfRun({ ...running, exitWritten: true }))).toBe("exited");
});

test("exitReason() prefers what explains more", () => {
  const end = { stopAsked: false, killedAfterGrace: false, execFailed: false };
  expect(exitReason({ ...end, code: 0 })).toBe("completed");
  expect(exitReason({ ...end, code: 1 })).toBe("crash");
  expect(exitReason({ ...end, signal: "SIGKILL" })).toBe("crash");
  expect(exitReason({ ...end, code: 0, stopAsked: true })).toBe("terminated_by_operator");
  expect(exitReason({ ...end, signal: "SIGKILL", stopAsked: true, killedAfterGrace: true })).toBe("killed_after_grace");
  expect(exitReason({ ...end, signal: "SIGKILL", stopAsked: true, broken: "memory" })).toBe("oom_killed");
  expect(exitReason({ ...end, signal: "SIGKILL", broken: "processes" })).toBe("process_limit");
  expect(exitReason({ ...end, code: 127, execFailed: true, stopAsked: true })).toBe("start_failed");
});
