/** Artifacts that are compiled and signed by the command line in a folder, as a CI does, and brought to a fleet: by processes only. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyIdOf } from "#foundation/sealed-archive";
import { PROGRAM } from "../support/cloud.ts";
import { skipUnless } from "../support/skips.ts";
import { until } from "../support/until.ts";
import { descriptionSaying } from "./support/artifacts.ts";
import { createFleet, type FleetGatewayProcess } from "./support/fleet.ts";

setDefaultTimeout(120_000);

const fleet = createFleet();
const folder = mkdtempSync(join(tmpdir(), "biplane-elsewhere-"));
let shop: string;
/** A project that trusts nobody. */
let open: string;
let pinned: FleetGatewayProcess;
let pinnedInOpen: FleetGatewayProcess;

/** A key pair as files. */
function newKey(name: string) {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const files = { secret: join(folder, `${name}.pem`), public: join(folder, `${name}.pub`) };
  writeFileSync(files.secret, String(privateKey.export({ type: "pkcs8", format: "pem" })));
  writeFileSync(files.public, String(publicKey.export({ type: "spki", format: "pem" })));
  return { ...files, id: keyIdOf(publicKey) };
}
const ours = newKey("ours");
const theirs = newKey("theirs");

/** `biplane gateway compile` in a folder with nothing else in it. @returns the file */
async function compile(name: string, says: string, signingKey?: string): Promise<string> {
  const at = join(folder, name);
  mkdirSync(join(at, "specs"), { recursive: true });
  writeFileSync(join(at, "specs/api.yaml"), descriptionSaying(says));
  const child = Bun.spawn([...PROGRAM, "gateway", "compile", "-o", "out.bca", "--provenance-commit", "c0ffee"], {
    cwd: at,
    env: {
      PATH: process.env.PATH,
      NO_COLOR: "1",
      ...(signingKey === undefined ? {} : { BIPLANE_SIGNING_KEY: signingKey }),
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const said = (await new Response(child.stdout).text()) + (await new Response(child.stderr).text());
  if ((await child.exited) !== 0) throw new Error(said);
  return join(at, "out.bca");
}

const gateway = (project: string, ...args: readonly string[]) => fleet.cli("gateway", ...args, "--project", project);

/** @returns what the API says of the artifact */
async function uploaded(project: string, file: string): Promise<Record<string, unknown> & { readonly id: string }> {
  const answer = await gateway(project, "artifacts", "upload", file, "--json");
  if (answer.code !== 0) throw new Error(answer.stderr);
  return JSON.parse(answer.stdout);
}

const shown = async (project: string) => (await fleet.gateways(project))[0] as unknown as Record<string, unknown>;

beforeAll(async () => {
  await fleet.startControl();
  [shop, open] = [await fleet.project("shop"), await fleet.project("open")];
  const start = async (name: string, projectId: string) =>
    fleet.startGateway(name, {
      projectId,
      key: (await fleet.key(projectId, "edges")).key,
      options: ["--trusted-key", ours.public],
    });
  [pinned, pinnedInOpen] = [await start("pinned", shop), await start("pinned-in-open", open)];
  expect(await gateway(shop, "trusted-keys", "put", "ci", ours.public)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await fleet.dispose();
  rmSync(folder, { recursive: true, force: true });
});

describe("an artifact that a CI has compiled and signed", () => {
  test("is uploaded, deployed, verified by a gateway with its own key, and served; and the one before is gone back to", async () => {
    const first = await uploaded(shop, await compile("first", "first", ours.secret));
    expect(first).toMatchObject({
      origin: "upload",
      commit: "c0ffee",
      uploaded_by: "token:root",
      signatures: [{ key_id: ours.id, verified: true }],
    });
    expect(await gateway(shop, "deploy", first.id)).toMatchObject({ code: 0 });
    await until("the gateway serves it", async () => (await pinned.says()) === "first");
    await until("and says so", async () => (await shown(shop)).drift === false);
    expect(await shown(shop)).toMatchObject({ artifact_id: first.id, artifact_digest: first.digest });

    const second = await uploaded(shop, await compile("second", "second", ours.secret));
    expect(await gateway(shop, "deploy", second.id, "--stages", "50%,100%", "--bake", "0s")).toMatchObject({
      code: 0,
    });
    await until("the gateway serves the second", async () => (await pinned.says()) === "second");
    expect(await gateway(shop, "rollback")).toMatchObject({ code: 0 });
    await until("the gateway serves the first again", async () => (await pinned.says()) === "first");
  });

  test("is the same one when it comes again, and comes back as it went", async () => {
    const file = await compile("again", "again", ours.secret);
    const one = await uploaded(shop, file);
    expect((await uploaded(shop, file)).id).toBe(one.id);
    const said = await gateway(shop, "artifacts", "upload", file, "--trusted-key", ours.public);
    expect(said.stdout).toContain(`signed by ${ours.id.slice(0, 16)}; it was there already`);
    const back = join(folder, "back.bca");
    expect(await gateway(shop, "artifacts", "download", one.id, "-o", back)).toMatchObject({ code: 0 });
    expect(readFileSync(back)).toEqual(readFileSync(file));
    const listed = await gateway(shop, "artifacts", "list");
    expect(listed.stdout).toContain("uploaded by token:root");
    expect(JSON.parse((await gateway(shop, "artifacts", "show", one.id, "--json")).stdout)).toMatchObject(one);
    expect(await gateway(shop, "artifacts", "delete", one.id)).toMatchObject({ code: 0 });
    expect((await gateway(shop, "artifacts", "show", one.id)).code).not.toBe(0);
  });
});

describe("an artifact that another key has signed, or none", () => {
  test.each([
    ["another's", () => theirs.secret, "the project trusts"],
    ["nobody's", () => undefined, "not signed"],
  ])("%s is refused by the control plane", async (name, key, words) => {
    const file = await compile(`refused-${name.slice(0, 3)}`, name, key());
    const refused = await gateway(shop, "artifacts", "upload", file);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain(words);
    // Who says which key it must be finds out before anything is sent.
    const local = await gateway(shop, "artifacts", "upload", file, "--trusted-key", ours.public);
    expect(local).toMatchObject({ code: 1 });
    expect(local.stdout).toContain("not in order");
    expect(await pinned.says()).toBe("first");
  });

  test("is refused by a gateway with a key of its own, where the control plane asks for none; the same, signed, is served", async () => {
    const foreign = await uploaded(open, await compile("foreign", "from elsewhere", theirs.secret));
    expect(foreign).toMatchObject({ signatures: [{ key_id: theirs.id, verified: false }] });
    expect(await gateway(open, "deploy", foreign.id)).toMatchObject({ code: 0 });
    await until("the gateway says that it cannot", async () => "refusal" in (await shown(open)));
    expect(await shown(open)).toMatchObject({
      drift: true,
      refusal: { stage: "apply", reason: expect.stringContaining("None of the keys that are trusted has signed it") },
    });
    expect((await fetch(`${pinnedInOpen.url}/version`)).status).toBe(503);
    // The same contents: one digest, another artifact.
    const signed = await uploaded(open, await compile("signed", "from elsewhere", ours.secret));
    expect(signed.digest).toBe(foreign.digest);
    expect(signed.id).not.toBe(foreign.id);
    expect(await gateway(open, "deploy", signed.id)).toMatchObject({ code: 0 });
    await until("the gateway serves it", async () => (await pinnedInOpen.says()) === "from elsewhere");
    await until("and says so", async () => (await shown(open)).artifact_id === signed.id);
  });

  test("is deployed no more when its key is trusted no more, and the way back stays open", async () => {
    const late = await uploaded(shop, await compile("late", "late", ours.secret));
    expect(await gateway(shop, "deploy", late.id)).toMatchObject({ code: 0 });
    await until("the gateway serves it", async () => (await pinned.says()) === "late");
    expect(await gateway(shop, "trusted-keys", "put", "next", theirs.public)).toMatchObject({ code: 0 });
    expect(await gateway(shop, "trusted-keys", "delete", "ci")).toMatchObject({ code: 0 });
    const listed = await gateway(shop, "trusted-keys", "list");
    expect(listed.stdout).toContain(theirs.id.slice(0, 16));
    expect(listed.stdout).not.toContain(ours.id.slice(0, 16));
    const refused = await gateway(shop, "deploy", late.id, "--stages", "50%,100%");
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain("no key that the project trusts (next)");
    expect(await gateway(shop, "rollback")).toMatchObject({ code: 0 });
    await until("the gateway serves what was before", async () => (await pinned.says()) === "first");
  });
});

const withOpenSsl = skipUnless(Bun.which("openssl") !== null, "openssl is not installed: it makes the keys");

withOpenSsl("what docs/gateway.md says of a CI works when it is pasted", async () => {
  const page = readFileSync(join(import.meta.dir, "../../docs/gateway.md"), "utf8");
  const script = /### Artifacts that a CI compiles\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(page)![1]!;
  const project = await fleet.project("pasted");
  const at = join(folder, "pasted");
  mkdirSync(join(at, "specs"), { recursive: true });
  writeFileSync(join(at, "specs/api.yaml"), descriptionSaying("pasted"));
  writeFileSync(join(at, "biplane"), `#!/bin/sh\nexec ${PROGRAM.map((part) => `"${part}"`).join(" ")} "$@"\n`);
  chmodSync(join(at, "biplane"), 0o755);
  // There is no repository here that has a commit.
  const child = Bun.spawn(["sh", "-ec", script.replace("$(git rev-parse HEAD)", "c0ffee")], {
    cwd: at,
    stdout: "pipe",
    stderr: "pipe",
    env: {
      PATH: `${at}:${process.env.PATH}`,
      BIPLANE_DATA: fleet.dataDirectory,
      BIPLANE_PROJECT: project,
      NO_COLOR: "1",
    },
  });
  const [, complaints, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  expect({ code, complaints: code === 0 ? "" : complaints }).toEqual({ code: 0, complaints: "" });
  const { artifact_id: id } = await fleet.call("GET", `/v1/projects/${project}/deployments/current`);
  expect(await fleet.call("GET", `/v1/artifacts/${id}`)).toMatchObject({
    origin: "upload",
    commit: "c0ffee",
    signatures: [{ verified: true }],
  });
});
