import { expect, test } from "bun:test";
import type { Runtime } from "#foundation/runtime";
import { RUN_FOOT_BYTES } from "./format/run-frame.ts";
import { EngineCorruptionError, openEngine } from "./index.ts";
import {
  bytesOf,
  DIRECTORY,
  play,
  prepareDirectory,
  readEverything,
  readFile,
  rejection,
  writeFile,
} from "./testing/on-disk.ts";

const OPTIONS = { directory: DIRECTORY, blockBytes: 64, cacheBytes: 0 };

/** An engine with two runs, of several blocks, cleared keys and ranges; closed. Its files by name. */
async function makeFiles(runtime: Runtime): Promise<ReadonlyMap<string, Uint8Array>> {
  await prepareDirectory(runtime);
  const engine = await openEngine(runtime, OPTIONS);
  const sets = Array.from({ length: 9 }, (_, i) => {
    return { type: "set", key: bytesOf(`key-${i}`), value: bytesOf(`value of ${i}`) } as const;
  });
  await engine.flush({ version: 1n, changes: sets, meta: bytesOf("meta") });
  await engine.flush({
    version: 2n,
    changes: [
      { type: "clear", key: bytesOf("key-1") },
      { type: "clear_range", begin: bytesOf("key-3"), end: bytesOf("key-5") },
    ],
  });
  await engine.close();
  const files = new Map<string, Uint8Array>();
  for (const name of await runtime.disk.readDirectory(DIRECTORY)) files.set(name, await readFile(runtime, name));
  expect([...files.keys()]).toEqual(["manifest", "run-0000000000000001", "run-0000000000000002"]);
  return files;
}

/** Opens the engine, reads everything, checks everything. */
async function readWhole(runtime: Runtime): Promise<void> {
  const engine = await openEngine(runtime, OPTIONS);
  try {
    await readEverything(engine);
    await engine.verify();
  } finally {
    await engine.close();
  }
}

/** What reading everything fails with. */
function failureOf(runtime: Runtime): Promise<unknown> {
  return rejection(readWhole(runtime));
}

test("one bit flipped anywhere in any file is found, and the file is named", () => {
  play(async ({ runtime, disk }) => {
    const files = await makeFiles(runtime);
    for (const [name, bytes] of files) {
      for (let at = 0; at < bytes.length; at++) {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << (at & 7);
        await writeFile(runtime, name, damaged);
        const error = await failureOf(runtime);
        if (!(error instanceof EngineCorruptionError)) throw new Error(`byte ${at} of ${name}: ${String(error)}`);
        expect(error.file).toBe(`${DIRECTORY}/${name}`);
      }
      await writeFile(runtime, name, bytes);
    }
    await readWhole(runtime);
    expect(disk.opened.size).toBe(0);
  });
});

test("a file cut at any byte, or with a byte more, is refused", () => {
  play(async ({ runtime }) => {
    for (const [name, bytes] of await makeFiles(runtime)) {
      for (let length = 0; length <= bytes.length + 1; length++) {
        if (length === bytes.length) continue;
        const other = new Uint8Array(length);
        other.set(bytes.subarray(0, length));
        await writeFile(runtime, name, other);
        expect(await failureOf(runtime)).toBeInstanceOf(EngineCorruptionError);
      }
      await writeFile(runtime, name, bytes);
    }
  });
});

test("a run that is missing, exchanged for another or from another engine is refused", () => {
  play(async ({ runtime }) => {
    const files = await makeFiles(runtime);
    const [first, second] = ["run-0000000000000001", "run-0000000000000002"] as const;
    await runtime.disk.unlink(`${DIRECTORY}/${second}`);
    expect(String(await failureOf(runtime))).toContain("missing");
    await writeFile(runtime, second, files.get(first)!);
    expect(await failureOf(runtime)).toBeInstanceOf(EngineCorruptionError);
    await writeFile(runtime, second, files.get(second)!);
    await readWhole(runtime);
    // Of the same number, size and form, and with other contents: as a whole, and its data blocks alone.
    const stranger = await openEngine(runtime, { ...OPTIONS, directory: await otherDirectory(runtime) });
    const changes = Array.from({ length: 9 }, (_, i) => {
      return { type: "set", key: bytesOf(`key-${i}`), value: bytesOf(`VALUE OF ${i}`) } as const;
    });
    await stranger.flush({ version: 1n, changes });
    await stranger.close();
    await runtime.disk.rename(`/other/${first}`, `${DIRECTORY}/${first}`);
    expect(String(await failureOf(runtime))).toContain("another file than the one that the manifest names");
    const mixed = (await readFile(runtime, first)).slice();
    // The foot says where the data blocks end.
    const filterAt = mixed.length - RUN_FOOT_BYTES + 16;
    const dataEnd = Number(new DataView(mixed.buffer).getBigUint64(filterAt));
    mixed.set(files.get(first)!.subarray(dataEnd), dataEnd);
    await writeFile(runtime, first, mixed);
    expect(String(await failureOf(runtime))).toContain("a block of another file at byte 16");
  });
});

test("runs without a manifest are no empty engine", () => {
  play(async ({ runtime }) => {
    await makeFiles(runtime);
    await runtime.disk.unlink(`${DIRECTORY}/manifest`);
    expect(String(await failureOf(runtime))).toContain("runs without a manifest");
    expect(await runtime.disk.readDirectory(DIRECTORY)).toHaveLength(2);
  });
});

test("a damaged block is refused to who asks for it, again and again; the others are read", () => {
  play(async ({ runtime }) => {
    const files = await makeFiles(runtime);
    const [name, bytes] = [...files][1]!;
    const damaged = bytes.slice();
    damaged[30]! ^= 1;
    await writeFile(runtime, name, damaged);
    const engine = await openEngine(runtime, OPTIONS);
    for (let i = 0; i < 2; i++) {
      expect(await rejection(engine.get(bytesOf("key-0")))).toBeInstanceOf(EngineCorruptionError);
      const cursor = engine.range(bytesOf("key-0"), bytesOf("key-9"));
      expect(await rejection(cursor.next())).toBeInstanceOf(EngineCorruptionError);
    }
    expect(await engine.get(bytesOf("key-8"))).toEqual(bytesOf("value of 8"));
    expect(String(await rejection(engine.compact()))).toContain("the engine has failed and must be opened anew");
    expect(String(engine.failure?.cause)).toContain("a block whose checksum differs at byte 16");
    expect(() => engine.get(bytesOf("key-8"))).toThrow("the engine has failed");
    await engine.close();
  });
});

async function otherDirectory({ disk }: Runtime): Promise<string> {
  await disk.makeDirectory("/other");
  return "/other";
}
