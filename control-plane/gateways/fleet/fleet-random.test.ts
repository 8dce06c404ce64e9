/** Whatever is commanded, in whatever order, with clocks that jump: what gateways are told agrees, and never goes back. */
import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { RolloutStrategy } from "#contracts";
import { groups } from "#control-plane/events";
import { currentDeployment, deploymentsOf, desiredOf } from "./index.ts";
import { digest, type FleetCommand, FleetWorld, ORG, OTHER } from "./testing/fleet-world.ts";

/** A step chooses among what there is by number, so that shrinking keeps its sense. */
const step = fc.record({
  what: fc.nat(30),
  which: fc.nat(5),
  other: fc.boolean(),
  clock: fc.constantFrom(0, 1, 60_000, -5_000),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function commandOf(world: FleetWorld, { what, which, other }: Step): FleetCommand {
  const { views } = world;
  const pick = <Value>(values: Iterable<Value>): Value | undefined => {
    const all = [...values];
    return all.length === 0 ? undefined : all[which % all.length];
  };
  // Rarely the org of others.
  const accountId = other && which === 5 ? OTHER : ORG;
  const projectId = pick(views.records("project"))?.projectId ?? "prj_none";
  const place = { accountId, projectId };
  const specId = pick(views.records("gatewaySpec"))?.specId ?? "spc_none";
  const revisionId = pick(views.records("gatewaySpecRevision"))?.revisionId ?? "spr_none";
  const buildId = pick(views.inGroup("gatewayBuild", groups.unfinished()))?.buildId ?? "bld_none";
  const artifactId = pick(views.records("gatewayArtifact"))?.artifactId ?? "art_none";
  const key = pick(views.records("gatewayKey"));
  const keyId = key?.keyId ?? "gky_none";
  const groupId = pick(views.records("gatewayGroup"))?.groupId ?? "ggr_none";
  const gatewayId = pick(views.records("gateway"))?.gatewayId ?? "gwy_none";
  const deployment = pick(views.inGroup("gatewayDeployment", groups.unfinished()));
  const deploymentId = deployment?.deploymentId ?? "gdp_none";
  const files = [{ path: "a.yaml", digest: digest(String(which % 3)), sizeBytes: 5 }];
  const contents = { files, descriptions: ["a.yaml"] };
  const strategy: RolloutStrategy = {
    stages: [
      { ...(other ? { groups: [groupId] } : { percent: 20 * (which + 1) - 19 }), bakeSeconds: which },
      { percent: 100, bakeSeconds: 0 },
    ],
    automaticRollback: other,
  };
  const artifact = {
    digest: digest(`a${which % 3}`),
    contentDigest: digest(`c${which % 3}`),
    sizeBytes: 9,
    compiler: "1",
    operations: 1,
  };
  const metadata = { version: String(which % 2), hostname: "h" };
  const served = which === 0 ? null : { digest: digest(`a${which % 3}`), ...(other ? { generation: which } : {}) };
  const commands: readonly FleetCommand[] = [
    { type: "project.create", accountId: ORG, name: `p${which % 2}` },
    { type: "project.delete", ...place },
    { type: "gatewaySpec.create", ...place, name: `s${which % 3}`, ...contents },
    { type: "gatewaySpec.revise", accountId, specId, ...contents },
    { type: "gatewaySpec.delete", accountId, specId },
    { type: "gatewayBuild.request", ...place, revisions: [revisionId], options: other ? { commit: "abc" } : {} },
    { type: "gatewayBuild.succeed", buildId, artifact, diagnostics: [], warnings: which },
    { type: "gatewayBuild.fail", buildId, diagnostics: [], errors: 1, warnings: 0 },
    { type: "gatewayArtifact.delete", accountId, artifactId },
    { type: "gatewayKey.create", ...place, name: `k${which % 3}`, ...(other ? { groupId } : {}) },
    { type: "gatewayKey.rotate", accountId, keyId, graceSeconds: which },
    { type: "gatewayKey.revoke", accountId, keyId },
    { type: "gatewayGroup.create", ...place, name: `g${which % 2}` },
    { type: "gatewayGroup.update", accountId, groupId, name: `g${which % 3}` },
    { type: "gatewayGroup.delete", accountId, groupId },
    { type: "gateway.register", projectId: key?.projectId ?? projectId, keyId, instanceId: `i${which}`, metadata },
    { type: "gateway.report", gatewayId, served, refusal: null },
    { type: "gateway.update", accountId, gatewayId, groupId: other ? groupId : null },
    { type: "gateway.remove", accountId, gatewayId },
    { type: "gatewayDeployment.start", ...place, artifactId, strategy },
    { type: "gatewayDeployment.start", ...place, artifactId },
    { type: "gatewayDeployment.rollback", ...place, ...(other ? { artifactId } : {}) },
    { type: "gatewayDeployment.advance", accountId, deploymentId, stage: deployment?.stage ?? 0 },
    { type: "gatewayDeployment.halt", accountId, deploymentId },
    { type: "gatewayDeployment.resume", accountId, deploymentId },
    { type: "gatewayDeployment.complete", accountId, deploymentId },
    // What a rollout is about, more often.
    { type: "gateway.update", accountId, gatewayId, groupId: other ? groupId : null },
    { type: "gateway.update", accountId, gatewayId, groupId },
    { type: "gatewayDeployment.start", ...place, artifactId, strategy },
    { type: "gatewayDeployment.start", ...place, artifactId, strategy },
    { type: "gatewayBuild.succeed", buildId, artifact, diagnostics: [], warnings: which },
  ];
  return commands[what]!;
}

/** @param told generations that each gateway was told, so far */
function checkWorld({ views }: FleetWorld, told: Map<string, number>): void {
  const unique = (values: readonly string[]) => expect(new Set(values).size).toBe(values.length);
  for (const kind of [
    "gatewaySpec",
    "gatewaySpecRevision",
    "gatewayKey",
    "gatewayGroup",
    "gateway",
    "gatewayBuild",
  ] as const) {
    for (const { projectId } of views.records(kind)) expect(views.record("project", projectId)).toBeDefined();
  }
  unique(Array.from(views.records("gatewayArtifact"), (one) => `${one.projectId} ${one.digest}`));
  unique(Array.from(views.records("gatewaySpec"), (one) => `${one.projectId} ${one.name}`));
  unique(Array.from(views.records("gateway"), (one) => `${one.projectId} ${one.instanceId}`));
  unique(
    [...views.records("gatewayKey")]
      .filter(({ revokedAt }) => revokedAt === undefined)
      .map((one) => `${one.projectId} ${one.name}`),
  );
  for (const { specId, latest } of views.records("gatewaySpec")) {
    const numbers = views.inGroup("gatewaySpecRevision", groups.ofSpec(specId)).map(({ number }) => number);
    expect(Math.max(...numbers)).toBe(latest.number);
    unique(numbers.map(String));
  }
  for (const { groupId } of views.records("gateway")) {
    if (groupId !== undefined) expect(views.record("gatewayGroup", groupId)).toBeDefined();
  }
  for (const { projectId } of views.records("project")) {
    const all = deploymentsOf(views, projectId);
    unique(all.map(({ generation }) => String(generation)));
    const current = currentDeployment(views, projectId);
    for (const one of all) {
      if (one.baseline !== undefined) expect(one.baseline.generation).toBeLessThan(one.generation);
      // Only what is current is under way.
      if (one !== current) expect(["completed", "rolled_back", "superseded"]).toContain(one.status);
    }
    if (current !== undefined) {
      for (const { artifactId, digest: said } of [current, ...(current.baseline ? [current.baseline] : [])]) {
        expect(views.record("gatewayArtifact", artifactId)?.digest).toBe(said);
      }
    }
  }
  for (const gateway of views.records("gateway")) {
    const desired = desiredOf(views, gateway);
    const before = told.get(gateway.gatewayId);
    if (desired === undefined) continue;
    // A gateway follows the greatest generation: one that is less would never reach it.
    if (before !== undefined) expect(desired.generation).toBeGreaterThanOrEqual(before);
    told.set(gateway.gatewayId, desired.generation);
  }
}

test("generations that a gateway is told never go down, and everything that is named is there", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
      const world = new FleetWorld();
      const told = new Map<string, number>();
      const projectId = world.project("p0");
      world.artifact(projectId, "0");
      const key = world.key(projectId, "start");
      world.artifact(projectId, "1");
      const { groupId } = world.done({ type: "gatewayGroup.create", accountId: ORG, projectId, name: "g0" });
      expect(groupId).toBeString();
      for (const instance of ["i0", "i1", "i2"]) world.gateway(projectId, instance, key.keyId);
      for (const one of steps) {
        world.now += one.clock;
        const before = world.events.length;
        const outcome = world.run(commandOf(world, one));
        if (!outcome.ok) expect(world.events.length).toBe(before);
        checkWorld(world, told);
      }
    }),
    { numRuns: 40 },
  );
});
