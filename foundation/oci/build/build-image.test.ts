import { describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import fc from "fast-check";
import { skipUnless } from "../../../tests/support/skips.ts";
import { pullImage } from "../pull-image.ts";
import { archiveSource, layoutSource } from "../sources/layout-source.ts";
import { openBlobStore } from "../store/open-blob-store.ts";
import { temporaryDirectory, treeOf } from "../testing/image-fixture.ts";
import { unpackImage } from "../unpack-image.ts";
import { buildImage } from "./build-image.ts";
import { ignoreRules } from "./ignore-rules.ts";

const PART = fc.constantFrom("a", "b", "Ünïcode", "with space", "n".repeat(120), ".hidden");
const TREE = fc.uniqueArray(
  fc.record({
    path: fc.array(PART, { minLength: 1, maxLength: 3 }).map((parts) => `${parts.join("/")}.f`),
    text: fc.string({ maxLength: 1500 }),
    kind: fc.constantFrom("plain", "executable", "link"),
  }),
  { selector: (made) => made.path, maxLength: 12 },
);

function makeTree(root: string, files: readonly { path: string; text: string; kind: string }[]): void {
  mkdirSync(root);
  for (const { path, text, kind } of files) {
    mkdirSync(dirname(`${root}/${path}`), { recursive: true });
    if (kind === "link") symlinkSync("/some where", `${root}/${path}`);
    else writeFileSync(`${root}/${path}`, text);
    if (kind !== "link") chmodSync(`${root}/${path}`, kind === "executable" ? 0o755 : 0o644);
  }
}

describe("buildImage()", () => {
  test("directory → image → directory is the same tree, and the same digest from a copy of other age", async () => {
    await fc.assert(
      fc.asyncProperty(TREE, async (files) => {
        using scratch = temporaryDirectory();
        const { path } = scratch;
        makeTree(`${path}/one`, files);
        makeTree(`${path}/two`, [...files].reverse());
        for (const { path: name, kind } of files) if (kind !== "link") utimesSync(`${path}/two/${name}`, 1, 1);
        const store = await openBlobStore(`${path}/store`);
        const image = await buildImage({ directory: `${path}/one`, store, name: "app" });
        const again = await buildImage({ directory: `${path}/two`, store, name: "again" });
        expect(again.rootDigest).toBe(image.rootDigest);
        await unpackImage({ store, image, target: `${path}/root`, ownership: { kind: "mine" } });
        expect(treeOf(`${path}/root`)).toEqual(treeOf(`${path}/one`));
      }),
      { numRuns: 15 },
    );
  });

  test("leaves out what the ignore file names", async () => {
    using scratch = temporaryDirectory();
    makeTree(
      `${scratch.path}/src`,
      ["a.log", "keep.log", "dist/x", "sub/dist/x", ".git/config", "sub/a"].map((path) => ({
        path,
        text: "",
        kind: "plain",
      })),
    );
    const store = await openBlobStore(`${scratch.path}/store`);
    const ignore = ignoreRules("*.log\n!keep.log\n/dist/\n");
    const image = await buildImage({ directory: `${scratch.path}/src`, store, name: "app", prefix: "app", ignore });
    await unpackImage({ store, image, target: `${scratch.path}/root`, ownership: { kind: "mine" } });
    expect(Object.keys(treeOf(`${scratch.path}/root/app`))).toEqual([
      "keep.log",
      "sub",
      "sub/a",
      "sub/dist",
      "sub/dist/x",
    ]);
  });
});

const withSkopeo = skipUnless(Bun.which("skopeo") !== null, "skopeo is not installed");
const withUmoci = skipUnless(Bun.which("umoci") !== null, "umoci is not installed");

/** A small image in a store, for other programs to read. */
async function sample(path: string) {
  makeTree(`${path}/src`, [
    { path: "bin/run", text: "#!/bin/sh\n", kind: "executable" },
    { path: "l", text: "", kind: "link" },
  ]);
  const store = await openBlobStore(`${path}/store`);
  const platform = { os: "linux", architecture: "amd64" };
  const image = await buildImage({
    directory: `${path}/src`,
    store,
    name: "app",
    platform,
    settings: { command: ["/bin/run"] },
  });
  return { image, platform, tree: treeOf(`${path}/src`) };
}

function run(...command: readonly string[]): void {
  const done = Bun.spawnSync([...command]);
  expect({ command, exit: done.exitCode, said: done.exitCode === 0 ? "" : done.stderr.toString() }).toEqual({
    command,
    exit: 0,
    said: "",
  });
}

for (const kind of ["oci", "oci-archive", "docker-archive"] as const) {
  withSkopeo(`skopeo copies our layout to ${kind}, and we read that back`, async () => {
    using scratch = temporaryDirectory();
    const { path } = scratch;
    const { platform, tree } = await sample(path);
    run("skopeo", "--insecure-policy", "copy", `oci:${path}/store:app`, `${kind}:${path}/copy:app:1`);
    const source = kind === "oci" ? layoutSource(`${path}/copy`) : await archiveSource(`${path}/copy`);
    const store = await openBlobStore(`${path}/other`);
    const image = await pullImage({ source, store, name: "app", platform });
    expect(image.config.command).toEqual(["/bin/run"]);
    await unpackImage({ store, image, target: `${path}/root`, ownership: { kind: "mine" } });
    expect(treeOf(`${path}/root`)).toEqual(tree);
  });
}

withUmoci("umoci unpacks our layout to the same tree", async () => {
  using scratch = temporaryDirectory();
  const { tree } = await sample(scratch.path);
  run("umoci", "unpack", "--rootless", "--image", `${scratch.path}/store:app`, `${scratch.path}/bundle`);
  expect(treeOf(`${scratch.path}/bundle/rootfs`)).toEqual(tree);
});
