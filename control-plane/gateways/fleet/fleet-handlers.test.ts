import { describe, expect, test } from "bun:test";
import { ALL_AT_ONCE, type ArtifactRefusal, REACH_ALL, type RolloutStrategy } from "#contracts";
import {
  authenticateGateway,
  currentDeployment,
  desiredOf,
  FLEET_LIMITS,
  gatewayKeyHash,
  gatewayKeyProblem,
  reachOf,
  rolloutHash,
} from "./index.ts";
import { digest, FleetWorld, ORG, OTHER } from "./testing/fleet-world.ts";

const file = (path: string, text = path) => ({ path, digest: digest(text), sizeBytes: 10 });

describe("specs", () => {
  test("the same files in another order make no revision; other files, or another choice of descriptions, do", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const [a, b] = [file("a.yaml"), file("b.yaml")];
    const made = world.done({
      type: "gatewaySpec.create",
      accountId: ORG,
      projectId,
      name: "shop",
      files: [b, a],
      descriptions: ["b.yaml", "a.yaml"],
    });
    const revise = { type: "gatewaySpec.revise", accountId: ORG, specId: made.specId } as const;
    const same = world.done({ ...revise, files: [a, b], descriptions: ["a.yaml", "b.yaml"] });
    expect(same.revisionId).toBe(made.revisionId);
    const fewer = world.done({ ...revise, files: [a, b], descriptions: ["a.yaml"] });
    expect(fewer.revisionId).not.toBe(made.revisionId);
    const other = world.done({ ...revise, files: [a, file("b.yaml", "other")], descriptions: ["a.yaml"] });
    expect(world.views.record("gatewaySpecRevision", other.revisionId)).toMatchObject({ number: 3 });
    expect(world.views.record("gatewaySpec", made.specId)!.latest).toEqual({ revisionId: other.revisionId, number: 3 });
    // Back to what was before the latest: that is a revision, too.
    const back = world.done({ ...revise, files: [a, b], descriptions: ["a.yaml"] });
    expect(world.views.record("gatewaySpec", made.specId)!.latest.number).toBe(4);
    expect(back.revisionId).not.toBe(fewer.revisionId);
  });

  test.each([
    ["../a.yaml"],
    ["/a.yaml"],
    ["a//b.yaml"],
    ["a/./b.yaml"],
    ["a\\b.yaml"],
    ["a\u0000.yaml"],
    [""],
    ["a".repeat(600)],
  ])("a file at %j is refused", (path) => {
    const world = new FleetWorld();
    const command = { type: "gatewaySpec.create", accountId: ORG, projectId: world.project(), name: "shop" } as const;
    expect(world.run({ ...command, files: [file(path)], descriptions: [path] })).toMatchObject({
      code: "ValidationFailed",
    });
  });

  test("keep a number of revisions; the builds of older ones say so", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const { specId } = world.done({
      type: "gatewaySpec.create",
      accountId: ORG,
      projectId,
      name: "shop",
      files: [file("a.yaml", "0")],
      descriptions: ["a.yaml"],
    });
    for (let index = 1; index <= FLEET_LIMITS.revisionsPerSpec; index++) {
      const contents = { files: [file("a.yaml", String(index))], descriptions: ["a.yaml"] };
      world.done({ type: "gatewaySpec.revise", accountId: ORG, specId, ...contents });
    }
    const numbers = Array.from(world.views.records("gatewaySpecRevision"), ({ number }) => number);
    expect(numbers).toHaveLength(FLEET_LIMITS.revisionsPerSpec);
    expect(Math.min(...numbers)).toBe(2);
  });

  test("of another org are none", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    world.artifact(projectId, "shop");
    const { specId } = [...world.views.records("gatewaySpec")][0]!;
    expect(world.run({ type: "gatewaySpec.delete", accountId: OTHER, specId })).toMatchObject({
      code: "NoSuchResource",
    });
    const { artifactId } = [...world.views.records("gatewayArtifact")][0]!;
    const command = { type: "gatewayDeployment.start", accountId: ORG, artifactId } as const;
    expect(world.run({ ...command, projectId: world.project("another") })).toMatchObject({ code: "NoSuchResource" });
  });
});

describe("builds", () => {
  test("have one outcome", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    world.artifact(projectId, "shop");
    const { buildId } = [...world.views.records("gatewayBuild")][0]!;
    const fail = { type: "gatewayBuild.fail", buildId, diagnostics: [], errors: 1, warnings: 0 } as const;
    expect(world.run(fail)).toMatchObject({ code: "ResourceInUse" });
  });

  test("wait up to a number; then whoever asks is told to wait", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    world.artifact(projectId, "shop");
    const { revisionId } = [...world.views.records("gatewaySpecRevision")][0]!;
    const request = { type: "gatewayBuild.request", accountId: ORG, projectId, options: {} } as const;
    for (let index = 0; index < FLEET_LIMITS.queuedPerProject; index++) {
      world.done({ ...request, revisions: [revisionId] });
    }
    expect(world.run({ ...request, revisions: [revisionId] })).toMatchObject({ code: "LimitExceeded" });
    expect(world.run({ ...request, revisions: [revisionId, revisionId] })).toMatchObject({ code: "ValidationFailed" });
  });

  test("keep of what the compiler says the errors first, and a hundred at most", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    world.artifact(projectId, "shop");
    const { revisionId } = [...world.views.records("gatewaySpecRevision")][0]!;
    const request = { type: "gatewayBuild.request", accountId: ORG, projectId, options: {} } as const;
    const { buildId } = world.done({ ...request, revisions: [revisionId] });
    const one = { code: "x", message: "m".repeat(5_000), file: "a", line: 1, column: 1, pointer: "" };
    const diagnostics = Array.from({ length: 300 }, (_, index) => ({
      ...one,
      level: index === 299 ? ("error" as const) : ("warning" as const),
    }));
    world.done({ type: "gatewayBuild.fail", buildId, diagnostics, errors: 1, warnings: 299 });
    const build = world.views.record("gatewayBuild", buildId)!;
    expect(build.diagnostics).toHaveLength(100);
    expect(build.diagnostics![0]!.level).toBe("error");
    expect(JSON.stringify(build).length).toBeLessThan(200_000);
  });
});

describe("keys", () => {
  const connect = { scope: "data-plane:connect" } as const;

  test("are good until they expire, are rotated past their grace, or are revoked", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const { keyId, key } = world.done({
      type: "gatewayKey.create",
      accountId: ORG,
      projectId,
      name: "edge",
      lifetimeMs: 3_600_000,
    });
    const say = (text: string, wanted: Parameters<typeof authenticateGateway>[2] = connect) => {
      const answer = authenticateGateway(world.views, text, wanted, world.now);
      return answer.ok ? "good" : answer.reason;
    };
    expect(say(key)).toBe("good");
    expect(say(key, { ...connect, projectId })).toBe("good");
    expect(say(key, { ...connect, projectId: "prj_other" })).toBe("wrong_project");
    expect(say(`${key}x`)).toBe("unknown_key");
    expect(say(gatewayKeyHash(key))).toBe("unknown_key");
    expect(say("")).toBe("unknown_key");

    const rotated = world.done({ type: "gatewayKey.rotate", accountId: ORG, keyId, graceSeconds: 60 }).key;
    expect([say(key), say(rotated)]).toEqual(["good", "good"]);
    world.now += 60_000;
    expect([say(key), say(rotated)]).toEqual(["expired_key", "good"]);
    // A connection that was made by the secret before.
    const record = () => world.views.record("gatewayKey", keyId);
    expect(gatewayKeyProblem(record(), gatewayKeyHash(key), world.now)).toBe("expired_key");
    expect(gatewayKeyProblem(record(), gatewayKeyHash(rotated), world.now)).toBeUndefined();
    const third = world.done({ type: "gatewayKey.rotate", accountId: ORG, keyId, graceSeconds: 0 }).key;
    expect(gatewayKeyProblem(record(), gatewayKeyHash(key), world.now)).toBe("revoked_key");
    expect([say(key), say(rotated), say(third)]).toEqual(["unknown_key", "expired_key", "good"]);
    world.now += 3_600_000;
    expect(say(third)).toBe("expired_key");
    world.done({ type: "gatewayKey.revoke", accountId: ORG, keyId });
    expect(say(third)).toBe("revoked_key");
    expect(world.run({ type: "gatewayKey.rotate", accountId: ORG, keyId, graceSeconds: 0 })).toMatchObject({
      ok: false,
    });
    expect(gatewayKeyProblem(undefined, "", world.now)).toBe("unknown_key");
  });

  test("do what their scopes say", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const create = { type: "gatewayKey.create", accountId: ORG, projectId } as const;
    const { key } = world.done({ ...create, name: "puller", scopes: ["artifact:read", "artifact:read"] });
    expect(authenticateGateway(world.views, key, connect, world.now)).toEqual({ ok: false, reason: "missing_scope" });
    expect(authenticateGateway(world.views, key, { scope: "artifact:read" }, world.now).ok).toBe(true);
    for (const scopes of [[], ["admin"]]) {
      expect(world.run({ ...create, name: "x", scopes })).toMatchObject({ code: "ValidationFailed" });
    }
  });

  test("have nothing of the secret in the log but its hash and its beginning", () => {
    const world = new FleetWorld();
    const { key } = world.key(world.project(), "edge");
    expect(JSON.stringify(world.events)).not.toContain(key.slice(0, 20));
    expect(JSON.stringify(world.events)).toContain(gatewayKeyHash(key));
  });
});

describe("gateways", () => {
  test("that come again are the same; what they call themselves changes", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const { keyId } = world.key(projectId, "edge");
    const register = {
      type: "gateway.register",
      projectId,
      keyId,
      instanceId: "i-1",
      metadata: { version: "1", hostname: "h" },
    } as const;
    const { gatewayId } = world.done({ ...register, name: "Edge" });
    const events = world.events.length;
    expect(world.done({ ...register, name: "Edge" }).gatewayId).toBe(gatewayId);
    expect(world.events).toHaveLength(events);
    expect(world.done({ ...register, metadata: { version: "2", hostname: "h" } }).gatewayId).toBe(gatewayId);
    const record = world.views.record("gateway", gatewayId)!;
    expect(record.metadata.version).toBe("2");
    expect(record.name).toBeUndefined();
    world.done({ type: "gateway.remove", accountId: ORG, gatewayId });
    expect(world.done(register).gatewayId).not.toBe(gatewayId);
    world.done({ type: "gatewayKey.revoke", accountId: ORG, keyId });
    expect(world.run(register)).toMatchObject({ code: "NoSuchResource" });
  });

  test("are of the group of their key at first, and of the one that people say", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const { groupId } = world.done({ type: "gatewayGroup.create", accountId: ORG, projectId, name: "canary" });
    const key = { type: "gatewayKey.create", accountId: ORG, projectId, name: "edge", groupId } as const;
    const gatewayId = world.gateway(projectId, "i-1", world.done(key).keyId);
    expect(world.views.record("gateway", gatewayId)!.groupId).toBe(groupId);
    world.done({ type: "gateway.update", accountId: ORG, gatewayId, groupId: null });
    world.gateway(projectId, "i-1");
    expect(world.views.record("gateway", gatewayId)!.groupId).toBeUndefined();
    const remove = { type: "gatewayGroup.delete", accountId: ORG, groupId } as const;
    expect(world.run(remove)).toMatchObject({ code: "ResourceInUse", message: expect.stringContaining("edge") });
  });

  test("report what is new, and nothing else is an event", () => {
    const world = new FleetWorld();
    const gatewayId = world.gateway(world.project(), "i-1");
    const report = (served: string | null, generation?: number, refusal: ArtifactRefusal | null = null) => {
      const before = world.events.length;
      const given = served === null ? null : { digest: served, ...(generation === undefined ? {} : { generation }) };
      world.done({ type: "gateway.report", gatewayId, served: given, refusal });
      return world.events.length - before;
    };
    const [one, two] = [digest("1"), digest("2")];
    expect(report(null)).toBe(0);
    expect(report(one)).toBe(1);
    expect(report(one, 7)).toBe(1);
    // Heartbeats say no generation.
    expect(report(one)).toBe(0);
    expect(report(one, 7)).toBe(0);
    const refusal = { generation: 8, digest: two, stage: "download", reason: "404", at_ms: 1 } as const;
    expect(report(one, undefined, refusal)).toBe(1);
    expect(report(one, undefined, { ...refusal, reason: "503", at_ms: 2 })).toBe(0);
    expect(report(one, undefined, { ...refusal, stage: "verify" })).toBe(1);
    expect(report(two)).toBe(1);
    const record = world.views.record("gateway", gatewayId)!;
    expect(record.served).toEqual({ digest: two });
    expect(record.refusal).toBeUndefined();
  });
});

describe("deployments", () => {
  const CANARY: RolloutStrategy = {
    stages: [
      { percent: 25, bakeSeconds: 60 },
      { percent: 100, bakeSeconds: 0 },
    ],
    automaticRollback: true,
  };

  function fleet(gateways = 8) {
    const world = new FleetWorld();
    const projectId = world.project();
    const { keyId } = world.key(projectId, "edge");
    const [a, b, c] = ["a", "b", "c"].map((name) => world.artifact(projectId, name)) as [string, string, string];
    const ids = Array.from({ length: gateways }, (_, index) => world.gateway(projectId, `i-${index}`, keyId));
    const deploy = (artifactId: string, strategy: RolloutStrategy = ALL_AT_ONCE) =>
      world.done({ type: "gatewayDeployment.start", accountId: ORG, projectId, artifactId, strategy }).deploymentId;
    const complete = (deploymentId: string) =>
      world.done({ type: "gatewayDeployment.complete", accountId: ORG, deploymentId });
    const wanted = () => ids.map((id) => desiredOf(world.views, world.views.record("gateway", id)!));
    const counts = () => {
      const all = wanted().map((one) => one?.artifact_id ?? "none");
      return Object.fromEntries(
        [a, b, c, "none"].map((id, index) => [["a", "b", "c", "none"][index], all.filter((one) => one === id).length]),
      );
    };
    const current = () => currentDeployment(world.views, projectId)!;
    return { world, projectId, a, b, c, ids, deploy, complete, wanted, counts, current };
  }

  test("reach exactly their share, one at least, and the same gateways and more in the next stage", () => {
    const { deploy, complete, counts, a, b, world, current, wanted } = fleet();
    complete(deploy(a));
    const deploymentId = deploy(b, CANARY);
    expect(counts()).toMatchObject({ a: 6, b: 2 });
    expect(
      wanted().every((one) => one!.generation === current().generation || one!.generation < current().generation),
    ).toBe(true);
    const advance = { type: "gatewayDeployment.advance", accountId: ORG, deploymentId } as const;
    expect(world.run({ ...advance, stage: 1 })).toMatchObject({ code: "RevisionMismatch" });
    expect(world.run({ type: "gatewayDeployment.complete", accountId: ORG, deploymentId })).toMatchObject({
      ok: false,
    });
    world.done({ ...advance, stage: 0 });
    expect(counts()).toMatchObject({ a: 0, b: 8 });
    expect(world.run({ ...advance, stage: 1 })).toMatchObject({ ok: false });
    complete(deploymentId);
    expect(current()).toMatchObject({ status: "completed", reach: REACH_ALL });
  });

  test("of a fleet of one reach that one", () => {
    const { deploy, complete, counts, a, b } = fleet(1);
    complete(deploy(a));
    deploy(b, { ...CANARY, stages: [{ percent: 1, bakeSeconds: 0 }, CANARY.stages[1]!] });
    expect(counts()).toMatchObject({ b: 1 });
  });

  test("that were not at their end leave nothing behind when another one takes their place", () => {
    const { deploy, complete, counts, a, b, c, wanted, world } = fleet();
    complete(deploy(a));
    deploy(b, CANARY);
    const before = wanted();
    deploy(c, CANARY);
    // Nobody keeps b: who had it and is not reached by c goes back to a, by a generation that is greater.
    expect(counts()).toMatchObject({ a: 6, b: 0, c: 2 });
    for (const [index, one] of wanted().entries()) expect(one!.generation).toBeGreaterThan(before[index]!.generation);
    expect(Array.from(world.views.records("gatewayDeployment"), ({ status }) => status).sort()).toEqual([
      "completed",
      "rolling",
      "superseded",
    ]);
  });

  test("go back to what was before, step by step, or to the one that is named", () => {
    const { deploy, complete, counts, a, b, c, world, projectId, current } = fleet();
    const rollback = { type: "gatewayDeployment.rollback", accountId: ORG, projectId } as const;
    expect(world.run(rollback)).toMatchObject({ code: "NoSuchResource" });
    complete(deploy(a));
    expect(world.run(rollback)).toMatchObject({ code: "NoSuchResource" });
    complete(deploy(b));
    complete(deploy(c));
    const started = current().deploymentId;
    world.done({ ...rollback, reason: "wrong" });
    expect(counts()).toMatchObject({ b: 8 });
    expect(current()).toMatchObject({ deploymentKind: "rollback", rollbackOf: started, reason: "wrong" });
    expect(world.views.record("gatewayDeployment", started)).toMatchObject({ status: "rolled_back" });
    world.done(rollback);
    expect(counts()).toMatchObject({ a: 8 });
    world.done({ ...rollback, artifactId: c });
    expect(counts()).toMatchObject({ c: 8 });
    expect(world.run({ ...rollback, deploymentId: started })).toMatchObject({ code: "RevisionMismatch" });
  });

  test("in the middle of a rollout go back to what most gateways never left", () => {
    const { deploy, complete, counts, a, b, world, projectId, wanted } = fleet();
    complete(deploy(a));
    deploy(b, CANARY);
    const before = wanted();
    world.done({ type: "gatewayDeployment.rollback", accountId: ORG, projectId });
    expect(counts()).toMatchObject({ a: 8 });
    for (const [index, one] of wanted().entries()) expect(one!.generation).toBeGreaterThan(before[index]!.generation);
  });

  test("the first of a project leaves those that it does not reach alone", () => {
    const { deploy, counts, a } = fleet();
    deploy(a, CANARY);
    expect(counts()).toMatchObject({ a: 2, none: 6 });
  });

  test("that are halted go on only when somebody says so", () => {
    const { deploy, complete, a, b, world, current } = fleet();
    complete(deploy(a));
    const deploymentId = deploy(b, CANARY);
    const of = { accountId: ORG, deploymentId } as const;
    world.done({ type: "gatewayDeployment.halt", ...of, reason: "errors" });
    expect(current()).toMatchObject({ status: "halted", reason: "errors" });
    world.now += 1_000;
    world.done({ type: "gatewayDeployment.resume", ...of });
    expect(current()).toMatchObject({ status: "rolling", stageStartedAt: world.now });
    expect(current().reason).toBeUndefined();
    expect(world.run({ type: "gatewayDeployment.halt", ...of, accountId: OTHER })).toMatchObject({ ok: false });
  });

  test("of what is everywhere already change nothing; generations rise, whatever the clock does", () => {
    const { deploy, complete, a, b, world, current } = fleet();
    const first = deploy(a);
    complete(first);
    expect(deploy(a)).toBe(first);
    const generation = current().generation;
    expect(generation).toBe(world.now);
    world.now -= 1_000_000;
    deploy(b);
    expect(current().generation).toBe(generation + 1);
    world.now += 5_000_000;
    deploy(a);
    expect(current().generation).toBeGreaterThanOrEqual(world.now);
  });

  test("that have reached a gateway by its group keep it there until they end", () => {
    const { deploy, complete, a, b, ids, world, projectId, counts } = fleet();
    const { groupId } = world.done({ type: "gatewayGroup.create", accountId: ORG, projectId, name: "canary" });
    const put = (to: string | null) =>
      world.run({ type: "gateway.update", accountId: ORG, gatewayId: ids[0]!, groupId: to }).ok;
    complete(deploy(a));
    const groups = { stages: [{ groups: [groupId], bakeSeconds: 0 }, CANARY.stages[1]!], automaticRollback: false };
    const deploymentId = deploy(b, groups);
    expect(counts()).toMatchObject({ a: 8 });
    expect(put(groupId)).toBe(true);
    expect(counts()).toMatchObject({ a: 7, b: 1 });
    expect(put(null)).toBe(false);
    world.done({ type: "gatewayDeployment.advance", accountId: ORG, deploymentId, stage: 0 });
    expect(put(null)).toBe(true);
  });

  test("keep artifacts that they need", () => {
    const { deploy, complete, a, b, c, world } = fleet();
    complete(deploy(a));
    deploy(b, CANARY);
    const remove = (artifactId: string) => world.run({ type: "gatewayArtifact.delete", accountId: ORG, artifactId }).ok;
    expect([a, b, c].map(remove)).toEqual([false, false, true]);
  });

  test("are kept up to a number, the current one always", () => {
    const { deploy, complete, a, b, world, current } = fleet(1);
    for (let index = 0; index < FLEET_LIMITS.deploymentsPerProject + 5; index++)
      complete(deploy(index % 2 === 0 ? a : b));
    expect([...world.views.records("gatewayDeployment")]).toHaveLength(FLEET_LIMITS.deploymentsPerProject);
    expect(current().status).toBe("completed");
  });
});

test("reachOf() reaches exactly as many as it says, in every fleet", () => {
  for (const size of [1, 2, 3, 10, 57]) {
    const ids = Array.from({ length: size }, (_, index) => `gwy_${size}_${index}`);
    for (const percent of [0.01, 1, 10, 33, 50, 99, 100]) {
      const reach = reachOf("gdp_1", ids, percent);
      const reached = ids.filter((id) => rolloutHash("gdp_1", id) < reach).length;
      expect(reached).toBe(Math.max(1, Math.ceil((percent / 100) * size)));
    }
  }
  expect(reachOf("gdp_1", [], 25)).toBe(REACH_ALL / 4);
});
