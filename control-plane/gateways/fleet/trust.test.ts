/** Artifacts that were compiled elsewhere, and the keys that a project trusts. */
import { describe, expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { type ArtifactSignature, TRUSTED_KEYS_MAX } from "#contracts";
import { keyIdOf } from "#foundation/sealed-archive";
import { currentDeployment, FLEET_LIMITS } from "./index.ts";
import { digest, FleetWorld, ORG, OTHER } from "./testing/fleet-world.ts";

const keyPair = (): KeyObject => generateKeyPairSync("ed25519").publicKey;
const pem = (key: KeyObject): string => String(key.export({ type: "spki", format: "pem" }));
const ours = keyPair();
const theirs = keyPair();

const put = (world: FleetWorld, projectId: string, name: string, publicKey: string) =>
  world.run({ type: "gatewayTrustedKey.put", accountId: ORG, projectId, name, publicKey });

const trust = (world: FleetWorld, projectId: string, name: string, key: KeyObject): string =>
  world.done({ type: "gatewayTrustedKey.put", accountId: ORG, projectId, name, publicKey: pem(key) }).trustedKeyId;

const signedBy = (key: KeyObject, verified = true): readonly ArtifactSignature[] => [{ keyId: keyIdOf(key), verified }];

function uploading(projectId: string, name: string, signatures: readonly ArtifactSignature[] = []) {
  return {
    type: "gatewayArtifact.upload",
    accountId: ORG,
    projectId,
    artifact: {
      digest: digest(`artifact ${name}`),
      contentDigest: digest(`content ${name} ${JSON.stringify(signatures.map(({ keyId }) => keyId))}`),
      sizeBytes: 100,
      compiler: "1.0.0",
      operations: 1,
    },
    signatures,
    uploadedBy: "person:prs_1",
  } as const;
}

const deploy = (world: FleetWorld, projectId: string, artifactId: string) =>
  world.run({ type: "gatewayDeployment.start", accountId: ORG, projectId, artifactId });

describe("keys that a project trusts", () => {
  test("are put, put again, replaced and taken away", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const id = trust(world, projectId, "ci", ours);
    expect(world.views.record("gatewayTrustedKey", id)).toMatchObject({
      name: "ci",
      keyId: keyIdOf(ours),
      publicKey: pem(ours),
      revision: 1,
    });
    const before = world.events.length;
    expect(trust(world, projectId, "CI", ours)).toBe(id);
    expect(world.events).toHaveLength(before);
    expect(trust(world, projectId, "ci", theirs)).toBe(id);
    expect(world.views.record("gatewayTrustedKey", id)).toMatchObject({ keyId: keyIdOf(theirs), revision: 2 });
    world.done({ type: "gatewayTrustedKey.delete", accountId: ORG, trustedKeyId: id });
    expect(world.views.record("gatewayTrustedKey", id)).toBeUndefined();
  });

  test.each([
    ["nothing", ""],
    ["no PEM", "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    ["a private key", String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }))],
    ["one for RSA", pem(generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey)],
    ["one for X25519", pem(generateKeyPairSync("x25519").publicKey)],
    ["two at once", pem(ours) + pem(theirs)],
    ["a certificate", pem(ours).replaceAll("PUBLIC KEY", "CERTIFICATE")],
    ["one that is cut off", pem(ours).replace(/.{9}\n-----END/, "\n-----END")],
    ["a long text", `-----BEGIN PUBLIC KEY-----\n${"A".repeat(5_000)}\n-----END PUBLIC KEY-----\n`],
  ])("%s is none", (_, text) => {
    const world = new FleetWorld();
    const answer = put(world, world.project(), "ci", text);
    expect(answer).toMatchObject({ ok: false, code: "ValidationFailed" });
    expect(JSON.stringify(answer)).toContain("publicKey must be");
    expect(JSON.stringify(answer).includes("keep that to yourself")).toBe(text.includes("PRIVATE"));
  });

  test.each(["", "a/b", "..", "-x", "ä", "a b", "a".repeat(65)])("%j is no name", (name) => {
    const world = new FleetWorld();
    expect(put(world, world.project(), name, pem(ours))).toMatchObject({ ok: false, code: "ValidationFailed" });
  });

  test("are there once, up to a number, and of their own project", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const id = trust(world, projectId, "k0", ours);
    expect(put(world, projectId, "alias", pem(ours))).toMatchObject({ code: "ResourceAlreadyExists" });
    for (let index = 1; index < TRUSTED_KEYS_MAX; index++) trust(world, projectId, `k${index}`, keyPair());
    expect(put(world, projectId, "more", pem(theirs))).toMatchObject({ code: "LimitExceeded" });
    // In place of one that is there, there is always room.
    trust(world, projectId, "k0", theirs);
    const other = world.project("other");
    trust(world, other, "k0", theirs);
    const foreign = { type: "gatewayTrustedKey.delete", accountId: OTHER, trustedKeyId: id } as const;
    expect(world.run(foreign)).toMatchObject({ code: "NoSuchResource" });
    world.done({ type: "project.delete", accountId: ORG, projectId: other });
    expect([...world.views.records("gatewayTrustedKey")]).toHaveLength(TRUSTED_KEYS_MAX);
  });
});

describe("an artifact that was compiled elsewhere", () => {
  test("is there once, however often it comes", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const first = world.done(uploading(projectId, "a"));
    expect(first.isNew).toBe(true);
    const before = world.events.length;
    expect(world.done(uploading(projectId, "a"))).toEqual({ artifactId: first.artifactId, isNew: false });
    expect(world.events).toHaveLength(before);
    expect(world.views.record("gatewayArtifact", first.artifactId)).toMatchObject({
      uploadedBy: "person:prs_1",
      signatures: [],
      revisions: [],
    });
    // Other signatures are other bytes: whoever asks for a signature must find the one that has it.
    const signed = world.done(uploading(projectId, "a", signedBy(ours)));
    expect(signed.isNew).toBe(true);
    expect(signed.artifactId).not.toBe(first.artifactId);
  });

  test("that was compiled here too is that", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const built = world.artifact(projectId, "a");
    const { contentDigest } = world.views.record("gatewayArtifact", built)!;
    const upload = uploading(projectId, "a");
    const same = { ...upload, artifact: { ...upload.artifact, contentDigest } };
    expect(world.done(same)).toEqual({ artifactId: built, isNew: false });
    const { uploadedBy, signatures } = world.views.record("gatewayArtifact", built)!;
    expect([uploadedBy, signatures]).toEqual([undefined, undefined]);
  });

  test("is taken unsigned while the project trusts no key, and then by a key that it trusts", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    world.done(uploading(projectId, "unsigned"));
    trust(world, projectId, "ci", ours);
    const refused = { ok: false, code: "ArtifactNotTrusted" };
    expect(world.run(uploading(projectId, "again"))).toMatchObject(refused);
    expect(world.run(uploading(projectId, "again", signedBy(theirs)))).toMatchObject(refused);
    // A claim is no proof.
    expect(world.run(uploading(projectId, "again", signedBy(ours, false)))).toMatchObject(refused);
    world.done(uploading(projectId, "again", [...signedBy(theirs), ...signedBy(ours)]));
  });

  test("is deployed while a key is trusted that has signed it; the way back stays open", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const loose = world.done(uploading(projectId, "loose")).artifactId;
    const claimed = world.done(uploading(projectId, "claimed", signedBy(ours, false))).artifactId;
    const built = world.artifact(projectId, "built");
    expect(deploy(world, projectId, loose).ok).toBe(true);
    trust(world, projectId, "ci", ours);
    const refused = { ok: false, code: "ArtifactNotTrusted" };
    expect(deploy(world, projectId, claimed)).toMatchObject(refused);
    // Uploaded again it is verified, and is the same one.
    const again = world.done(uploading(projectId, "claimed", signedBy(ours)));
    expect(again).toEqual({ artifactId: claimed, isNew: false });
    expect(deploy(world, projectId, claimed).ok).toBe(true);
    // Nobody brought what was compiled here.
    expect(deploy(world, projectId, built).ok).toBe(true);
    trust(world, projectId, "ci", theirs);
    expect(deploy(world, projectId, claimed)).toMatchObject(refused);
    const back = { type: "gatewayDeployment.rollback", accountId: ORG, projectId } as const;
    expect(world.run({ ...back, artifactId: claimed })).toMatchObject(refused);
    world.done(back);
    expect(currentDeployment(world.views, projectId)!.artifactId).toBe(claimed);
  });

  test.each([
    ["digest", { digest: "sha256:x" }],
    ["contentDigest", { contentDigest: digest("a").toUpperCase() }],
    ["compiler", { compiler: "a\nb" }],
    ["commit", { commit: "c".repeat(300) }],
    ["source", { source: "\u001b[31m" }],
  ])("with a %s that is none is refused", (member, members) => {
    const world = new FleetWorld();
    const upload = uploading(world.project(), "a");
    const answer = world.run({ ...upload, artifact: { ...upload.artifact, ...members } });
    expect(answer).toMatchObject({ ok: false, code: "ValidationFailed" });
    expect(JSON.stringify(answer)).toContain(`artifact.${member}`);
  });

  test("counts as every other one does", () => {
    const world = new FleetWorld();
    const projectId = world.project();
    const upload = uploading(projectId, "large");
    const half = Math.ceil(FLEET_LIMITS.artifactBytesPerProject / 2);
    for (const name of ["one", "two"]) {
      const { artifact } = uploading(projectId, name);
      world.done({ ...upload, artifact: { ...artifact, sizeBytes: half } });
    }
    expect(world.run(upload)).toMatchObject({ ok: false, code: "LimitExceeded" });
    expect(world.run({ ...upload, projectId: "prj_none" })).toMatchObject({ code: "NoSuchResource" });
    expect(world.run({ ...upload, accountId: OTHER })).toMatchObject({ code: "NoSuchResource" });
  });
});
