/**
 * Mistakes that a director could have, each with the scene that must find it.
 */
import type { Mutation } from "#foundation/mutants";
import type { SceneName } from "./scenes.ts";

export interface DirectorMutation extends Mutation {
  readonly by: SceneName;
}

export const MUTATIONS: readonly DirectorMutation[] = [
  {
    name: "does not lock one of the old logs",
    file: "steps/lock-old.ts",
    find: "...old.logs.map((ref) => ({",
    replace: "...old.logs.slice(1).map((ref) => ({",
    by: "life",
  },
  {
    name: "is content with half of the old logs",
    file: "plan/choose-logs.ts",
    find: "Math.floor(total / 2) + 1",
    replace: "Math.ceil(total / 2)",
    by: "halfOfTheLogs",
  },
  {
    name: "goes only as far as pushers knew something to be committed",
    file: "plan/choose-logs.ts",
    find: "recoveryVersion: chosen[chosen.length - 1]!.lastVersion",
    replace: "recoveryVersion: known",
    by: "life",
  },
  {
    name: "takes a log of the old generation for an idle one",
    file: "steps/recruit-logs.ts",
    find: "notIdle: new Set(view.layout?.logs.map(({ id }) => id))",
    replace: "notIdle: new Set<string>()",
    by: "life",
  },
  {
    name: "begins the new logs where the first storage server is, not the last",
    file: "plan/judge-teams.ts",
    find: "versions.reduce((a, b) => (b < a ? b : a))",
    replace: "versions.reduce((a, b) => (b > a ? b : a))",
    by: "life",
  },
  {
    name: "copies nothing",
    file: "steps/lock-old.ts",
    find: "replayFrom: keepsForDown ? chosen.oldestVersion : judged.durableVersion",
    replace: "replayFrom: chosen.recoveryVersion",
    by: "life",
  },
  {
    name: "copies what those who are there need, and nothing for those who are away",
    file: "steps/lock-old.ts",
    find: "memory.slowReplays < SLOW_REPLAYS_MAX",
    replace: "memory.slowReplays > SLOW_REPLAYS_MAX",
    by: "away",
  },
  {
    name: "lets versions follow on each other across epochs",
    file: "run-attempt.ts",
    find: "jumps * options.versionJump",
    // As far as the fakes' sequencer goes from one version to the next.
    replace: "jumps * 1000n",
    by: "life",
  },
  {
    name: "gives versions again that an epoch had which was given up",
    file: "run-attempt.ts",
    find: "jumps * options.versionJump",
    replace: "options.versionJump",
    by: "unheard",
  },
  {
    name: "unlocks storage servers where the logs begin",
    file: "steps/activate.ts",
    find: "        recoveryVersion: basis.recoveryVersion,\n        logs",
    replace: "        recoveryVersion: basis.replayFrom,\n        logs",
    by: "life",
  },
  {
    name: "commits the layout before the system transaction",
    file: "run-attempt.ts",
    find: 'await verify(attempt, layout, components);\n  begin("commit");\n  await commitLayout(attempt, task, layout);',
    replace:
      'await commitLayout(attempt, task, layout);\n  begin("commit");\n  await verify(attempt, layout, components);',
    by: "life",
  },
  {
    name: "says that the layout is final before it is committed",
    file: "run-attempt.ts",
    find: 'begin("commit");',
    replace: 'begin("commit");\n  await (await import("./watch/finalize.ts")).finalizeAll(attempt, { layout, logs });',
    by: "life",
  },
  {
    name: "never says that the layout is final",
    file: "director.ts",
    find: "finalizeAll(attempt, recovered),",
    replace: "",
    by: "durability",
  },
  {
    name: "forgets to remove workers",
    file: "steps/recruit.ts",
    find: "undo.push({",
    replace: "void ({",
    by: "stopped",
  },
  {
    name: "forgets to stop components",
    file: "steps/start-components.ts",
    find: "undo.push({",
    replace: "void ({",
    by: "stopped",
  },
  {
    name: "notes what is to be undone once it is done",
    file: "steps/recruit.ts",
    find: `  undo.push({
    name: \`createWorker \${id}\`,
    host: address,
    kind: "worker",
    run: (options) => host.removeWorker({ epoch, director, id }, options),
  });
  return host.createWorker({ epoch, director, id, kind }, call);`,
    replace: `  return host.createWorker({ epoch, director, id, kind }, call).then((ref) => {
    undo.push({ name: id, host: address, kind: "worker", run: (options) => host.removeWorker({ epoch, director, id }, options) });
    return ref;
  });`,
    by: "stopped",
  },
  {
    name: "removes workers although the layout may be committed",
    file: "director.ts",
    find: 'end?.reason === "commit_unknown"',
    replace: "end === undefined",
    by: "unheard",
  },
  {
    name: "does not mind that there is a newer epoch",
    file: "calls.ts",
    find: 'if (error.code === "newer_epoch") return superseded(error.detail);',
    replace: "",
    by: "overtaken",
  },
  {
    name: "tries an epoch again in which parts were awake",
    file: "director.ts",
    find: 'reason: active ? "failed" : "stalled"',
    replace: 'reason: active ? "stalled" : "stalled"',
    by: "lateStall",
  },
  {
    name: "removes old logs at once",
    file: "watch/janitor.ts",
    find: 'if (!caughtUp) return "again";',
    replace: "",
    by: "slowServer",
  },
  {
    name: "renews no lease before the epoch runs",
    file: "steps/start-components.ts",
    find: "watch.renewHost({ node, address });",
    replace: "",
    by: "slowUnlock",
  },
  {
    name: "asks no log whether it still runs",
    file: "run-attempt.ts",
    find: "for (const log of logs) watch.watchLog(log);",
    replace: "",
    by: "lostLog",
  },
  {
    name: "gives proxies a token that anybody knows",
    file: "steps/start-components.ts",
    find: "const token = runtime.random.bytes(16);",
    replace: "const token = new Uint8Array(16);",
    by: "foreignToken",
  },
];
