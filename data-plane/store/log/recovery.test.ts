import { expect, test } from "bun:test";
import { type CallOptions, type Ref, RpcError } from "#foundation/rpc";
import type { LogEntry, LogPull } from "#foundation/store-protocol";
import type { LogServer } from "./index.ts";
import {
  chainOf,
  DIRECTORY,
  dataOf,
  type PullRequest,
  play,
  pullOf,
  push,
  pushAll,
  refusal,
  type Stage,
  tens,
} from "./simulation/play.ts";

const A: Ref = { address: "a:1", id: "old-a" };
const B: Ref = { address: "b:1", id: "old-b" };
const EPOCH = 2n;

type Pull = (request: PullRequest, options?: CallOptions) => Promise<LogPull>;

/** Where sources are found by their id. */
function sources(pulls: Readonly<Record<string, Pull>>): { clientOf: (ref: Ref) => { pull: Pull } } {
  return { clientOf: ({ id }) => ({ pull: (request, options) => pulls[id]!(request, options) }) };
}

/** A log of epoch 1 with the versions 10 … 400, locked by epoch 2. */
async function oldLog({ openRunning }: Stage, id: string): Promise<LogServer> {
  const log = await openRunning({ id, directory: `/${id}`, cacheBytes: 500 });
  for (const version of tens(40)) await push(log, version - 10n, version);
  await log.handlers.lock({ epoch: EPOCH, director: "e" });
  return log;
}

/** A log that is locked by epoch 2 and reaches its sources by the functions given. */
async function newLog({ open }: Stage, pulls: Readonly<Record<string, Pull>>, id = "new"): Promise<LogServer> {
  const log = await open({ id, directory: `/${id}`, ...sources(pulls) });
  await log.handlers.lock({ epoch: EPOCH, director: "e" });
  return log;
}

function recover(log: LogServer, from: bigint, to: bigint, refs: readonly Ref[] = [A, B]): Promise<unknown> {
  return log.handlers.recoverFrom({ epoch: EPOCH, sources: refs, from, to });
}

async function contentsOf(log: LogServer, after: bigint): Promise<string> {
  return chainOf((await log.handlers.pull(pullOf({ after, recovery: true, epoch: EPOCH }))).entries);
}

const chain = (versions: readonly bigint[]): string =>
  versions.map((version) => `${version - 10n}:${version}`).join(" ");

/** Gives one entry a time of a log. */
const sip =
  (log: LogServer): Pull =>
  (request) =>
    log.handlers.pull({ ...request, entriesMax: 1 });

const entry = (previous: bigint, version: bigint): LogEntry => ({ previous, version, data: dataOf(version) });

/** A source that answers from a script, one reply a call; the last one again and again. */
function script(...replies: (Partial<LogPull> | RpcError)[]): Pull {
  let calls = 0;
  return async () => {
    const reply = replies[Math.min(calls++, replies.length - 1)]!;
    if (reply instanceof RpcError) throw reply;
    return {
      entries: [],
      upTo: reply.entries?.at(-1)?.version ?? 0n,
      knownCommitted: 0n,
      finalizedEpoch: 0n,
      ...reply,
    };
  };
}

const GONE = new RpcError("unreachable", "gone");

test("a log takes over what its sources have, and nothing else; all that do are the same", () =>
  play(async (stage) => {
    const old = await oldLog(stage, "old-a");
    const pulls = { "old-a": old.handlers.pull, "old-b": sip(old) };
    const log = await newLog(stage, pulls);
    await log.handlers.activate({ epoch: EPOCH, previous: 0n });
    await push(log, 0n, 7n, EPOCH);
    expect(await refusal(recover(log, 50n, 300n))).toBe("not_running");
    await log.handlers.lock({ epoch: EPOCH, director: "e" });
    const copied = await recover(log, 50n, 300n);
    expect(copied).toMatchObject({ entries: 25 });
    expect(await log.handlers.info({ revision: 0n })).toEqual({
      epoch: EPOCH,
      mode: "locked",
      lastVersion: 300n,
      oldestVersion: 50n,
      knownCommitted: 300n,
    });
    expect(await contentsOf(log, 50n)).toBe(chain(tens(25, 6)));
    const other = await newLog(stage, pulls, "other");
    expect(await recover(other, 50n, 300n, [B])).toEqual(copied);
    // Repeated, it begins anew, and comes to the same.
    expect(await recover(other, 50n, 300n, [A])).toEqual(copied);
    expect(await recover(other, 50n, 290n, [A])).not.toEqual(copied);
    await log.handlers.activate({ epoch: EPOCH, previous: 300n });
    await push(log, 300n, 1000n, EPOCH);
    expect(await refusal(push(log, 290n, 300n, EPOCH))).toBe("out_of_order");
    await log.close();
    const again = await stage.open({ id: "new", directory: "/new" });
    await again.handlers.lock({ epoch: EPOCH, director: "e" });
    expect(await contentsOf(again, 50n)).toBe(`${chain(tens(25, 6))} 300:1000`);
  }));

test("when a source fails the next one continues", () =>
  play(async (stage) => {
    const old = await oldLog(stage, "old-a");
    const first = [entry(0n, 10n), entry(10n, 20n)];
    const log = await newLog(stage, { "old-a": script({ entries: first }, GONE), "old-b": sip(old) });
    expect(await recover(log, 0n, 400n)).toMatchObject({ entries: 40 });
    expect(await contentsOf(log, 0n)).toBe(chain(tens(40)));
  }));

test("what a source gives is not believed when it does not continue the chain", () =>
  play(async (stage) => {
    const old = await oldLog(stage, "old-a");
    for (const wrong of [
      [entry(5n, 10n)],
      [entry(0n, 10n), entry(20n, 30n)],
      [entry(0n, 10n), entry(10n, 10n)],
      [entry(0n, 10n), entry(10n, 500n)],
    ]) {
      const log = await newLog(stage, { "old-a": script({ entries: wrong }), "old-b": old.handlers.pull });
      expect(await refusal(recover(log, 0n, 400n, [A]))).toBe("corrupt");
      expect(await recover(log, 0n, 400n)).toMatchObject({ entries: 40 });
      expect(await contentsOf(log, 0n)).toBe(chain(tens(40)));
      await log.close();
    }
  }));

test("6.2.4: an empty reply does not end a copy early; what is half copied holds nothing and is not activated", () =>
  play(async (stage) => {
    const old = await oldLog(stage, "old-a");
    const half = script({ entries: [entry(0n, 10n), entry(10n, 20n)] }, { entries: [], upTo: 20n });
    const log = await newLog(stage, { "old-a": half, "old-b": old.handlers.pull });
    expect(await refusal(recover(log, 0n, 400n, [A]))).toBe("version_too_new");
    expect(await refusal(recover(log, 0n, 410n, [B]))).toBe("version_too_new");
    const empty = { mode: "locked", lastVersion: 0n, oldestVersion: 0n };
    for (const previous of [0n, 20n, 400n, 410n]) {
      expect(await refusal(log.handlers.activate({ epoch: EPOCH, previous }))).toBe("not_running");
    }
    expect(await log.handlers.info({ revision: 0n })).toMatchObject(empty);
    expect(await refusal(contentsOf(log, 0n))).toBe("not_running");
    stage.machine.restart("power");
    const again = await stage.open({ id: "new", directory: "/new" });
    expect(await again.handlers.info({ revision: 0n })).toMatchObject({ ...empty, epoch: EPOCH });
  }));

test("a source that has trimmed what is needed says so", () =>
  play(async (stage) => {
    const tooOld = new RpcError("version_too_old", "trimmed", 100n);
    const log = await newLog(stage, { "old-a": script(tooOld), "old-b": script(GONE) });
    expect(await refusal(recover(log, 0n, 400n, [B, A]))).toBe("version_too_old");
    expect(await refusal(recover(log, 0n, 400n, []))).toBe("invalid_request");
    expect(await refusal(recover(log, 10n, 0n))).toBe("invalid_request");
    expect(await refusal(log.handlers.recoverFrom({ epoch: 1n, sources: [A], from: 0n, to: 10n }))).toBe("wrong_epoch");
  }));

test("the end may lie between two versions only when no source has an entry there", () =>
  play(async (stage) => {
    const old = await oldLog(stage, "old-a");
    const short = script({ entries: [entry(0n, 10n), entry(10n, 20n)], upTo: 20n }, { upTo: 30n });
    const log = await newLog(stage, { "old-a": short, "old-b": old.handlers.pull });
    expect(await recover(log, 0n, 30n)).toMatchObject({ entries: 3 });
    expect(await recover(log, 0n, 395n, [B])).toMatchObject({ entries: 39 });
    await log.handlers.activate({ epoch: EPOCH, previous: 395n });
    await push(log, 395n, 1000n, EPOCH);
    await log.close();
    const again = await stage.open({ id: "new", directory: "/new" });
    await again.handlers.lock({ epoch: EPOCH, director: "e" });
    const { entries } = await again.handlers.pull(pullOf({ after: 380n, recovery: true, epoch: EPOCH }));
    expect(entries.map(({ version, data }) => [version, data.length])).toEqual([
      [390n, 20],
      [395n, 0],
      [1000n, 20],
    ]);
  }));

test("a log that begins after a version without copying anything ends there, also when it is opened anew", () =>
  play(async (stage) => {
    const log = await newLog(stage, {});
    expect(await recover(log, 5000n, 5000n, [])).toEqual({ entries: 0, checksum: 0 });
    await log.close();
    const again = await newLog(stage, {});
    expect(await again.handlers.info({ revision: 0n })).toMatchObject({ lastVersion: 5000n, oldestVersion: 5000n });
    await again.handlers.activate({ epoch: EPOCH, previous: 5000n });
    await push(again, 5000n, 6000n, EPOCH);
  }));

test("a lock, another recovery, and closing end a recovery that hangs", () =>
  play(async (stage) => {
    const hang: Pull = (_request, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener("abort", () => reject(new RpcError("cancelled", "given up")));
      });
    const old = await oldLog(stage, "old-a");
    const log = await newLog(stage, { "old-a": hang, "old-b": old.handlers.pull });
    const first = recover(log, 0n, 400n, [A]);
    await stage.world.sleep(50);
    expect(await log.handlers.info({ revision: 0n })).toMatchObject({ mode: "recovering" });
    const second = recover(log, 0n, 400n, [B]);
    expect(await refusal(first)).toBe("superseded");
    expect(await second).toMatchObject({ entries: 40 });
    const third = recover(log, 0n, 400n, [A]);
    await stage.world.sleep(50);
    const locked = log.handlers.lock({ epoch: 3n, director: "f" });
    expect(await refusal(third)).toBe("superseded");
    expect(await locked).toMatchObject({ epoch: 3n, mode: "locked", lastVersion: 0n });
    await log.close();
  }));

test("a failing disk ends the log that recovers", () =>
  play(async (stage) => {
    const old = await oldLog(stage, "old-a");
    const log = await newLog(stage, { "old-a": sip(old) });
    const recovering = recover(log, 0n, 400n, [A]);
    await stage.world.sleep(30);
    stage.machine.disk.failNext("sync", "EIO");
    expect(await refusal(recovering)).toBe("failed");
    expect(String(await log.failed)).toContain("EIO");
  }));

test("damage that is read ends the log, and names its place", () =>
  play(async (stage) => {
    const old = await oldLog(stage, "old-a");
    const path = "/old-a/segment-0000000000000001";
    const file = await stage.runtime.disk.open(path, "modify");
    await file.write(100, new Uint8Array([1, 2, 3]));
    await file.close();
    expect(await refusal(old.handlers.pull(pullOf({ recovery: true, epoch: EPOCH })))).toBe("corrupt");
    expect(await old.failed).toMatchObject({ file: path });
    await old.close();
    const opening = stage.open({ id: "old-a", directory: "/old-a" });
    expect(await opening.catch((error: unknown) => error)).toMatchObject({ name: "LogCorruptionError", file: path });
  }));

test("what was torn does not come back behind what is written next", () =>
  play(async (stage) => {
    const log = await stage.openRunning();
    await pushAll(log, 0n, [10n, 20n, 30n]);
    await log.close();
    const path = `${DIRECTORY}/segment-0000000000000001`;
    const file = await stage.runtime.disk.open(path, "modify");
    // Of the one write that had all three, the first entry has not reached the disk.
    await file.write((await file.size()) - 3 * 65, new Uint8Array(65));
    await file.close();
    const again = await stage.open();
    expect(await again.handlers.lock({ epoch: 2n, director: "e" })).toMatchObject({ lastVersion: 0n });
    await again.handlers.activate({ epoch: 2n, previous: 0n });
    await push(again, 0n, 10n, 2n);
    stage.machine.restart("power");
    expect(await (await stage.open()).handlers.info({ revision: 0n })).toMatchObject({ lastVersion: 10n });
  }));

test("what a lock has found on disk is not taken for torn", () =>
  play(async (stage) => {
    const log = await stage.openRunning();
    await push(log, 0n, 10n);
    await push(log, 10n, 20n);
    await log.close();
    const path = `${DIRECTORY}/segment-0000000000000001`;
    const { sizeBytes } = await stage.runtime.disk.stat(path);
    const cut = async (bytes: number): Promise<void> => {
      const file = await stage.runtime.disk.open(path, "modify");
      await file.truncate(bytes);
      await file.close();
    };
    await cut(sizeBytes - 1);
    const again = await stage.open();
    expect(await again.handlers.lock({ epoch: 2n, director: "e" })).toMatchObject({ lastVersion: 10n });
    await again.close();
    await cut(sizeBytes - 100);
    expect(await stage.open().catch((error: unknown) => error)).toMatchObject({
      name: "LogCorruptionError",
      message: expect.stringContaining("the log ends at 0, and had 10 on disk"),
    });
  }));

test("a disk that lacks what it had is refused, with the name of what is missing", () =>
  play(async (stage) => {
    const { disk } = stage.runtime;
    const spoil = async (id: string, how: (directory: string) => Promise<void>): Promise<unknown> => {
      await (await oldLog(stage, id)).close();
      await how(`/${id}`);
      return stage.open({ id, directory: `/${id}` }).catch((error: unknown) => error);
    };
    const segment = (number: number): string => `segment-${String(number).padStart(16, "0")}`;
    const damaged = async (path: string, from: number): Promise<void> => {
      const file = await disk.open(path, "modify");
      await file.write(from, new Uint8Array(4));
      await file.close();
    };
    const expected = (file: string, offset = 0) => ({ name: "LogCorruptionError", file, offset });
    expect(await spoil("s1", (path) => disk.unlink(`${path}/state`))).toMatchObject(expected("/s1/state"));
    expect(await spoil("s2", (path) => damaged(`${path}/state`, 8))).toMatchObject(expected("/s2/state"));
    expect(await spoil("s3", (path) => disk.unlink(`${path}/${segment(2)}`))).toMatchObject(
      expected(`/s3/${segment(2)}`),
    );
    expect(await spoil("s4", (path) => damaged(`${path}/${segment(2)}`, 4))).toMatchObject(
      expected(`/s4/${segment(2)}`),
    );
    expect(await spoil("s5", (path) => disk.rename(path, "/s6").then(() => disk.rename("/s6", path)))).toBeDefined();
    const renamed = stage.open({ id: "other", directory: "/s5" });
    expect(await renamed.catch((error: unknown) => error)).toMatchObject(expected("/s5/state"));
    const all = async (path: string): Promise<void> => {
      for (const name of await disk.readDirectory(path)) if (name !== "state") await disk.unlink(`${path}/${name}`);
    };
    expect(await spoil("s7", all)).toMatchObject(expected("/s7"));
  }));
