import { expect, test } from "bun:test";
import type { Disk, DiskFile, Runtime } from "#foundation/runtime";
import { simulate } from "#foundation/runtime/simulation";
import { openDirectoryPlace } from "./directory-place.ts";

const PATH = "/backup";
const NAMES = ["a", "b"] as const;

/** The n-th content of an object: several writes' worth, and of another length each time. */
const contentOf = (number: number) => new Uint8Array(3_000 + 1_000 * number).fill(number);

/** The disk of a place, calling out before each operation that changes something. */
function watched(disk: Disk, before: () => void): Disk {
  return {
    ...disk,
    open: async (path, mode) => {
      if (mode !== "read") before();
      const file: DiskFile = await disk.open(path, mode);
      const write: DiskFile["write"] = (offset, bytes) => {
        before();
        return file.write(offset, bytes);
      };
      const sync: DiskFile["sync"] = () => {
        before();
        return file.sync();
      };
      return {
        path,
        read: (offset, length) => file.read(offset, length),
        write,
        append: (bytes) => file.append(bytes),
        truncate: (size) => file.truncate(size),
        sync,
        size: () => file.size(),
        close: () => file.close(),
      };
    },
    exists: (path) => disk.exists(path),
    makeDirectory: (path) => disk.makeDirectory(path),
    readDirectory: (path) => disk.readDirectory(path),
    unlink: (path) => disk.unlink(path),
    rename: (from, to) => {
      before();
      return disk.rename(from, to);
    },
    syncDirectory: (path) => {
      before();
      return disk.syncDirectory(path);
    },
  };
}

/** Objects are put and put again; the power goes before the operation `at`, and after the last one. @returns how many operations there were */
function putUntilPowerGoes(seed: number, at: number): number {
  const acknowledged = new Map<string, number>();
  const begun = new Map<string, number>();
  let operations = 0;
  let finished = false;
  let cutPower = () => {};
  const program = async (runtime: Runtime): Promise<void> => {
    const place = await openDirectoryPlace(
      watched(runtime.disk, () => {
        if (++operations === at) cutPower();
      }),
      PATH,
    );
    for (const name of NAMES) {
      const found = (await place.get(name)) ?? new Uint8Array(0);
      const allowed = [acknowledged.get(name), begun.get(name)].map((one) => (one === undefined ? [] : contentOf(one)));
      if (!allowed.some((one) => Buffer.compare(Uint8Array.from(one), found) === 0)) {
        throw new Error(`${name} has ${found.length} bytes of ${found[0]}, after ${acknowledged.get(name)} was put`);
      }
    }
    if (operations >= at) {
      finished = true;
      return;
    }
    for (let number = 1; number <= 3; number++) {
      for (const name of NAMES) {
        begun.set(name, number);
        await place.put(name, contentOf(number));
        acknowledged.set(name, number);
      }
    }
    at = Math.min(at, operations);
    cutPower();
  };
  const { failure } = simulate({
    seed,
    machines: { m: program },
    scenario: async (world) => {
      const machine = world.machine("m");
      cutPower = () => machine.kill("power");
      while (!finished) {
        await world.until("the power is cut, or all was looked at", () => finished || !machine.alive);
        machine.start();
      }
    },
  });
  if (failure !== undefined) throw failure;
  return operations;
}

test("6.2.9: an object is whole, the old or the new one, whenever the power goes; what was put stays after a loss of power", () => {
  const operations = putUntilPowerGoes(1, 1_000);
  expect(operations).toBeGreaterThan(25);
  for (let at = 1; at <= operations; at++) for (let seed = 1; seed <= 4; seed++) putUntilPowerGoes(seed, at);
});
