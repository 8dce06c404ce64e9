/** Artifacts that were compiled elsewhere, through the REST API: taken, refused, and nothing left behind of what was refused. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import type { AccountId } from "#contracts";
import { BLOB_BYTES_MAX } from "#control-plane/gateways/blobs";
import { createUploadRoom } from "#control-plane/gateways/uploads";
import { altered, compiled, keyPair, pemOf, replanned, resealed } from "#control-plane/gateways/uploads/testing";
import { keyIdOf } from "#foundation/sealed-archive";
import { until } from "../../../tests/support/until.ts";
import {
  done,
  newAccessToken,
  newMember,
  newOrg,
  newProgram,
  newToken,
  person,
  program,
} from "../testing/identities.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

/** A little more than the largest artifact. */
const ROOM_BYTES = BLOB_BYTES_MAX + 2 * 1024 * 1024;
const room = createUploadRoom(ROOM_BYTES, ROOM_BYTES);
// Each upload has a thread of its own, and the machine is shared.
setDefaultTimeout(60_000);

const [ours, theirs] = [keyPair(), keyPair()];
const keyId = keyIdOf(ours.publicKey);

let world: TestApi;
let org: AccountId;
let owner: string;
let developer: string;
let ci: { readonly id: string; readonly token: string };

beforeAll(async () => {
  world = await startTestApi({
    uploadRoom: room,
    admission: { admitCaller: () => undefined, admitSource: () => undefined },
  });
  org = await newOrg(world);
  const token = async (role: "owner" | "developer") =>
    (await newAccessToken(world, person(await newMember(world, org, role)))).token;
  [owner, developer] = [await token("owner"), await token("developer")];
  const { principalId } = await newProgram(world, org, "developer");
  ci = { id: principalId, token: (await newAccessToken(world, program(principalId))).token };
});
afterAll(() => world.close());

// Answers of many shapes, looked at by the tests themselves.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Body = any;
interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

async function call(method: string, path: string, body?: object, token = owner): Promise<Answer> {
  const answer = await fetch(world.api.url + path, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(method === "GET" ? {} : { body: JSON.stringify(body ?? {}) }),
  });
  return { status: answer.status, body: await answer.json(), headers: answer.headers };
}

const newProject = async (name: string): Promise<string> =>
  (await done(world, { type: "project.create", accountId: org, name })).projectId;

async function upload(
  project: string,
  bytes: Uint8Array | ReadableStream,
  headers: Readonly<Record<string, string>> = {},
  token = ci.token,
): Promise<Answer> {
  const answer = await fetch(`${world.api.url}/v1/projects/${project}/artifacts`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/octet-stream", ...headers },
    body: bytes as Uint8Array<ArrayBuffer> | ReadableStream,
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? undefined : JSON.parse(text), headers: answer.headers };
}

const trust = (project: string, name = "ci", key = ours.publicKey) =>
  call("PUT", `/v1/projects/${project}/trusted-keys/${name}`, { public_key: pemOf(key) });

/** Everything that is kept of blobs, by the names of the documents. */
const blobNames = async (): Promise<readonly string[]> => {
  const names: string[] = [];
  await world.core.gatewayBlobs.collect((digest) => {
    names.push(digest);
    return true;
  });
  return names.sort();
};

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");

describe("an artifact that was compiled elsewhere", () => {
  test("is taken, shown with where it comes from, given back octet for octet, and is the same when it comes again", async () => {
    const project = await newProject("taken");
    await trust(project);
    const { bytes, digest } = compiled("Shop", [ours.privateKey]);
    const made = await upload(project, bytes, { "content-digest": `sha-512=:AAAA:, sha-256=:${sha256(bytes)}:` });
    expect(made).toMatchObject({
      status: 201,
      body: {
        digest,
        size_bytes: bytes.byteLength,
        compiler: "9.9.9",
        commit: "abc",
        source: "ci.example",
        operations: 2,
        origin: "upload",
        revisions: [],
        uploaded_by: `program:${ci.id}`,
        signatures: [{ key_id: keyId, verified: true }],
      },
    });
    const { id } = made.body;
    expect(made.headers.get("location")).toBe(`/v1/artifacts/${id}`);
    expect(made.body).not.toHaveProperty("build_id");
    expect((await call("GET", `/v1/artifacts/${id}`)).body).toEqual(made.body);
    expect((await call("GET", `/v1/projects/${project}/artifacts`)).body.items).toEqual([made.body]);
    const url = `${world.api.url}/v1/artifacts/${id}/download`;
    const download = await fetch(url, { headers: { authorization: `Bearer ${owner}` } });
    expect(Buffer.from(await download.arrayBuffer())).toEqual(Buffer.from(bytes));
    expect(download.headers.get("digest-of-artifact")).toBe(digest);

    const before = world.core.head;
    const again = await upload(project, bytes, {}, developer);
    expect(again).toMatchObject({ status: 200, body: { id, uploaded_by: `program:${ci.id}` } });
    expect(world.core.head).toBe(before);
    // Whoever has the first answer under a key has it again.
    const keyed = { "idempotency-key": "build-17" };
    const other = compiled("Bank", [ours.privateKey]).bytes;
    const first = await upload(project, other, keyed);
    expect(first.status).toBe(201);
    expect(await upload(project, other, keyed)).toMatchObject({ status: 201, body: first.body });
    expect(await upload(project, compiled("More", [ours.privateKey]).bytes, keyed)).toMatchObject({
      status: 409,
      body: { code: "IdempotencyKeyReused" },
    });
  });

  test("is deployed, rolled out and rolled back as every other one", async () => {
    const project = await newProject("deployed");
    const at = `/v1/projects/${project}`;
    const [one, two] = [await upload(project, compiled("One").bytes), await upload(project, compiled("Two").bytes)];
    expect((await call("POST", `${at}/deploy`, { artifact_id: one.body.id })).body).toMatchObject({
      status: "rolling",
    });
    const [{ deploymentId }] = [...world.core.views.inGroup("gatewayDeployment", `project ${project}`)] as never as [
      { deploymentId: string },
    ];
    await done(world, { type: "gatewayDeployment.complete", accountId: org, deploymentId });
    const strategy = { stages: [{ percent: 50 }, { percent: 100 }] };
    const rollout = await call("POST", `${at}/deploy`, { strategy });
    expect(rollout.body).toMatchObject({ artifact_id: two.body.id, baseline: { artifact_id: one.body.id } });
    expect((await call("DELETE", `/v1/artifacts/${two.body.id}`)).status).toBe(409);
    expect((await call("POST", `${at}/rollback`)).body).toMatchObject({ artifact_id: one.body.id });
    expect((await call("DELETE", `/v1/artifacts/${two.body.id}`)).status).toBe(200);
  });

  test("that differs from another in its signatures alone is another one; a gateway serves the one that it should", async () => {
    const project = await newProject("alike");
    const unsigned = (await upload(project, compiled("Alike").bytes)).body;
    const signed = (await upload(project, compiled("Alike", [ours.privateKey]).bytes)).body;
    expect(signed.digest).toBe(unsigned.digest);
    expect(signed.id).not.toBe(unsigned.id);
    const at = `/v1/projects/${project}`;
    const { body: key } = await call("POST", `${at}/api-keys`, { name: "edge" });
    const metadata = { version: "1.0.0", hostname: "edge" };
    const register = {
      type: "gateway.register",
      projectId: project,
      keyId: key.id,
      instanceId: "i",
      metadata,
    } as const;
    const { gatewayId } = await done(world, register);
    const served = { digest: signed.digest };
    await done(world, { type: "gateway.report", gatewayId, served, refusal: null });
    for (const { id } of [signed, unsigned, signed]) {
      expect((await call("POST", `${at}/deploy`, { artifact_id: id })).status).toBe(202);
      const { body } = await call("GET", `${at}/data-planes/${gatewayId}`);
      expect(body).toMatchObject({ artifact_digest: signed.digest, artifact_id: id, drift: false });
    }
  });

  test("is on record with who has brought it", async () => {
    const project = await newProject("recorded");
    const { headers } = await upload(project, compiled("Recorded").bytes);
    const { items } = (await (await world.call(`/v1/audit?requestId=${headers.get("x-request-id")}`)).json()) as Body;
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      action: "uploadArtifactById",
      decision: "allowed",
      actor: { id: ci.id },
      resource: `/v1/projects/${project}/artifacts`,
      resourceAccount: org,
    });
    const refused = await upload(project, Buffer.from("none"));
    const kept = (await (
      await world.call(`/v1/audit?order=oldest&requestId=${refused.headers.get("x-request-id")}`)
    ).json()) as Body;
    expect(kept.items.at(-1)).toMatchObject({ decision: "failed", errorCode: "ARTIFACT_MALFORMED" });
    const events = (await (await world.call(`/v1/events?limit=1000`)).json()) as Body;
    expect(events.items.find((event: Body) => event.type === "gatewayArtifact.created")).toMatchObject({
      actor: `program:${ci.id}`,
    });
  });

  test("is brought by whoever may write, to their own projects", async () => {
    const project = await newProject("own");
    const { bytes } = compiled("Own");
    const reader = await newToken(world, person(await newMember(world, org, "owner")), ["gateways:read"]);
    expect(await upload(project, bytes, {}, reader)).toMatchObject({
      status: 403,
      body: { code: "INSUFFICIENT_SCOPE" },
    });
    const stranger = (await newAccessToken(world, person(await newMember(world, await newOrg(world), "owner")))).token;
    expect(await upload(project, bytes, {}, stranger)).toMatchObject({ status: 404, body: { code: "NoSuchResource" } });
    expect((await upload(project, bytes, {}, "bpt_none")).status).toBe(401);
    const { body: key } = await call("POST", `/v1/projects/${project}/api-keys`, { name: "edge" });
    expect((await upload(project, bytes, {}, key.key)).status).toBe(401);
    expect((await call("GET", `/v1/projects/${project}/artifacts`)).body.items).toEqual([]);
  });
});

describe("what is refused leaves nothing behind", () => {
  const unsigned = compiled("Refused").bytes;
  const signed = compiled("Refused", [ours.privateKey]).bytes;
  const foreign = compiled("Refused", [theirs.privateKey]).bytes;
  let project: string;
  let trusting: string;
  beforeAll(async () => {
    project = await newProject("refused");
    trusting = await newProject("trusting");
    await trust(trusting);
  });

  /** Neither a record nor an event nor an octet. */
  async function refusedWhole(
    at: string,
    bytes: Uint8Array | ReadableStream,
    headers?: Readonly<Record<string, string>>,
  ) {
    const [head, blobs] = [world.core.head, await blobNames()];
    const answer = await upload(at, bytes, headers);
    expect(world.core.head).toBe(head);
    expect(await blobNames()).toEqual(blobs);
    expect((await call("GET", `/v1/projects/${at}/artifacts`)).body.items).toEqual([]);
    expect(room.bytes).toBe(0);
    return `${answer.status} ${answer.body.code}: ${answer.body.detail ?? answer.body.title}`;
  }

  test.each<[string, () => Uint8Array, string]>([
    ["nothing", () => new Uint8Array(0), "422 ARTIFACT_MALFORMED"],
    ["one that is cut off", () => unsigned.subarray(0, unsigned.length - 9), "422 ARTIFACT_MALFORMED"],
    ["one with something behind it", () => Buffer.concat([unsigned, Buffer.alloc(10)]), "422 ARTIFACT_MALFORMED"],
    ["a bomb", () => gzipSync(Buffer.alloc(200 * 1024 * 1024), { level: 9 }), "413 ARTIFACT_TOO_LARGE"],
    [
      "changed contents",
      () => altered(unsigned, (text) => text.replace("title: Refused", "title: Changed")),
      "422 ARTIFACT_ALTERED",
    ],
    [
      "right checksums of wrong members",
      () => resealed(unsigned, { members: { "run.sh": "x" } }),
      "422 ARTIFACT_FORMAT_UNKNOWN",
    ],
    [
      "right checksums without a module",
      () => resealed(unsigned, { members: { "plugins/stamp.wasm": undefined } }),
      "422 ARTIFACT_UNUSABLE",
    ],
    [
      "a plan for later gateways",
      () => replanned(unsigned, (plan) => (plan.version = 9)),
      "422 ARTIFACT_FORMAT_UNKNOWN",
    ],
    [
      "a plan that leads nowhere",
      () => replanned(unsigned, (plan) => (plan.operations[0].dispatch = 9)),
      "422 ARTIFACT_UNUSABLE",
    ],
  ])("%s", async (_, bytes, answer) => {
    expect(await refusedWhole(project, bytes())).toStartWith(`${answer}:`);
  });

  test.each<[string, () => Uint8Array, string]>([
    ["no signature", () => unsigned, "422 ARTIFACT_NOT_SIGNED"],
    ["another's signature", () => foreign, "422 ARTIFACT_NOT_TRUSTED"],
    [
      "another's signature in the name of the right key",
      () => altered(foreign, (text) => text.replace(keyIdOf(theirs.publicKey), keyId)),
      "422 ARTIFACT_SIGNATURE_WRONG",
    ],
    [
      "a signature of something else",
      () => altered(signed, (text) => text.replace(/"signature":"..../, '"signature":"AAAA')),
      "422 ARTIFACT_SIGNATURE_WRONG",
    ],
  ])("where keys are trusted, %s", async (_, bytes, answer) => {
    expect(await refusedWhole(trusting, bytes())).toStartWith(`${answer}:`);
  });

  test.each([
    ["another digest", { "content-digest": `sha-256=:${sha256(Buffer.from("x"))}:` }, "400 CONTENT_DIGEST_MISMATCH"],
    [
      "another digest under the other name",
      { "repr-digest": `sha-256=:${sha256(Buffer.from("x"))}:` },
      "400 CONTENT_DIGEST_MISMATCH",
    ],
    ["a digest that is none", { "content-digest": "sha-256=abc" }, "400 INVALID_DIGEST"],
    ["the type of a form", { "content-type": "application/x-www-form-urlencoded" }, "415 UNSUPPORTED_MEDIA_TYPE"],
    ["a coding", { "content-encoding": "gzip" }, "415 UNSUPPORTED_MEDIA_TYPE"],
    ["a key that is none", { "idempotency-key": "a".repeat(300) }, "400 INVALID_IDEMPOTENCY_KEY"],
  ])("with %s", async (_, headers, answer) => {
    expect(await refusedWhole(project, unsigned, headers)).toStartWith(`${answer}:`);
  });

  test("more than is taken, whether it is announced or not", async () => {
    const piece = new Uint8Array(1024 * 1024);
    let pieces = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pieces++;
        controller.enqueue(piece);
      },
    });
    expect(await refusedWhole(project, endless)).toStartWith("413 ");
    expect(pieces).toBeGreaterThanOrEqual(BLOB_BYTES_MAX / piece.length);
    const ask = await new Promise<string>((resolve, reject) => {
      const url = new URL(world.api.url);
      const socket = connect(Number(url.port), url.hostname);
      let said = "";
      socket.on("data", (chunk) => (said += chunk.toString()));
      socket.on("close", () => resolve(said));
      socket.on("error", reject);
      socket.write(
        `POST /v1/projects/${project}/artifacts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ci.token}\r\nContent-Length: ${BLOB_BYTES_MAX + 1}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n`,
      );
    });
    // Without a single octet of it.
    expect(ask).toStartWith("HTTP/1.1 413 ");
  });

  test("one whose sender goes away", async () => {
    const [head, blobs] = [world.core.head, await blobNames()];
    const url = new URL(world.api.url);
    const socket = connect(Number(url.port), url.hostname);
    socket.write(
      `POST /v1/projects/${project}/artifacts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${ci.token}\r\nContent-Length: ${unsigned.length}\r\n\r\n`,
    );
    socket.write(unsigned.subarray(0, 1_000));
    await until("it has come in", () => room.bytes === 1_000);
    socket.destroy();
    await until("it is forgotten", () => room.bytes === 0);
    expect([world.core.head, await blobNames()]).toEqual([head, blobs]);
  });

  test("one more than there is room for; then there is room again", async () => {
    const held = room.enter("another org")!;
    held.take(ROOM_BYTES - 1_000);
    const answer = await upload(project, unsigned);
    expect(answer).toMatchObject({ status: 503, body: { code: "UPLOADS_BUSY", retryable: true } });
    expect(answer.headers.get("retry-after")).toBe("5");
    held.release();
    const own = Array.from({ length: 8 }, () => room.enter(org)!);
    expect(await refusedWhole(project, unsigned)).toStartWith("503 UPLOADS_BUSY");
    for (const one of own) one.release();
    expect(await refusedWhole(project, Buffer.from("none"))).toStartWith("422 ARTIFACT_MALFORMED");
  });

  test("one that the project has no room for: what was kept of it goes again", async () => {
    const full = await newProject("full");
    const artifact = { compiler: "1", operations: 1, sizeBytes: 2 ** 40 };
    const digest = `sha256:${"0".repeat(64)}`;
    await done(world, {
      type: "gatewayArtifact.upload",
      accountId: org,
      projectId: full,
      artifact: { ...artifact, digest, contentDigest: digest },
      signatures: [],
      uploadedBy: "system:test",
    });
    const blobs = await blobNames();
    const answer = await upload(full, unsigned);
    expect(answer).toMatchObject({ status: 409, body: { code: "LimitExceeded" } });
    expect(await blobNames()).toEqual(blobs);
    // The same octets in a project that has room are kept, and stay when they are refused elsewhere.
    const roomy = await newProject("roomy");
    const { id } = (await upload(roomy, unsigned)).body;
    expect((await upload(full, unsigned)).status).toBe(409);
    const { contentDigest } = world.core.views.record("gatewayArtifact", id)!;
    expect(await world.core.gatewayBlobs.sizeOf(contentDigest)).toBe(unsigned.byteLength);
  });

  test("one that is signed by a key that is trusted no more when it is decided", async () => {
    const late = await newProject("late");
    await trust(late);
    // Just when its octets are on disk.
    const { gatewayBlobs } = world.core;
    const put = gatewayBlobs.put.bind(gatewayBlobs);
    const mutable = gatewayBlobs as { put: typeof put };
    mutable.put = async (contents) => {
      const hold = await put(contents);
      await trust(late, "ci", theirs.publicKey);
      return hold;
    };
    const blobs = await blobNames();
    try {
      expect(await upload(late, compiled("Late", [ours.privateKey]).bytes)).toMatchObject({
        status: 409,
        body: { code: "ArtifactNotTrusted" },
      });
    } finally {
      mutable.put = put;
    }
    expect(await blobNames()).toEqual(blobs);
  });
});

describe("keys that a project trusts", () => {
  test("are put by name, shown, replaced and taken away; by people who may make keys", async () => {
    const project = await newProject("keys");
    const at = `/v1/projects/${project}/trusted-keys`;
    const put = await trust(project, "ci");
    expect(put).toMatchObject({
      status: 200,
      body: { project_id: project, name: "ci", key_id: keyId, public_key: pemOf(ours.publicKey) },
    });
    expect((await trust(project, "ci")).body).toEqual(put.body);
    for (const named of ["ci", "CI", put.body.id]) {
      expect((await call("GET", `${at}/${named}`)).body).toEqual(put.body);
    }
    expect((await call("GET", at, undefined, developer)).body.items).toEqual([put.body]);
    const refused = await call("PUT", `${at}/mine`, { public_key: pemOf(theirs.publicKey) }, developer);
    expect(refused).toMatchObject({ status: 403, body: { code: "INSUFFICIENT_SCOPE" } });
    expect((await call("DELETE", `${at}/ci`, undefined, developer)).status).toBe(403);
    const other = await trust(project, "ci", theirs.publicKey);
    expect(other.body).toMatchObject({ id: put.body.id, key_id: keyIdOf(theirs.publicKey), resource_version: 2 });
    expect(await call("PUT", `${at}/alias`, { public_key: pemOf(theirs.publicKey) })).toMatchObject({
      status: 409,
      body: { code: "ResourceAlreadyExists" },
    });
    for (const public_key of ["", 7, null, [pemOf(ours.publicKey)]]) {
      expect(await call("PUT", `${at}/x`, { public_key })).toMatchObject({
        status: 400,
        body: { code: "ValidationFailed" },
      });
    }
    const detail = (await call("PUT", `${at}/x`, { public_key: "no key" })).body.detail;
    expect(detail).toStartWith("public_key must be");
    expect((await call("DELETE", `${at}/ci`)).status).toBe(200);
    expect((await call("GET", `${at}/ci`)).status).toBe(404);
    // Of another project they are not there.
    const elsewhere = await newProject("elsewhere");
    const { id } = (await trust(elsewhere, "other")).body;
    expect((await call("GET", `${at}/${id}`)).status).toBe(404);
    expect((await call("DELETE", `${at}/${id}`)).status).toBe(404);
  });

  test("count for what was uploaded before, too", async () => {
    const project = await newProject("before");
    const { bytes } = compiled("Before", [ours.privateKey]);
    const made = await upload(project, bytes);
    expect(made.body.signatures).toEqual([{ key_id: keyId, verified: false }]);
    await trust(project);
    const deploy = () => call("POST", `/v1/projects/${project}/deploy`, { artifact_id: made.body.id });
    expect(await deploy()).toMatchObject({ status: 409, body: { code: "ArtifactNotTrusted" } });
    const again = await upload(project, bytes);
    expect(again).toMatchObject({ status: 200, body: { id: made.body.id, signatures: [{ verified: true }] } });
    expect((await deploy()).status).toBe(202);
  });
});
