import { describe, expect, test } from "bun:test";
import { bytesOf, textOf } from "../conformance/harness.ts";
import { DiskError } from "../ports/errors.ts";
import type { Runtime } from "../ports/runtime.ts";
import type { WriteBack } from "./disk/file-content.ts";
import { findFailingSeed, runSeeds } from "./run-seeds.ts";
import { type SimulationOptions, simulate } from "./simulate.ts";
import type { World } from "./world.ts";

const RANGE = { count: 150, command: "scripts/bun test foundation/runtime/simulation/disk-faults.test.ts" };

/** A world with one idle machine, `a`; the scenario plays on it. */
function onDisk(
  seed: number,
  scenario: (world: World) => Promise<void>,
  diskCapacityBytes?: number,
): SimulationOptions {
  return { seed, machines: { a: { program: async () => {}, diskCapacityBytes } }, scenario };
}

/** Runs a scenario that must end well. */
function play(scenario: (world: World) => Promise<void>, diskCapacityBytes?: number): void {
  const { failure } = simulate(onDisk(1, scenario, diskCapacityBytes));
  if (failure !== undefined) throw failure.cause ?? failure;
}

async function readText(runtime: Runtime, path: string): Promise<string> {
  const file = await runtime.disk.open(path, "read");
  const text = textOf(await file.read(0, 1 << 20));
  await file.close();
  return text;
}

async function putDurably(runtime: Runtime, path: string, text: string): Promise<void> {
  const file = await runtime.disk.open(path, "replace");
  await file.write(0, bytesOf(text));
  await file.sync();
  await file.close();
  await runtime.disk.syncDirectory("/");
}

/** A log that acknowledges ten records and then loses power; `syncs` is whether it syncs before it acknowledges. */
function logScenario(seed: number, syncs: boolean): SimulationOptions {
  return onDisk(seed, async (world) => {
    const machine = world.machine("a");
    await putDurably(machine.runtime, "/log", "");
    const log = await machine.runtime.disk.open("/log", "modify");
    let acknowledged = "";
    for (let record = 0; record < 10; record++) {
      await log.append(bytesOf(`${record};`));
      if (syncs) await log.sync();
      acknowledged += `${record};`;
    }
    machine.restart("power");
    const found = await readText(machine.runtime, "/log");
    if (!found.startsWith(acknowledged)) throw new Error(`acknowledged '${acknowledged}', found '${found}'`);
  });
}

describe("power loss", () => {
  test("a log that forgets to sync is caught", () => {
    expect(findFailingSeed(20, (seed) => logScenario(seed, false))?.failure?.message).toContain("acknowledged");
  });

  test("a log that syncs before it acknowledges never loses a record", () => {
    runSeeds(RANGE, (seed) => logScenario(seed, true));
  });

  test("a process that is killed loses nothing that it has written", () => {
    runSeeds(RANGE, (seed) =>
      onDisk(seed, async (world) => {
        const machine = world.machine("a");
        const file = await machine.runtime.disk.open("/a", "create");
        await file.append(bytesOf("written"));
        machine.restart("process");
        expect(await readText(machine.runtime, "/a")).toBe("written");
      }),
    );
  });

  test("what survives of unsynced writes is torn at sectors, and every way of losing them occurs", () => {
    const seen = new Set<string>();
    const old = "o".repeat(2048);
    for (let seed = 1; seed <= 150; seed++) {
      const { failure } = simulate(
        onDisk(seed, async (world) => {
          const machine = world.machine("a");
          await putDurably(machine.runtime, "/a", old);
          const file = await machine.runtime.disk.open("/a", "modify");
          await file.write(0, bytesOf("x".repeat(2048)));
          machine.restart();
          const found = await readText(machine.runtime, "/a");
          expect(found.length).toBe(2048);
          const sectors = found.match(/.{512}/g) ?? [];
          for (const sector of sectors) expect(new Set(sector).size).toBe(1);
          seen.add(sectors.map((sector) => sector[0]).join(""));
        }),
      );
      expect(failure).toBeUndefined();
    }
    expect(seen).toContain("oooo");
    expect(seen).toContain("xxxx");
    expect([...seen].some((sectors) => sectors.includes("ox"))).toBe(true);
    expect([...seen].some((sectors) => sectors.includes("xo"))).toBe(true);
  });

  test("a later write may survive where an earlier one is lost, unless the profile keeps the order", () => {
    const outcomes = (writeBack: WriteBack): Set<string> => {
      const seen = new Set<string>();
      for (let seed = 1; seed <= 60; seed++) {
        simulate(
          onDisk(seed, async (world) => {
            const machine = world.machine("a");
            machine.disk.writeBack = writeBack;
            await putDurably(machine.runtime, "/a", "-".repeat(1024));
            const file = await machine.runtime.disk.open("/a", "modify");
            await file.write(0, bytesOf("1"));
            await file.write(512, bytesOf("2"));
            machine.restart();
            const text = await readText(machine.runtime, "/a");
            seen.add(`${text[0]}${text[512]}`);
          }),
        );
      }
      return seen;
    };
    expect([...outcomes("sectors")].sort()).toEqual(["--", "-2", "1-", "12"]);
    expect([...outcomes("prefix")].sort()).toEqual(["--", "1-", "12"]);
    expect([...outcomes("none")]).toEqual(["--"]);
    expect([...outcomes("all")]).toEqual(["12"]);
  });

  test("writes in flight may or may not arrive", () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 40; seed++) {
      simulate(
        onDisk(seed, async (world) => {
          const machine = world.machine("a");
          await putDurably(machine.runtime, "/a", "old");
          const file = await machine.runtime.disk.open("/a", "modify");
          void file.write(0, bytesOf("new"));
          machine.restart("process");
          seen.add(await readText(machine.runtime, "/a"));
        }),
      );
    }
    expect([...seen].sort()).toEqual(["new", "old"]);
  });
});

describe("names", () => {
  const createScenario = (seed: number, syncsDirectory: boolean): SimulationOptions =>
    onDisk(seed, async (world) => {
      const machine = world.machine("a");
      const { disk } = machine.runtime;
      const file = await disk.open("/new", "createNew");
      await file.write(0, bytesOf("x"));
      await file.sync();
      if (syncsDirectory) await disk.syncDirectory("/");
      machine.restart();
      if (!(await machine.runtime.disk.exists("/new"))) throw new Error("the new file is gone");
    });

  test("a synced file whose directory was not synced may be gone", () => {
    expect(findFailingSeed(20, (seed) => createScenario(seed, false))?.failure?.message).toContain("gone");
    runSeeds(RANGE, (seed) => createScenario(seed, true));
  });

  /** Replaces a file the careful way, leaving out one step, and asks for the old or the new contents, and for the new after the end. */
  const replaceScenario = (seed: number, omitted: "file" | "directory" | "nothing"): SimulationOptions =>
    onDisk(seed, async (world) => {
      const machine = world.machine("a");
      const { disk } = machine.runtime;
      await putDurably(machine.runtime, "/current", "old");
      const file = await disk.open("/next", "replace");
      await file.write(0, bytesOf("new"));
      if (omitted !== "file") await file.sync();
      await file.close();
      await disk.rename("/next", "/current");
      if (omitted !== "directory") await disk.syncDirectory("/");
      machine.restart();
      const found = await readText(machine.runtime, "/current");
      if (found !== "new") throw new Error(`found '${found}'`);
    });

  test("replacing a file by renaming needs both syncs", () => {
    expect(findFailingSeed(30, (seed) => replaceScenario(seed, "directory"))?.failure?.message).toContain(
      "found 'old'",
    );
    expect(findFailingSeed(30, (seed) => replaceScenario(seed, "file"))?.failure?.message).toMatch(/found '[^n]*'/);
    runSeeds(RANGE, (seed) => replaceScenario(seed, "nothing"));
  });

  test("a rename survives whole or not at all, and an unlink may be undone", () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 100; seed++) {
      const { failure } = simulate(
        onDisk(seed, async (world) => {
          const machine = world.machine("a");
          const { disk } = machine.runtime;
          await disk.makeDirectory("/d");
          await putDurably(machine.runtime, "/moved", "m");
          await putDurably(machine.runtime, "/removed", "r");
          await disk.rename("/moved", "/d/moved");
          await disk.unlink("/removed");
          machine.restart();
          const names = await machine.runtime.disk.readDirectory("/");
          const below = await machine.runtime.disk.readDirectory("/d");
          expect(names.includes("moved") !== below.includes("moved")).toBe(true);
          seen.add(names.join(" "));
        }),
      );
      expect(failure).toBeUndefined();
    }
    expect([...seen].sort()).toEqual(["d", "d moved", "d moved removed", "d removed"]);
  });
});

describe("errors", () => {
  test("after a failed sync the next one succeeds, and the data is lost all the same", () => {
    const scenario = (seed: number): SimulationOptions =>
      onDisk(seed, async (world) => {
        const machine = world.machine("a");
        await putDurably(machine.runtime, "/a", "old");
        machine.disk.failNext("sync", "EIO");
        const file = await machine.runtime.disk.open("/a", "modify");
        await file.write(0, bytesOf("new"));
        const error = await file.sync().catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(DiskError);
        await file.sync();
        expect(textOf(await file.read(0, 3))).toBe("new");
        machine.restart();
        const found = await readText(machine.runtime, "/a");
        if (found !== "new") throw new Error(`found '${found}'`);
      });
    expect(findFailingSeed(20, scenario)?.failure?.message).toContain("found 'old'");
  });

  test("a full disk takes what fits, refuses the rest as ENOSPC, and works again when there is room", () =>
    play(async (world) => {
      const { disk } = world.machine("a").runtime;
      const file = await disk.open("/a", "create");
      await file.write(0, new Uint8Array(12_000));
      expect(await disk.space("/")).toEqual({ totalBytes: 16_384, freeBytes: 4096 });
      const refused = await file.write(12_000, new Uint8Array(8000).fill(1)).catch((reason: unknown) => reason);
      expect(refused).toMatchObject({ code: "ENOSPC", operation: "write", path: "/a" });
      expect(await file.size()).toBe(16_384);
      expect(await disk.open("/b", "create").catch((reason: unknown) => reason)).toMatchObject({ code: "ENOSPC" });
      await file.truncate(1000);
      await disk.unlink("/a");
      expect((await disk.space("/")).freeBytes).toBe(16_384 - 4096);
      await file.close();
      expect((await disk.space("/")).freeBytes).toBe(16_384);
    }, 16_384));

  test("aimed errors hit the next such operation, once each", () =>
    play(async (world) => {
      const machine = world.machine("a");
      await putDurably(machine.runtime, "/a", "text");
      machine.disk.failNext("read", "EIO");
      const file = await machine.runtime.disk.open("/a", "read");
      expect(await file.read(0, 4).catch((reason: unknown) => reason)).toMatchObject({ code: "EIO" });
      expect(textOf(await file.read(0, 4))).toBe("text");
      expect(world.faults.counts.get("disk.read.EIO")).toBe(1);
    }));

  test("bit rot changes exactly one bit, for good", () =>
    play(async (world) => {
      const machine = world.machine("a");
      await putDurably(machine.runtime, "/a", "\0".repeat(1000));
      expect(machine.disk.corrupt("/a")).toBe(true);
      const ones = async (): Promise<number> => {
        const file = await machine.runtime.disk.open("/a", "read");
        const bytes = await file.read(0, 1000);
        return bytes.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
      };
      expect(await ones()).toBe(1);
      machine.restart();
      expect(await ones()).toBe(1);
      expect(machine.disk.corrupt("/missing")).toBe(false);
    }));

  test("changing the bytes of a write in flight is reported", () =>
    play(async (world) => {
      const file = await world.machine("a").runtime.disk.open("/a", "create");
      const bytes = bytesOf("fragile");
      const write = file.write(0, bytes).catch((reason: unknown) => reason);
      bytes[0] = 0;
      expect(String(await write)).toContain("changed the bytes");
    }));
});
