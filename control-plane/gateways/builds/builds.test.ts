/** Builds in a whole control plane: compiled in a thread, and carried on by whoever comes after a crash. */
import { describe, expect, test } from "bun:test";
import type { AccountId, Command, EventId } from "#contracts";
import type { ControlPlane } from "#control-plane/core";
import { origin, withControlPlane } from "#control-plane/core/testing";
import type { CatalogReader } from "#control-plane/events";
import { compileGateway } from "#control-plane/gateways";
import type { BlobStore } from "#control-plane/gateways/blobs";
import { openGatewayArtifact } from "#foundation/gateway-artifact";
import { systemRandom, systemTimers } from "#foundation/runtime";
import { until } from "../../../tests/support/until.ts";
import type { CompileBuild } from "./build-input.ts";
import { createBuildRunner } from "./build-runner.ts";
import { compileBuild } from "./compile-build.ts";
import { createCompileThreads } from "./compile-thread.ts";

const API = `openapi: 3.1.0
info: { title: Shop, version: 1.0.0 }
paths:
  /orders:
    get:
      operationId: orders
      x-biplane-dispatch: { name: mock, config: { status: 200, body: "[]" } }
      responses: { "200": { description: all of them } }
`;

interface Project {
  readonly accountId: AccountId;
  readonly projectId: string;
}

async function project(core: ControlPlane, name = "web"): Promise<Project> {
  const accountId = (await core.ensureRoot()).accountId;
  const made = await core.execute({ type: "project.create", accountId, name }, origin());
  if (!made.ok) throw new Error(made.message);
  return { accountId, projectId: made.result.projectId };
}

async function spec(
  core: ControlPlane,
  { accountId, projectId }: Project,
  name: string,
  files: Record<string, string>,
) {
  const hold = await core.gatewayBlobs.put(Object.values(files).map((content) => Buffer.from(content)));
  const listed = Object.entries(files).map(([path, content], index) => ({
    path,
    digest: hold.digests[index]!,
    sizeBytes: Buffer.byteLength(content),
  }));
  const descriptions = Object.keys(files).filter((path) => path.endsWith(".yaml"));
  const made = await core.execute(
    { type: "gatewaySpec.create", accountId, projectId, name, files: listed, descriptions },
    origin(),
  );
  hold.release();
  if (!made.ok) throw new Error(made.message);
  return made.result;
}

async function request(core: ControlPlane, { accountId, projectId }: Project, revisions: readonly string[]) {
  const made = await core.execute(
    { type: "gatewayBuild.request", accountId, projectId, revisions, options: { source: "shop" } },
    origin(),
  );
  if (!made.ok) throw new Error(made.message);
  return made.result.buildId;
}

const finished = async (core: ControlPlane, buildId: string) => {
  await until("the build has an outcome", () => core.views.record("gatewayBuild", buildId)?.status !== "queued");
  return core.views.record("gatewayBuild", buildId)!;
};

/** In this thread, which is quicker. */
const here: CompileBuild = async (input) => compileBuild(input);

describe("a build", () => {
  test("gives the bytes that the command line gives, from a thread of its own", () =>
    withControlPlane(
      async ({ controlPlane: core }) => {
        const place = await project(core);
        const { revisionId } = await spec(core, place, "shop", { "shop.yaml": API });
        const build = await finished(core, await request(core, place, [revisionId]));
        expect(build).toMatchObject({ status: "succeeded", warnings: expect.any(Number) });
        const artifact = core.views.record("gatewayArtifact", build.artifactId!)!;
        const bytes = (await core.gatewayBlobs.read(artifact.contentDigest))!;
        const own = compileGateway({
          files: ["shop.yaml"],
          read: () => API,
          provenance: { compiler: "1.2.3", source: "shop" },
        }).artifact!;
        expect(Buffer.compare(bytes, own.bytes)).toBe(0);
        expect(artifact).toMatchObject({ digest: own.digest, sizeBytes: own.bytes.length, operations: 1 });
        expect(openGatewayArtifact(bytes).provenance.compiler).toBe("1.2.3");
      },
      { version: "1.2.3", compile: createCompileThreads(systemTimers) },
    ));

  test("that gives what is there already makes no second artifact", () =>
    withControlPlane(
      async ({ controlPlane: core }) => {
        const place = await project(core);
        const { revisionId } = await spec(core, place, "shop", { "shop.yaml": API });
        const builds = [await request(core, place, [revisionId]), await request(core, place, [revisionId])];
        const [one, other] = [await finished(core, builds[0]!), await finished(core, builds[1]!)];
        expect(other.artifactId).toBe(one.artifactId!);
        expect([...core.views.records("gatewayArtifact")]).toHaveLength(1);
      },
      { compile: here },
    ));

  test("fails with what the compiler says, with places", () =>
    withControlPlane(
      async ({ controlPlane: core }) => {
        const place = await project(core);
        const { revisionId } = await spec(core, place, "shop", { "shop.yaml": API.replace("mock", "nothing") });
        const build = await finished(core, await request(core, place, [revisionId]));
        expect(build.status).toBe("failed");
        expect(build.errors).toBeGreaterThan(0);
        expect(build.diagnostics![0]).toMatchObject({ level: "error", file: "shop.yaml", line: 7 });
      },
      { compile: here },
    ));

  test("of specs that want different files at one path fails, and says which", () =>
    withControlPlane(
      async ({ controlPlane: core }) => {
        const place = await project(core);
        const one = await spec(core, place, "one", { "shop.yaml": API });
        const other = await spec(core, place, "other", { "shop.yaml": `${API}# other\n` });
        const build = await finished(core, await request(core, place, [one.revisionId, other.revisionId]));
        expect(build).toMatchObject({ status: "failed", message: expect.stringContaining("one and other") });
      },
      { compile: here },
    ));

  test("that throws fails, and the next is carried out", () =>
    withControlPlane(
      async ({ controlPlane: core }) => {
        const place = await project(core);
        const bad = await spec(core, place, "bad", { "bad.yaml": `${API}# bad\n` });
        const good = await spec(core, place, "good", { "good.yaml": API });
        const builds = [await request(core, place, [bad.revisionId]), await request(core, place, [good.revisionId])];
        expect(await finished(core, builds[0]!)).toMatchObject({ status: "failed", message: "out of steam" });
        expect(await finished(core, builds[1]!)).toMatchObject({ status: "succeeded" });
      },
      {
        async compile(input) {
          if (input.specs[0]!.name === "bad") throw new Error("out of steam");
          return compileBuild(input);
        },
      },
    ));
});

describe("a control plane that ends", () => {
  /** Never done, until it is told to stop. */
  const stuck: CompileBuild = (_, signal) =>
    new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

  test("while it builds: the next one builds it, and those behind it", () =>
    withControlPlane(
      async (run) => {
        const place = await project(run.controlPlane);
        const { revisionId } = await spec(run.controlPlane, place, "shop", { "shop.yaml": API });
        const builds = [
          await request(run.controlPlane, place, [revisionId]),
          await request(run.controlPlane, place, [revisionId]),
        ];
        const after = await run.reopen({ compile: here });
        for (const buildId of builds) expect((await finished(after, buildId)).status).toBe("succeeded");
      },
      { compile: stuck },
    ));

  test("by the same build three times has it failed the fourth time", async () => {
    const documents = new Map<string, string>();
    const build = { buildId: "bld_1", projectId: "prj_1", revisions: [], options: {}, status: "queued", createdAt: 1 };
    let tried = 0;
    const outcomes: Command[] = [];
    const decided = Promise.withResolvers<void>();
    /** A process that is gone in the middle of a build, which closes nothing. */
    const start = () =>
      createBuildRunner({
        views: { inGroup: () => (outcomes.length === 0 ? [build] : []) } as unknown as CatalogReader,
        blobs: {} as BlobStore,
        store: {
          document: async (name) => documents.get(name),
          async putDocument({ name, text }) {
            if (text === null) documents.delete(name);
            else documents.set(name, text);
          },
        },
        async execute(command) {
          outcomes.push(command);
          decided.resolve();
          return { ok: true, eventId: 1 as EventId, result: {} };
        },
        compile() {
          tried++;
          return new Promise<never>(() => undefined);
        },
        version: "1.0.0",
        timers: systemTimers,
        random: systemRandom,
        onError: (message, error) => expect([message, error]).toEqual([]),
      });
    for (let lives = 1; lives <= 3; lives++) {
      start();
      await until("it is being built", () => tried === lives);
    }
    const last = start();
    await decided.promise;
    expect(outcomes).toMatchObject([
      { type: "gatewayBuild.fail", message: expect.stringContaining("did not survive") },
    ]);
    expect(tried).toBe(3);
    await last.close();
    expect([...documents]).toEqual([]);
  });
});
