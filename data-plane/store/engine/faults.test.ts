import { expect, test } from "bun:test";
import { type Disk, DiskError } from "#foundation/runtime";
import { EngineClosedError, EngineFailedError } from "./index.ts";
import { EVERYTHING } from "./testing/model.ts";
import { bytesOf, DIRECTORY, openTiny, play, readEverything, rejection, sets } from "./testing/on-disk.ts";

test("a full disk refuses a flush and changes nothing; with room, the same flush succeeds", () => {
  play(async ({ runtime, disk }, world) => {
    const engine = await openTiny(runtime);
    await engine.flush({ version: 1n, changes: sets("a", 30) });
    const before = await readEverything(engine);
    const files = disk.files.readDirectory(DIRECTORY);
    disk.fill();
    for (let i = 0; i < 3; i++) {
      expect(await rejection(engine.flush({ version: 2n, changes: sets("b", 300) }))).toMatchObject({ code: "ENOSPC" });
    }
    expect(await rejection(engine.setMeta(bytesOf("meta")))).toMatchObject({ code: "ENOSPC" });
    expect(engine.failure).toBeUndefined();
    expect([engine.durableVersion, await readEverything(engine)]).toEqual([1n, before]);
    disk.unfill();
    expect(disk.files.readDirectory(DIRECTORY).filter((name) => !name.endsWith(".tmp"))).toEqual([...files]);
    await engine.flush({ version: 2n, changes: sets("b", 300) });
    await world.until("compaction rests", () => !engine.stats().compacting);
    expect((await readEverything(engine)).length).toBe(330);
    await engine.verify();
  });
});

test("runs whose manifest finds no room are removed again", () => {
  play(async ({ runtime, disk }, world) => {
    let refuses = false;
    const open: Disk["open"] = (path, mode) => {
      if (refuses && path.endsWith("/manifest.tmp")) return Promise.reject(new DiskError("EMFILE", "open", path));
      return runtime.disk.open(path, mode);
    };
    const engine = await openTiny({ ...runtime, disk: Object.assign(Object.create(runtime.disk), { open }) });
    await engine.flush({ version: 1n, changes: sets("a", 30) });
    refuses = true;
    expect(await rejection(engine.flush({ version: 2n, changes: sets("b", 30) }))).toMatchObject({ code: "EMFILE" });
    expect(await rejection(engine.compact())).toMatchObject({ code: "EMFILE" });
    refuses = false;
    const { runs } = engine.stats();
    await world.until("their files are gone", () => disk.files.readDirectory(DIRECTORY).length === runs + 1);
    expect(disk.opened.size).toBe(runs);
    await engine.flush({ version: 2n, changes: sets("b", 30) });
    expect((await readEverything(engine)).length).toBe(60);
  });
});

test("compaction on a full disk gives up, says so, and goes on when there is room", () => {
  play(async ({ runtime, disk }, world) => {
    const engine = await openTiny(runtime);
    await engine.flush({ version: 1n, changes: sets("a", 100) });
    await engine.flush({ version: 2n, changes: sets("a", 100, 2) });
    disk.fill();
    expect(await rejection(engine.compact())).toMatchObject({ code: "ENOSPC" });
    expect(engine.stats().compactionRefusal).toMatchObject({ code: "ENOSPC" });
    expect(engine.failure).toBeUndefined();
    disk.unfill();
    await engine.compact();
    expect(engine.stats()).toMatchObject({ keysApproximately: 150, compactionRefusal: undefined });
    await world.until("the old files are gone", () => {
      return disk.files.readDirectory(DIRECTORY).length === engine.stats().runs + 1;
    });
  });
});

for (const operation of ["sync", "syncDirectory", "rename"] as const) {
  test(`after a failed ${operation} every call is refused; opened anew, the engine has what it had confirmed`, () => {
    play(async ({ runtime, disk }) => {
      const failures: Error[] = [];
      const engine = await openTiny(runtime, { onFailure: (error) => failures.push(error) });
      await engine.flush({ version: 1n, changes: sets("a", 30) });
      const before = await readEverything(engine);
      disk.failNext(operation, "EIO");
      expect(await rejection(engine.flush({ version: 2n, changes: sets("b", 30) }))).toBeInstanceOf(EngineFailedError);
      expect(failures).toEqual([engine.failure!]);
      expect(() => engine.get(bytesOf("a001"))).toThrow(EngineFailedError);
      expect(() => engine.range(bytesOf("a"), bytesOf("b"))).toThrow(EngineFailedError);
      expect(await rejection(engine.flush({ version: 2n, changes: [] }))).toBeInstanceOf(EngineFailedError);
      expect(await rejection(engine.setMeta(bytesOf("meta")))).toBeInstanceOf(EngineFailedError);
      expect(await rejection(engine.compact())).toBeInstanceOf(EngineFailedError);
      await engine.close();
      expect(disk.opened.size).toBe(0);
      const reopened = await openTiny(runtime);
      const found = await readEverything(reopened);
      if (reopened.durableVersion === 1n) expect(found).toEqual(before);
      else expect([reopened.durableVersion, found.length]).toEqual([2n, 60]);
    });
  });
}

test("a failed sync of a compaction fails the engine", () => {
  play(async ({ runtime, disk }) => {
    const engine = await openTiny(runtime);
    await engine.flush({ version: 1n, changes: sets("a", 30) });
    await engine.flush({ version: 2n, changes: sets("b", 30) });
    disk.failNext("sync", "EIO");
    expect(await rejection(engine.compact())).toBeInstanceOf(EngineFailedError);
    await engine.close();
    expect((await readEverything(await openTiny(runtime))).length).toBe(60);
  });
});

test("closing ends a flush, a load, a compaction and readers, and leaves no file open", () => {
  play(async ({ runtime, disk }) => {
    for (const busy of ["flush", "load", "compact", "range"] as const) {
      const engine = await openTiny(runtime);
      const version = engine.durableVersion + 1n;
      await engine.flush({ version, changes: sets("a", 100) });
      await engine.flush({ version: version + 1n, changes: sets("a", 100, 2) });
      const cursor = engine.range(EVERYTHING.begin, EVERYTHING.end);
      await cursor.next();
      const tasks = {
        flush: () => engine.flush({ version: version + 2n, changes: sets("b", 500) }),
        load: () => engine.load({ version: version + 2n, pairs: sets("b", 500) }),
        compact: () => engine.compact(),
        range: async () => {
          for (;;) if ((await cursor.next()) === undefined) return;
        },
      };
      const task = rejection(tasks[busy]());
      await engine.close();
      expect(await task).toBeInstanceOf(EngineClosedError);
      expect(disk.opened.size).toBe(0);
      expect(() => engine.get(bytesOf("a"))).toThrow(EngineClosedError);
      expect(await rejection(engine.flush({ version: version + 9n, changes: [] }))).toBeInstanceOf(EngineClosedError);
      await engine.close();
    }
  });
});
