import { describe, expect, test } from "bun:test";
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { skipUnless } from "../../../tests/support/skips.ts";
import { digestOf } from "../content/digest.ts";
import { DEFAULT_IMAGE_LIMITS } from "../limits.ts";
import {
  chunked,
  directory,
  file,
  link,
  type Made,
  tarOf,
  temporaryDirectory,
  treeOf,
  unpackLayers,
} from "../testing/image-fixture.ts";
import { TreeUnpacker } from "./tree-unpacker.ts";

/** Unpacks layers and shows the tree. */
async function unpacked(...layers: readonly (readonly Made[])[]): Promise<Record<string, string>> {
  using scratch = temporaryDirectory();
  const root = `${scratch.path}/root`;
  await unpackLayers(
    root,
    layers.map((entries) => tarOf(...entries)),
  );
  return treeOf(root);
}

describe("layers over each other", () => {
  test("a later file takes the place of an earlier one, and a directory keeps what it has", async () => {
    const lower = [directory("a", 0o700), file("a/one", "1"), file("a/two", "2")];
    expect(await unpacked(lower, [directory("a", 0o750), file("a/two", "II")])).toEqual({
      a: "dir:750",
      "a/one": "file:644:1",
      "a/two": "file:644:II",
    });
  });

  test("a whiteout hides a file or a whole directory of the layers below", async () => {
    const lower = [file("a/b/one"), file("a/b/two"), file("a/three"), file("four")];
    expect(Object.keys(await unpacked(lower, [file("a/.wh.b"), file(".wh.four")]))).toEqual(["a", "a/three"]);
  });

  test("a whiteout does not touch what its own layer makes, before or after it", async () => {
    const lower = [file("a/old"), file("b/old")];
    const upper = [file("a/new"), file(".wh.a"), file(".wh.b"), file("b/new")];
    expect(Object.keys(await unpacked(lower, upper))).toEqual(["a", "a/new", "b", "b/new"]);
  });

  test("an opaque directory hides all of the layers below, wherever in its layer the mark stands", async () => {
    const upper = [file("a/new"), file("a/.wh..wh..opq"), file("a/late")];
    expect(Object.keys(await unpacked([file("a/old"), file("a/deep/old")], upper))).toEqual(["a", "a/late", "a/new"]);
  });

  test("every kind changes into every other between layers", async () => {
    const kinds: Record<string, readonly Made[]> = {
      file: [file("x", "f")],
      directory: [directory("x"), file("x/in", "d")],
      symlink: [link("x", "target")],
      hardlink: [file("other", "h"), link("x", "other", "hardlink")],
    };
    for (const lower of Object.keys(kinds)) {
      for (const upper of Object.keys(kinds)) {
        const tree = await unpacked(kinds[lower]!, kinds[upper]!);
        const alone = await unpacked(kinds[upper]!);
        expect({ lower, upper, x: tree.x, inside: tree["x/in"] }).toEqual({
          lower,
          upper,
          x: alone.x,
          inside: alone["x/in"],
        });
      }
    }
  });

  test("an entry that occurs twice counts as it was written last", async () => {
    expect(await unpacked([file("a", "first"), directory("a"), file("a", "last")])).toEqual({ a: "file:644:last" });
  });

  test("read-only directories can be filled, and parents that no entry names are made", async () => {
    expect(await unpacked([directory("ro", 0o555), file("ro/a")], [file("ro/b"), file("x/y/z")])).toEqual({
      ro: "dir:555",
      "ro/a": "file:644:",
      "ro/b": "file:644:",
      x: "dir:755",
      "x/y": "dir:755",
      "x/y/z": "file:644:",
    });
  });

  test("hard links share one file; overwriting one name leaves the other", async () => {
    using scratch = temporaryDirectory();
    const root = `${scratch.path}/root`;
    await unpackLayers(root, [tarOf(file("a", "old"), link("b", "/a", "hardlink")), tarOf(file("a", "new"))]);
    expect(treeOf(root)).toEqual({ a: "file:644:new", b: "file:644:old" });
  });

  test("devices and pipes are left out and counted, and hide what was there", async () => {
    using scratch = temporaryDirectory();
    const root = `${scratch.path}/root`;
    const devices = (["character", "block", "fifo"] as const).map((kind) => ({ path: `dev/${kind}`, kind }));
    const report = await unpackLayers(root, [tarOf(file("dev/fifo")), tarOf(...devices)]);
    expect(report.skippedDevices).toBe(3);
    expect(treeOf(root)).toEqual({ dev: "dir:755" });
  });
});

describe("nothing leaves the root", () => {
  /** Unpacks beside a file that must stay as it is, in a directory where nothing may appear. */
  async function attack(...layers: readonly (readonly Made[])[]): Promise<string | undefined> {
    using scratch = temporaryDirectory();
    const outside = `${scratch.path}/outside`;
    mkdirSync(outside);
    writeFileSync(`${outside}/secret`, "secret", { mode: 0o600 });
    const absolute = layers.map((entries) =>
      tarOf(
        ...entries.map((entry) => ({ ...entry, linkPath: (entry.linkPath ?? "").replace("OUTSIDE", outside) }) as Made),
      ),
    );
    let code: string | undefined;
    try {
      await unpackLayers(`${scratch.path}/root`, absolute);
    } catch (error) {
      code = (error as { code?: string }).code ?? String(error);
    }
    expect(readdirSync(scratch.path).sort()).toEqual(["outside", "root"]);
    expect(readdirSync(outside)).toEqual(["secret"]);
    expect(readFileSync(`${outside}/secret`, "utf8")).toBe("secret");
    expect(lstatSync(`${outside}/secret`).mode & 0o777).toBe(0o600);
    expect(lstatSync(`${outside}/secret`).nlink).toBe(1);
    return code;
  }

  test.each<[string, readonly (readonly Made[])[], string | undefined]>([
    ["a path with ..", [[file("../outside/new", "x")]], "image_layer_invalid"],
    ["a path with .. in the middle", [[file("a/../../outside/secret", "x")]], "image_layer_invalid"],
    ["an absolute path", [[file("/outside/secret", "x")]], undefined],
    ["a link to a directory outside as parent", [[link("a", "OUTSIDE"), file("a/secret", "x")]], undefined],
    ["a relative link outside as parent", [[link("a", "../outside"), file("a/secret", "x")]], undefined],
    ["a link to a link outside", [[link("b", "../outside"), link("a", "b"), file("a/secret", "x")]], undefined],
    ["a file over a link that points outside", [[link("a", "OUTSIDE/secret")], [file("a", "x")]], undefined],
    [
      "a directory over a link that points outside",
      [[link("a", "OUTSIDE")], [directory("a", 0o777), file("a/new")]],
      undefined,
    ],
    [
      "a directory swapped for a link after it was used",
      [[file("a/one"), file(".wh.a"), link("a", "OUTSIDE"), file("a/new")]],
      undefined,
    ],
    ["the same between layers", [[file("a/one")], [link("a", "OUTSIDE"), file("a/secret", "x")]], undefined],
    ["modes of a directory that became a link", [[directory("a", 0o777)], [link("a", "OUTSIDE")]], undefined],
    ["a hard link to a file outside by ..", [[link("a", "../outside/secret", "hardlink")]], "image_layer_invalid"],
    ["a hard link to a file outside, absolute", [[link("a", "OUTSIDE/secret", "hardlink")]], "image_layer_invalid"],
    ["a hard link through a link", [[link("d", "OUTSIDE"), link("a", "d/secret", "hardlink")]], "image_layer_invalid"],
    [
      "writing through a hard link to a link outside",
      [[link("l", "OUTSIDE/secret"), link("h", "l", "hardlink"), file("h", "x")]],
      undefined,
    ],
    ["a whiteout through a link", [[link("a", "OUTSIDE")], [file("a/.wh.secret")]], undefined],
    ["an opaque mark through a link", [[link("a", "OUTSIDE")], [file("a/.wh..wh..opq")]], undefined],
    ["a whiteout of ..", [[file("a/.wh...")]], "image_layer_invalid"],
    ["a whiteout of .", [[file("a/.wh..")]], "image_layer_invalid"],
    ["a whiteout of nothing", [[file("a/.wh.")]], "image_layer_invalid"],
    ["links in a circle", [[link("a", "b"), link("b", "a"), file("a/x")]], "image_layer_invalid"],
    ["a file as a directory", [[file("a"), file("a/x")]], "image_layer_invalid"],
    ["the root as a file", [[file("./", "x")].map((made) => ({ ...made, path: "." }))], "image_layer_invalid"],
    ["a hard link to a directory", [[directory("d"), link("a", "d", "hardlink")]], "image_layer_invalid"],
    ["a hard link to nothing", [[link("a", "b", "hardlink")]], "image_layer_invalid"],
    ["a name that is too long", [[file("n".repeat(256))]], "image_layer_invalid"],
    ["a path that is too long", [[file("n/".repeat(2100))]], "image_layer_invalid"],
  ])("%s", async (_name, layers, code) => {
    expect(await attack(...layers)).toBe(code);
  });

  test("a link among the parents is followed as a process in the container would follow it", async () => {
    const tree = await unpacked([directory("usr/lib"), link("lib", "/usr/lib")], [file("lib/new", "x")]);
    expect(tree).toMatchObject({ lib: "link:/usr/lib", "usr/lib/new": "file:644:x" });
  });
});

describe("limits and damage", () => {
  const failure = async (layer: Uint8Array, limits: object): Promise<unknown> => {
    using scratch = temporaryDirectory();
    return await unpackLayers(`${scratch.path}/root`, [layer], { limits }).then(
      () => "unpacked",
      (error) => (error as { code?: string }).code,
    );
  };

  test("a bomb is stopped after as many bytes as are allowed", async () => {
    const bomb = Bun.gzipSync(tarOf(file("zeros", "\0".repeat(8_000_000))));
    expect(bomb.length).toBeLessThan(20_000);
    expect(await failure(bomb, { unpackedBytes: 1_000_000 })).toBe("image_too_large");
  });

  test("more entries than allowed are refused", async () => {
    expect(await failure(tarOf(file("a"), file("b"), file("c")), { entries: 2 })).toBe("image_too_large");
  });

  test("the digest before compression is checked", async () => {
    using scratch = temporaryDirectory();
    const layer = tarOf(file("a", "text"));
    mkdirSync(`${scratch.path}/root`);
    const unpacker = new TreeUnpacker(`${scratch.path}/root`, {
      ownership: { kind: "mine" },
      limits: DEFAULT_IMAGE_LIMITS,
    });
    await unpacker.layer(chunked(Bun.gzipSync(layer)), digestOf(layer));
    await unpacker.layer(chunked(Bun.zstdCompressSync(layer)), digestOf(layer));
    await expect(unpacker.layer(chunked(layer), digestOf("other"))).rejects.toMatchObject({
      code: "image_layer_invalid",
    });
  });

  test("damaged compression and cut archives are refused", async () => {
    const layer = tarOf(file("a", "text".repeat(1000)));
    const damaged = Buffer.from(Bun.gzipSync(layer));
    damaged[damaged.length >> 1]! ^= 0xff;
    expect(await failure(damaged, {})).toBe("image_layer_invalid");
    expect(await failure(layer.subarray(0, 1000), {})).toBe("image_layer_invalid");
  });
});

const asRoot = skipUnless(process.getuid?.() === 0, "owners can be set by root only");

describe("owners", () => {
  const layer = tarOf(
    { path: "a", uid: 33, gid: 44, mode: 0o4755 },
    { path: "l", kind: "symlink", linkPath: "a", uid: 33 },
  );
  const owners = async (ownership: Parameters<typeof unpackLayers>[2]) => {
    using scratch = temporaryDirectory();
    await unpackLayers(`${scratch.path}/root`, [layer], ownership);
    const { uid, gid, mode } = lstatSync(`${scratch.path}/root/a`);
    return [uid, gid, (mode & 0o7777).toString(8), lstatSync(`${scratch.path}/root/l`).uid];
  };

  asRoot("are kept, with setuid", async () => {
    expect(await owners({ ownership: { kind: "keep" } })).toEqual([33, 44, "4755", 33]);
  });

  asRoot("are shifted into ranges", async () => {
    const range = [{ inside: 0, outside: 100_000, size: 1000 }];
    expect(await owners({ ownership: { kind: "map", users: range, groups: range } })).toEqual([
      100_033,
      100_044,
      "4755",
      100_033,
    ]);
  });

  test("an owner outside of the ranges is refused", async () => {
    const ownership = { kind: "map", users: [], groups: [] } as const;
    await expect(owners({ ownership })).rejects.toMatchObject({ code: "image_layer_invalid" });
  });

  test("are ours without root, and setuid is dropped", async () => {
    expect((await owners({ ownership: { kind: "mine" } }))[2]).toBe("755");
  });
});
