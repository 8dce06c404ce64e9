import { expect, test } from "bun:test";
import { assertDeterministicSource } from "#foundation/runtime/simulation";
import { chainOf, clientOf, dataOf, play, pullOf, push, pushAll, refusal, tens } from "./simulation/play.ts";

test("a new log is locked and empty", () =>
  play(async ({ open }) => {
    const log = await open();
    expect(await log.handlers.info({ revision: 0n })).toEqual({
      epoch: 0n,
      mode: "locked",
      lastVersion: 0n,
      oldestVersion: 0n,
      knownCommitted: 0n,
    });
    expect(await refusal(push(log, 0n, 10n, 0n))).toBe("not_running");
    expect(await refusal(log.handlers.confirmRunning({ epoch: 0n }))).toBe("not_running");
  }));

test("what is pushed can be pulled", () =>
  play(async ({ openRunning }) => {
    const log = await openRunning();
    await pushAll(log, 0n, tens(100));
    const page = await log.handlers.pull(pullOf({ after: 500n, entriesMax: 3 }));
    expect(chainOf(page.entries)).toBe("500:510 510:520 520:530");
    expect(page).toMatchObject({ upTo: 530n, finalizedEpoch: 0n });
    expect(chainOf((await log.handlers.pull(pullOf({ after: 950n, upTo: 975n }))).entries)).toBe("950:960 960:970");
    expect(await log.handlers.pull(pullOf({ after: 970n, upTo: 975n }))).toMatchObject({ entries: [], upTo: 975n });
    expect(await log.handlers.pull(pullOf({ after: 1000n }))).toMatchObject({ entries: [], upTo: 1000n });
  }));

test("what has left the memory is read from disk, across segments, within every limit", () =>
  play(async ({ openRunning, runtime }) => {
    const log = await openRunning({ cacheBytes: 100 });
    for (const version of tens(100)) await push(log, version - 10n, version);
    expect((await runtime.disk.readDirectory("/log")).length).toBeGreaterThan(6);
    for (const bytesMax of [0, 1, 20, 55, 300, 100_000]) {
      for (const entriesMax of [1, 2, 40, 1000]) {
        let after = 0n;
        const seen: string[] = [];
        while (after < 1000n) {
          const { entries, upTo } = await log.handlers.pull(pullOf({ after, bytesMax, entriesMax }));
          expect(entries.length).toBeGreaterThan(0);
          expect(entries.length).toBeLessThanOrEqual(entriesMax);
          if (entries.length > 1) expect(entries.length * 20).toBeLessThanOrEqual(bytesMax);
          seen.push(chainOf(entries));
          after = upTo;
        }
        expect(seen.join(" ")).toBe(
          tens(100)
            .map((version) => `${version - 10n}:${version}`)
            .join(" "),
        );
      }
    }
  }));

test("entries larger than what is read at once come whole, from disk and from memory", () =>
  play(async ({ openRunning }) => {
    for (const cacheBytes of [0, 10_000_000]) {
      const log = await openRunning({ cacheBytes, directory: `/log-${cacheBytes}`, segmentBytes: 1_000_000 });
      const sizes = [10, 300_000, 70_000, 0, 200_000];
      let previous = 0n;
      for (const size of sizes) {
        const version = previous + 10n;
        await log.handlers.push({ epoch: 1n, previous, version, knownCommitted: 0n, data: dataOf(version, size) });
        previous = version;
      }
      const whole = await log.handlers.pull(pullOf({ bytesMax: 1 }));
      expect(whole.entries.map(({ data }) => data.length)).toEqual([10]);
      const second = await log.handlers.pull(pullOf({ after: 10n, bytesMax: 1 }));
      expect(second.entries.map(({ data }) => data.length)).toEqual([300_000]);
      const rest = await log.handlers.pull(pullOf({ after: 10n, bytesMax: 10_000_000 }));
      expect(rest.entries.map(({ data }) => data.length)).toEqual(sizes.slice(1));
      expect(chainOf(rest.entries)).toBe("10:20 20:30 30:40 40:50");
    }
  }));

test("pushes that come before their predecessor wait for it", () =>
  play(async ({ openRunning }) => {
    const log = await openRunning();
    const order: string[] = [];
    const early = [push(log, 20n, 30n), push(log, 10n, 20n)].map((pushed, at) =>
      pushed.then(() => order.push(`${at}`)),
    );
    expect(await log.handlers.info({ revision: 0n })).toMatchObject({ lastVersion: 0n });
    await push(log, 0n, 10n);
    await Promise.all(early);
    expect(order).toEqual(["1", "0"]);
    expect(chainOf((await log.handlers.pull(pullOf({}))).entries)).toBe("0:10 10:20 20:30");
  }));

test("6.2.4: pushes that waited for their predecessor wake those who pull", () =>
  play(async ({ openRunning }) => {
    const log = await openRunning();
    await push(log, 0n, 10n);
    const waiting = push(log, 20n, 30n);
    const pulling = (async () => {
      let after = 10n;
      const seen: string[] = [];
      while (after < 30n) {
        const { entries, upTo } = await log.handlers.pull(pullOf({ after, waitMs: 5000, entriesMax: 1 }));
        seen.push(chainOf(entries));
        after = upTo;
      }
      return seen.join(" ");
    })();
    await push(log, 10n, 20n);
    await waiting;
    expect(await pulling).toBe("10:20 20:30");
  }));

test("6.2.4: a write that fails is answered once, and ends the log", () =>
  play(async ({ openRunning, machine, runtime }) => {
    for (const operation of ["write", "sync"] as const) {
      const log = await openRunning({ directory: `/${operation}` });
      await push(log, 0n, 10n);
      machine.disk.failNext(operation, "EIO");
      const first = push(log, 10n, 20n);
      const again = push(log, 10n, 20n);
      const later = push(log, 20n, 30n);
      const pulling = log.handlers.pull(pullOf({ after: 10n, waitMs: 5000 }));
      expect(await Promise.all([first, again, later, pulling].map(refusal))).toEqual([
        "failed",
        "failed",
        "failed",
        "not_running",
      ]);
      expect(String(await log.failed)).toContain("EIO");
      // Never again, whatever the disk says now.
      expect(await refusal(push(log, 10n, 20n))).toBe("not_running");
      expect(await refusal(log.handlers.lock({ epoch: 2n, director: "e" }))).toBe("not_running");
      expect(await refusal(log.handlers.info({ revision: 0n }))).toBe("not_running");
      await log.close();
      expect((await runtime.disk.readDirectory(`/${operation}`)).length).toBe(2);
    }
  }));

test("a repeated push is acknowledged again only when it is the same place of the chain", () =>
  play(async ({ openRunning }) => {
    for (const cacheBytes of [0, 1_000_000]) {
      const log = await openRunning({ cacheBytes, directory: `/log-${cacheBytes}` });
      const first = push(log, 0n, 10n);
      await Promise.all([first, push(log, 0n, 10n), push(log, 10n, 20n)]);
      await pushAll(log, 20n, tens(30, 3));
      for (const version of tens(32)) await push(log, version - 10n, version);
      for (const [previous, version] of [
        [0n, 11n],
        [10n, 30n],
        [5n, 10n],
        [310n, 330n],
        [0n, 320n],
      ] as const) {
        expect(await refusal(push(log, previous, version))).toBe("out_of_order");
      }
      // Forks among those that wait.
      const waiting = push(log, 400n, 410n);
      expect(await refusal(push(log, 400n, 420n))).toBe("out_of_order");
      const passed = push(log, 325n, 335n);
      await push(log, 320n, 330n);
      expect(await refusal(passed)).toBe("out_of_order");
      await log.handlers.lock({ epoch: 1n, director: "d" });
      expect(await refusal(waiting)).toBe("not_running");
    }
  }));

test("what does not fit is refused", () =>
  play(async ({ openRunning }) => {
    const log = await openRunning({ waitingBytesMax: 1000 });
    const entry = { epoch: 1n, previous: 10n, version: 20n, knownCommitted: 0n };
    const big = new Uint8Array(15 * 1024 * 1024 + 1);
    expect(await refusal(log.handlers.push({ ...entry, data: big }))).toBe("invalid_request");
    const waiting = log.handlers.push({ ...entry, data: new Uint8Array(900) });
    expect(await refusal(push(log, 20n, 30n))).toBe("invalid_request");
    expect(await refusal(push(log, 10n, 10n))).toBe("invalid_request");
    expect(await refusal(log.handlers.push({ ...entry, knownCommitted: 20n, data: dataOf(1n) }))).toBe(
      "invalid_request",
    );
    // Those that wait are forgotten with their epoch, and there is room again.
    await log.handlers.lock({ epoch: 1n, director: "d" });
    expect(await refusal(waiting)).toBe("not_running");
    await log.handlers.activate({ epoch: 1n, previous: 0n });
    await push(log, 0n, 10n);
    expect(await refusal(log.handlers.pull(pullOf({ entriesMax: 0 })))).toBe("invalid_request");
  }));

test("a lock holds from the moment it is called, and counts what was being written", () =>
  play(async ({ openRunning }) => {
    const log = await openRunning();
    const inFlight = push(log, 0n, 10n);
    // The first is on its way to the disk, the second waits for the next write.
    await undefined;
    await undefined;
    const queued = push(log, 10n, 20n);
    const parked = push(log, 30n, 40n);
    const pulling = log.handlers.pull(pullOf({ after: 0n, waitMs: 5000 }));
    const locked = log.handlers.lock({ epoch: 2n, director: "e" });
    expect(await refusal(push(log, 10n, 20n))).toBe("wrong_epoch");
    expect(await refusal(push(log, 10n, 20n, 2n))).toBe("not_running");
    expect(await refusal(queued)).toBe("wrong_epoch");
    expect(await refusal(parked)).toBe("wrong_epoch");
    expect(await refusal(pulling)).toBe("wrong_epoch");
    expect(await locked).toMatchObject({ epoch: 2n, mode: "locked", lastVersion: 10n, oldestVersion: 0n });
    await inFlight;
    expect(await refusal(log.handlers.confirmRunning({ epoch: 1n }))).toBe("wrong_epoch");
    expect(await refusal(log.handlers.activate({ epoch: 1n, previous: 10n }))).toBe("wrong_epoch");
  }));

test("a lock belongs to one director, and gives way only to a higher epoch", () =>
  play(async ({ open }) => {
    const log = await open();
    const both = [log.handlers.lock({ epoch: 3n, director: "a" }), log.handlers.lock({ epoch: 3n, director: "b" })];
    expect(await Promise.all(both.map(refusal))).toEqual([expect.objectContaining({ epoch: 3n }), "newer_epoch"]);
    expect(await refusal(log.handlers.lock({ epoch: 2n, director: "a" }))).toBe("newer_epoch");
    expect(await refusal(log.handlers.lock({ epoch: 3n, director: "a" }))).toMatchObject({ epoch: 3n });
    const superseded = log.handlers.lock({ epoch: 4n, director: "a" });
    const higher = log.handlers.lock({ epoch: 5n, director: "b" });
    expect(await refusal(superseded)).toBe("newer_epoch");
    expect(await refusal(higher)).toMatchObject({ epoch: 5n });
  }));

test("a log is activated where it ends, and by nothing that was asked before a lock", () =>
  play(async ({ open }) => {
    const log = await open();
    await log.handlers.lock({ epoch: 1n, director: "d" });
    expect(await refusal(log.handlers.activate({ epoch: 1n, previous: 10n }))).toBe("out_of_order");
    const early = log.handlers.activate({ epoch: 1n, previous: 0n });
    const locked = log.handlers.lock({ epoch: 1n, director: "d" });
    expect(await refusal(early)).toBe("not_running");
    expect(await locked).toMatchObject({ mode: "locked" });
    await log.handlers.activate({ epoch: 1n, previous: 0n });
    await push(log, 0n, 10n);
    await log.handlers.activate({ epoch: 1n, previous: 0n });
    await log.handlers.confirmRunning({ epoch: 1n });
    expect(await refusal(log.handlers.activate({ epoch: 1n, previous: 10n }))).not.toBeUndefined();
  }));

test("a restarted log is locked, and remembers its epoch, its director and its entries", () =>
  play(async ({ openRunning, open, machine }) => {
    const log = await openRunning();
    await pushAll(log, 0n, tens(50));
    await log.handlers.lock({ epoch: 7n, director: "g" });
    machine.restart("power");
    const again = await open();
    expect(await again.handlers.info({ revision: 0n })).toMatchObject({ epoch: 7n, mode: "locked", lastVersion: 500n });
    expect(await refusal(push(again, 500n, 510n))).toBe("wrong_epoch");
    expect(await refusal(push(again, 500n, 510n, 7n))).toBe("not_running");
    expect(await refusal(again.handlers.lock({ epoch: 7n, director: "other" }))).toBe("newer_epoch");
    expect(await again.handlers.lock({ epoch: 7n, director: "g" })).toMatchObject({ knownCommitted: 490n });
    expect((await again.handlers.pull(pullOf({ recovery: true, epoch: 7n }))).entries.length).toBe(50);
  }));

test("storage servers pull while it runs, recoveries while it is locked, both in its epoch", () =>
  play(async ({ openRunning }) => {
    const log = await openRunning();
    await push(log, 0n, 10n);
    expect(await refusal(log.handlers.pull(pullOf({ recovery: true })))).toBe("not_running");
    expect(await refusal(log.handlers.pull(pullOf({ epoch: 2n })))).toBe("wrong_epoch");
    await log.handlers.lock({ epoch: 2n, director: "e" });
    expect(await refusal(log.handlers.pull(pullOf({ epoch: 2n })))).toBe("not_running");
    expect(await refusal(log.handlers.pull(pullOf({ recovery: true, epoch: 1n })))).toBe("wrong_epoch");
    expect((await log.handlers.pull(pullOf({ recovery: true, epoch: 2n }))).entries.length).toBe(1);
  }));

test("who pulls waits for what comes next, and is told when its time is up", () =>
  play(async ({ openRunning, world }) => {
    const log = await openRunning();
    const began = world.nowMs;
    expect(await log.handlers.pull(pullOf({ waitMs: 300 }))).toMatchObject({ entries: [], upTo: 0n });
    expect(world.nowMs - began).toBeGreaterThanOrEqual(300);
    const pulling = log.handlers.pull(pullOf({ waitMs: 10_000 }));
    await world.sleep(100);
    await push(log, 0n, 10n);
    expect(chainOf((await pulling).entries)).toBe("0:10");
    expect(world.nowMs - began).toBeLessThan(5000);
  }));

test("that the layout is committed is told at once, and what was pushed since counts as committed only then", () =>
  play(async ({ openRunning }) => {
    const log = await openRunning();
    await pushAll(log, 0n, [10n, 20n]);
    expect(await log.handlers.pull(pullOf({}))).toMatchObject({ knownCommitted: 0n, finalizedEpoch: 0n });
    expect(await log.handlers.info({ revision: 0n })).toMatchObject({ knownCommitted: 10n });
    const pulling = log.handlers.pull(pullOf({ after: 20n, waitMs: 10_000 }));
    expect(await refusal(log.handlers.finalize({ epoch: 2n }))).toBe("wrong_epoch");
    await log.handlers.finalize({ epoch: 1n });
    expect(await pulling).toMatchObject({ entries: [], upTo: 20n, knownCommitted: 10n, finalizedEpoch: 1n });
  }));

test("what all poppers have is trimmed, by whole segments, and never the last", () =>
  play(async ({ openRunning, open, runtime, machine }) => {
    const log = await openRunning({ cacheBytes: 0 });
    for (const version of tens(60)) await push(log, version - 10n, version);
    const segments = async (): Promise<number> => (await runtime.disk.readDirectory("/log")).length - 1;
    const before = await segments();
    await log.handlers.pop({ epoch: 1n, storage: "s1", durable: 600n });
    await log.handlers.setPoppers({ epoch: 1n, storages: ["s1", "s2"] });
    await log.handlers.pop({ epoch: 1n, storage: "s1", durable: 600n });
    await log.handlers.pop({ epoch: 1n, storage: "s3", durable: 600n });
    expect(await segments()).toBe(before);
    await log.handlers.pop({ epoch: 1n, storage: "s2", durable: 300n });
    const { oldestVersion } = await log.handlers.info({ revision: 0n });
    expect(oldestVersion).toBeGreaterThan(0n);
    expect(oldestVersion).toBeLessThanOrEqual(300n);
    expect(await segments()).toBeLessThan(before);
    expect(await refusal(log.handlers.pull(pullOf({ after: oldestVersion - 1n })))).toBe("version_too_old");
    expect((await log.handlers.pull(pullOf({ after: oldestVersion }))).entries[0]?.previous).toBe(oldestVersion);
    await log.handlers.pop({ epoch: 1n, storage: "s2", durable: 100n });
    await log.handlers.pop({ epoch: 1n, storage: "s2", durable: 10_000n });
    expect(await segments()).toBe(1);
    expect(await refusal(log.handlers.pop({ epoch: 2n, storage: "s1", durable: 600n }))).toBe("wrong_epoch");
    const kept = await log.handlers.info({ revision: 0n });
    expect(kept.oldestVersion).toBeGreaterThan(300n);
    machine.restart("power");
    const again = await open();
    expect(await again.handlers.info({ revision: 0n })).toEqual({ ...kept, mode: "locked" });
  }));

test("the poppers outlive a restart, what they have popped does not", () =>
  play(async ({ openRunning, open, machine }) => {
    const log = await openRunning();
    for (const version of tens(60)) await push(log, version - 10n, version);
    await log.handlers.setPoppers({ epoch: 1n, storages: ["s1", "s2"] });
    await log.handlers.pop({ epoch: 1n, storage: "s1", durable: 600n });
    machine.restart("power");
    const again = await open();
    await again.handlers.lock({ epoch: 2n, director: "e" });
    await again.handlers.activate({ epoch: 2n, previous: 600n });
    await again.handlers.pop({ epoch: 2n, storage: "s2", durable: 600n });
    expect(await again.handlers.info({ revision: 0n })).toMatchObject({ oldestVersion: 0n });
    await again.handlers.pop({ epoch: 2n, storage: "s1", durable: 600n });
    expect((await again.handlers.info({ revision: 0n })).oldestVersion).toBeGreaterThan(0n);
  }));

test("a pull that has to read from disk gives nothing once the log is locked", () =>
  play(async ({ openRunning }) => {
    const log = await openRunning({ cacheBytes: 0 });
    for (const version of tens(60)) await push(log, version - 10n, version);
    const pulling = log.handlers.pull(pullOf({ after: 0n }));
    const locked = log.handlers.lock({ epoch: 2n, director: "e" });
    expect(await refusal(pulling)).toBe("wrong_epoch");
    await locked;
  }));

test("nothing goes around the runtime", () => {
  assertDeterministicSource(import.meta.dir);
});

test("what is found after a process was killed, or after a sync has failed, is on disk once it is told", () =>
  play(async ({ open, openRunning, machine }) => {
    const seen = new Set<bigint>();
    for (let round = 0; round < 40; round++) {
      const directory = `/log-${round}`;
      const log = await openRunning({ directory });
      await push(log, 0n, 10n);
      if (round % 2 === 0) {
        machine.disk.failNext("sync", "EIO");
        expect(await refusal(push(log, 10n, 20n))).toBe("failed");
      } else {
        // The write is over, its sync is not.
        void push(log, 10n, 20n).catch(() => undefined);
        const path = `${directory}/segment-0000000000000001`;
        while ((await machine.runtime.disk.stat(path)).sizeBytes < 150) await undefined;
      }
      machine.restart("process");
      const { lastVersion } = await (await open({ directory })).handlers.info({ revision: 0n });
      machine.restart("power");
      expect(await (await open({ directory })).handlers.info({ revision: 0n })).toMatchObject({ lastVersion });
      seen.add(lastVersion);
    }
    expect(seen).toContain(20n);
  }));

test("closing ends what waits, and keeps what was being written", () =>
  play(async ({ openRunning, open }) => {
    const log = await openRunning();
    const pushed = push(log, 0n, 10n);
    await undefined;
    await undefined;
    const queued = push(log, 10n, 20n);
    const pulling = log.handlers.pull(pullOf({ after: 10n, waitMs: 5000 }));
    const closed = log.close();
    expect(await Promise.all([pushed, queued, pulling].map(refusal))).toEqual([
      undefined,
      "not_running",
      "not_running",
    ]);
    await closed;
    await log.close();
    const again = await open();
    expect(await again.handlers.info({ revision: 0n })).toMatchObject({ lastVersion: 10n });
    expect(await refusal(clientOf(log).info({ revision: 0n }))).toBe("not_running");
  }));
