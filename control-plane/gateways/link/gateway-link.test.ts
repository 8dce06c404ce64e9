import { describe, expect, test } from "bun:test";
import { settled, withFleet } from "./testing/fleet-world.ts";
import { digestOf, HEALTH, registration } from "./testing/messages.ts";

const [A, B] = [digestOf("a"), digestOf("b")];

describe("a gateway", () => {
  test("R16, R24: registers with its key, and is the same after it has connected anew", () =>
    withFleet(async ({ core, project, key, join, link, time }) => {
      const projectId = await project("shop");
      const { key: apiKey, keyId } = await key(projectId);
      const first = await join(apiKey, projectId, "one", { name: "edge 1" });
      expect(core.views.record("gateway", first.id)).toMatchObject({
        projectId,
        keyId,
        name: "edge 1",
        metadata: { version: "1.0.0", hostname: "here" },
      });
      first.heartbeat(A);
      expect(core.gatewayPresence.of(first.id)).toMatchObject({ online: true, servedDigest: A, health: HEALTH });
      first.hangUp();
      time.advance(1_000);
      expect(core.gatewayPresence.of(first.id)).toMatchObject({ online: false });
      const second = await join(apiKey, projectId, "one", { name: "edge 1" });
      expect(second.id).toBe(first.id);
      expect([...core.views.records("gateway")]).toHaveLength(1);
      expect(link.size).toBe(1);
    }));

  test("R17: is asked for a heartbeat every 30 s, and is offline when none came for two and a half intervals", () =>
    withFleet(async ({ core, project, key, connect, time, link }) => {
      const projectId = await project("shop");
      const { key: apiKey } = await key(projectId);
      const gateway = connect(apiKey);
      gateway.send(registration(apiKey, projectId, "one"));
      const { data_plane_id: id, heartbeat_interval_secs: seconds } = await gateway.next("registered");
      expect(seconds).toBe(30);
      for (let beat = 0; beat < 5; beat++) {
        time.advance(74_999);
        expect(core.gatewayPresence.of(id)?.online).toBe(true);
        gateway.heartbeat();
      }
      time.advance(75_000);
      expect(gateway.closed()).toBe("no heartbeat came for too long");
      expect(core.gatewayPresence.of(id)).toMatchObject({ online: false });
      expect(link.size).toBe(0);
    }));

  test("R18: what it serves and refuses is written down once, and how it does is not", () =>
    withFleet(async ({ core, project, key, join, deploy }) => {
      const projectId = await project("shop");
      const { key: apiKey } = await key(projectId);
      const gateway = await join(apiKey, projectId, "one");
      const generation = await deploy(projectId, A);
      gateway.heartbeat();
      const refusal = { generation, digest: A, stage: "apply", reason: "no secret", at_ms: 5 } as const;
      gateway.heartbeat(null, { last_refusal: refusal });
      await settled(() => core.views.record("gateway", gateway.id)?.refusal !== undefined);
      expect(core.views.record("gateway", gateway.id)?.refusal).toEqual(refusal);
      expect(core.gatewayPresence.of(gateway.id)).toMatchObject({ refusal, servedDigest: null });
      gateway.send({ type: "artifact_applied", generation, success: true });
      gateway.heartbeat(A);
      await settled(() => core.views.record("gateway", gateway.id)?.served !== undefined);
      const { head } = core;
      for (let beat = 0; beat < 10; beat++) gateway.heartbeat(A, { health: { ...HEALTH, requests_total: beat } });
      await core.execute(
        { type: "project.create", accountId: core.views.record("gateway", gateway.id)!.accountId, name: "x" },
        {
          actor: "system:test",
          requestId: "after them",
        },
      );
      expect(core.head).toBe((Number(head) + 1) as never);
      const { served, refusal: after } = core.views.record("gateway", gateway.id)!;
      expect(served).toEqual({ digest: A, generation });
      expect(after).toBeUndefined();
    }));
});

describe("what is desired", () => {
  test("R19, R25: is told to the gateways of the project, and to no others", () =>
    withFleet(async ({ project, key, join, deploy }) => {
      const [shop, bank] = [await project("shop"), await project("bank")];
      const shopKey = await key(shop);
      const bankKey = await key(bank);
      const gateways = [await join(shopKey.key, shop, "one"), await join(shopKey.key, shop, "two")];
      const other = await join(bankKey.key, bank, "one");
      const generation = await deploy(shop, A);
      for (const gateway of gateways) {
        const told = await gateway.next("artifact_available");
        expect(told).toMatchObject({ digest: A, generation });
        expect(told.download_path).toBe(`/v1/artifacts/${told.artifact_id}/download`);
        expect(gateway.heartbeat()).toEqual({ artifact_id: told.artifact_id, digest: A, generation });
      }
      expect(other.heartbeat()).toBeUndefined();
      expect(other.heard).toEqual([]);
    }));

  test("R23: is in the answer to the first heartbeat of who was away", () =>
    withFleet(async ({ project, key, join, deploy }) => {
      const projectId = await project("shop");
      const { key: apiKey } = await key(projectId);
      await deploy(projectId, A);
      const generation = await deploy(projectId, B);
      const gateway = await join(apiKey, projectId, "one", { artifact_digest: A });
      expect(gateway.heartbeat(A)).toMatchObject({ digest: B, generation });
    }));

  test("is told once where it is the same, also to who was told by a heartbeat", () =>
    withFleet(async ({ accountId, does, core, project, key, join, deploy }) => {
      const projectId = await project("shop");
      const { key: apiKey } = await key(projectId);
      await deploy(projectId, A);
      const gateway = await join(apiKey, projectId, "one");
      gateway.heartbeat();
      const { groupId } = (await does({ type: "gatewayGroup.create", accountId, projectId, name: "first" })).result;
      await does({ type: "gateway.update", accountId, gatewayId: gateway.id, groupId });
      expect(gateway.heard).toEqual([]);
      // Only those that the first stage reaches.
      const artifactId = [...core.views.records("gatewayArtifact")][0]!.artifactId;
      const strategy = {
        stages: [
          { groups: [groupId], bakeSeconds: 60 },
          { percent: 100, bakeSeconds: 0 },
        ],
        automaticRollback: false,
      };
      const outside = await join(apiKey, projectId, "two");
      outside.heartbeat();
      await does({ type: "gatewayDeployment.start", accountId, projectId, artifactId, strategy, reach: 0 });
      await gateway.next("artifact_available");
      expect(outside.heard).toEqual([]);
    }));
});

describe("a connection ends", () => {
  test("R29: at once when its key is revoked, and for good", () =>
    withFleet(async ({ accountId, does, project, key, join, core, connect, link }) => {
      const projectId = await project("shop");
      const { key: apiKey, keyId } = await key(projectId);
      const other = await key(projectId);
      const gateway = await join(apiKey, projectId, "one");
      const spared = await join(other.key, projectId, "two");
      await does({ type: "gatewayKey.revoke", accountId, keyId });
      expect(await gateway.next("disconnect")).toMatchObject({ reason: "revoked_key", retry: false });
      expect(gateway.closed()).toBe("revoked_key");
      expect(core.gatewayPresence.of(gateway.id)?.online).toBe(false);
      expect(spared.closed()).toBeUndefined();
      // Whoever had one is told why.
      expect(link.knows(apiKey)).toBe(true);
      const again = connect(apiKey);
      again.send(registration(apiKey, projectId, "one"));
      expect(await again.next("registration_failed")).toMatchObject({ reason: "revoked_key", retry: false });
    }));

  test("R29: when its key expires, also by a rotation", () =>
    withFleet(async ({ accountId, does, project, key, join, time }) => {
      const projectId = await project("shop");
      const day = 24 * 3_600_000;
      const expiring = await key(projectId, { lifetimeMs: 2 * day });
      const rotated = await key(projectId);
      const [one, two] = [await join(expiring.key, projectId, "one"), await join(rotated.key, projectId, "two")];
      await does({ type: "gatewayKey.rotate", accountId, keyId: rotated.keyId, graceSeconds: 60 });
      beat([one, two], time, 59_000);
      expect(two.closed()).toBeUndefined();
      time.advance(1_001);
      expect(await two.next("disconnect")).toMatchObject({ reason: "expired_key", retry: false });
      beat([one], time, 2 * day - 61_000);
      expect(one.closed()).toBeUndefined();
      time.advance(1_000);
      expect(await one.next("disconnect")).toMatchObject({ reason: "expired_key", retry: false });
    }));

  test("R27: when the gateway is removed", () =>
    withFleet(async ({ accountId, does, project, key, join, core }) => {
      const projectId = await project("shop");
      const { key: apiKey } = await key(projectId);
      const gateway = await join(apiKey, projectId, "one");
      await does({ type: "gateway.remove", accountId, gatewayId: gateway.id });
      expect(await gateway.next("disconnect")).toMatchObject({ reason: "removed", retry: false });
      expect(core.gatewayPresence.of(gateway.id)).toBeUndefined();
    }));

  test("when the same gateway connects again; two that do so all the time are told", () =>
    withFleet(async ({ project, key, join, connect, link, core, time }) => {
      const projectId = await project("shop");
      const { key: apiKey } = await key(projectId);
      let before = await join(apiKey, projectId, "one");
      for (let times = 0; times < 3; times++) {
        const next = await join(apiKey, projectId, "one");
        expect(await before.next("disconnect")).toMatchObject({ reason: "replaced", retry: true });
        // Its transport ends later, and that is nothing to the newer one.
        before.hangUp();
        before = next;
      }
      expect(link.size).toBe(1);
      expect(core.gatewayPresence.of(before.id)?.online).toBe(true);
      const fourth = connect(apiKey);
      fourth.send(registration(apiKey, projectId, "one"));
      expect(await fourth.next("registration_failed")).toMatchObject({ reason: "duplicate_instance", retry: true });
      expect(before.closed()).toBeUndefined();
      beat([before], time, 60_000);
      await join(apiKey, projectId, "one");
    }));

  test("when the control plane stops, for who is registered and who is not", () =>
    withFleet(async ({ project, key, join, connect, link }) => {
      const projectId = await project("shop");
      const { key: apiKey } = await key(projectId);
      const gateway = await join(apiKey, projectId, "one");
      const waiting = connect(apiKey);
      link.close();
      expect(await gateway.next("disconnect")).toMatchObject({ reason: "shutting_down", retry: true });
      expect(await waiting.next("registration_failed")).toMatchObject({ reason: "unavailable", retry: true });
    }));
});

describe("who is not let in", () => {
  test("R29: is told why, and whether to come back", () =>
    withFleet(async ({ project, key, connect, link, time }) => {
      const [projectId, bank] = [await project("shop"), await project("bank")];
      const { key: apiKey } = await key(projectId);
      const reader = await key(projectId, { scopes: ["artifact:read"] });
      const short = await key(projectId, { lifetimeMs: 60_000 });
      time.advance(60_000);
      const answerTo = async (shown: string, message: object | string) => {
        const gateway = connect(shown);
        gateway.send(typeof message === "string" ? message : JSON.stringify(message));
        const { reason, retry } = await gateway.next("registration_failed");
        expect(gateway.closed()).toBe(reason);
        return [reason, retry];
      };
      const told = async (shown: string, more: object = {}, project = projectId) =>
        answerTo(shown, registration(shown, project, "one", more));
      expect(await told(short.key)).toEqual(["expired_key", false]);
      expect(await told(reader.key)).toEqual(["missing_scope", false]);
      expect(await told(apiKey, {}, bank)).toEqual(["wrong_project", false]);
      expect(await told(apiKey, { protocol: 2 })).toEqual(["protocol_mismatch", true]);
      expect(await told(apiKey, { api_key: reader.key })).toEqual(["bad_message", false]);
      expect(await told(apiKey, { group: "nobody's" })).toEqual(["unknown_group", true]);
      expect(await told(apiKey, { instance_id: "a b" })).toEqual(["bad_message", true]);
      expect(await answerTo(apiKey, "{")).toEqual(["bad_message", true]);
      expect(await answerTo(apiKey, { type: "artifact_applied", generation: 1, success: true })).toEqual([
        "bad_message",
        true,
      ]);
      expect(link.knows(`${apiKey}x`)).toBe(false);
      expect(link.size).toBe(0);
    }));

  test("is who does not register in time, and who says it twice", () =>
    withFleet(async ({ project, key, connect, join, time }) => {
      const projectId = await project("shop");
      const { key: apiKey } = await key(projectId);
      const late = connect(apiKey);
      time.advance(10_000);
      expect(await late.next("registration_failed")).toMatchObject({ reason: "bad_message" });
      const twice = await join(apiKey, projectId, "one");
      twice.send(registration(apiKey, projectId, "one"));
      expect(await twice.next("disconnect")).toMatchObject({ reason: "bad_message", retry: true });
    }));

  test("is who sends more than there is reason to; messages of later versions are let pass", () =>
    withFleet(async ({ project, key, join }) => {
      const projectId = await project("shop");
      const { key: apiKey } = await key(projectId);
      const gateway = await join(apiKey, projectId, "one");
      gateway.send('{"type":"of a later version"}');
      for (let count = 0; count < 119; count++) gateway.heartbeat();
      expect(gateway.closed()).toBeUndefined();
      expect(() => gateway.heartbeat()).toThrow("disconnect");
      expect(gateway.closed()).toBe("bad_message");
    }));
});

test("a gateway that names its group is put into it", () =>
  withFleet(async ({ accountId, does, project, key, join, core }) => {
    const projectId = await project("shop");
    const { key: apiKey } = await key(projectId);
    const { groupId } = (await does({ type: "gatewayGroup.create", accountId, projectId, name: "Canary" })).result;
    const gateway = await join(apiKey, projectId, "one", { group: "canary" });
    expect(core.views.record("gateway", gateway.id)?.groupId).toBe(groupId);
  }));

/** Lets time pass, with the heartbeats that are due. */
function beat(
  gateways: readonly { heartbeat(): unknown }[],
  time: { advance(ms: number): void },
  milliseconds: number,
): void {
  for (let left = milliseconds; left > 0; left -= 30_000) {
    for (const gateway of gateways) gateway.heartbeat();
    time.advance(Math.min(left, 30_000));
  }
  for (const gateway of gateways) gateway.heartbeat();
}
