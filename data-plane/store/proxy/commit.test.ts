/** The order of the steps of a commit, and who is answered when. */
import { expect, test } from "bun:test";
import { RpcError } from "#foundation/rpc";
import { SYSTEM_KEYS } from "#foundation/store-protocol";
import { idempotencyRecord, placeToStamp } from "../mutations/index.ts";
import {
  EPOCH,
  FIRST,
  type Gate,
  holdCalls,
  key,
  point,
  RECOVERY,
  runSystem,
  settle,
  TOKEN,
  watch,
  write,
  written,
} from "./scripted-system.ts";

test("a commit takes a version, is resolved, is on every log, is reported, and only then answered", async () => {
  const system = await runSystem();
  expect(await system.commit(write(key(1)))).toEqual({ version: FIRST, index: 0 });
  expect(system.calls).toEqual([
    "sequencer.nextCommitVersion",
    "resolver0.resolve",
    "log0.push",
    "log1.push",
    "log2.push",
    "sequencer.reportCommitted",
  ]);
  for (const log of system.logs) {
    expect(log.pushes).toMatchObject([{ epoch: EPOCH, previous: RECOVERY, version: FIRST, knownCommitted: RECOVERY }]);
    expect(written(log)).toEqual([[{ type: "set", key: key(1), value: key(1) }]]);
  }
  await system.commit(write(key(2)));
  expect(system.logs[0]!.pushes[1]).toMatchObject({ previous: FIRST, knownCommitted: FIRST });
});

test("nobody is answered before the last log has it", async () => {
  const held = holdCalls("log2.push");
  const system = await runSystem({ gate: held.gate });
  const client = watch(system.commit(write(key(1))));
  await settle(system);
  expect(held.held()).toBe(1);
  expect(system.calls).not.toContain("sequencer.reportCommitted");
  expect(client.state).toBe("waiting");
  held.open();
  await settle(system);
  expect(client.state).toBe("done");
});

test("nobody is answered before the sequencer knows of it: whoever reads after the answer sees it", async () => {
  const held = holdCalls("sequencer.reportCommitted");
  const system = await runSystem({ gate: held.gate });
  const client = watch(system.commit(write(key(1))));
  await settle(system);
  expect(held.held()).toBe(1);
  expect(client.state).toBe("waiting");
  expect(await system.proxy.readVersion({ epoch: EPOCH })).toEqual({ version: RECOVERY });
  held.open();
  await settle(system);
  expect(client.state).toBe("done");
  expect(await system.proxy.readVersion({ epoch: EPOCH })).toEqual({ version: FIRST });
});

test("conflicts are answered without waiting for disks, and are on none", async () => {
  const held = holdCalls("log0.push");
  const system = await runSystem({ gate: held.gate });
  const winner = watch(system.commit({ ...write(key(1)), readVersion: RECOVERY, reads: [point(key(2))] }));
  const loser = watch(system.commit({ ...write(key(2)), readVersion: RECOVERY, reads: [point(key(1))] }));
  await settle(system);
  expect([winner.state, loser.state]).toEqual(["waiting", "not_committed"]);
  held.open();
  await settle(system);
  expect(winner.state).toBe("done");
  expect(written(system.logs[1]!)).toEqual([[{ type: "set", key: key(1), value: key(1) }]]);
});

test("who has read too long ago is told so", async () => {
  const system = await runSystem();
  const old = system.commit({ ...write(key(1)), readVersion: RECOVERY - 1n, reads: [point(key(2))] });
  await expect(old).rejects.toMatchObject({ code: "transaction_too_old" });
});

test("a conflict in the range of any resolver counts, also of a range that spans them", async () => {
  const system = await runSystem({ splits: [key(10), key(20)] });
  await system.commit({ writes: [{ begin: key(19), end: key(21) }] });
  const reads = (begin: number, end: number) => ({
    readVersion: RECOVERY,
    reads: [{ begin: key(begin), end: key(end) }],
  });
  for (const [begin, end, wanted] of [
    [0, 10, "done"],
    [0, 255, "not_committed"],
    [12, 19, "done"],
    [19, 20, "not_committed"],
    [20, 21, "not_committed"],
    [21, 40, "done"],
  ] as const) {
    const client = watch(system.commit(reads(begin, end)));
    await settle(system);
    expect([begin, end, client.state]).toEqual([begin, end, wanted]);
  }
});

test("write conflicts of a transaction that writes nothing count", async () => {
  const system = await runSystem();
  await system.commit({ writes: [point(key(5))] });
  const reader = system.commit({ readVersion: RECOVERY, reads: [point(key(5))] });
  await expect(reader).rejects.toMatchObject({ code: "not_committed" });
});

test("the first failed push gives every client of the batch an unknown result, others none, and ends the proxy", async () => {
  const held = holdCalls("log0.push");
  let fail = () => {};
  const gate: Gate = (call, after) =>
    call === "log1.push" && !after
      ? new Promise((_, reject) => {
          fail = () => reject(new RpcError("unreachable", "the log is gone"));
        })
      : held.gate(call, after);
  const system = await runSystem({ gate, limits: { batchesMax: 1 } });
  const pushed = [watch(system.commit(write(key(1)))), watch(system.commit(write(key(2))))];
  await settle(system);
  const queued = watch(system.commit(write(key(3))));
  await settle(system);
  fail();
  await settle(system);
  expect(pushed.map(({ state }) => state)).toEqual(["commit_unknown_result", "commit_unknown_result"]);
  expect(queued.state).toBe("not_running");
  expect(system.failures).toMatchObject([{ code: "unreachable" }]);
  held.open();
  await system.time.advanceSettled(60_000);
  expect(system.logs.flatMap((log) => log.pushes)).toHaveLength(2);
  await expect(system.commit(write(key(4)))).rejects.toMatchObject({ code: "not_running" });
  expect(system.failures).toHaveLength(1);
  expect(system.time.pendingTimers()).toBe(0);
});

test("a report that fails leaves the result unknown: it is on all logs, but readers might not see it", async () => {
  const gate: Gate = (call) =>
    call === "sequencer.reportCommitted" ? Promise.reject(new RpcError("wrong_epoch", "over")) : undefined;
  const system = await runSystem({ gate });
  await expect(system.commit(write(key(1)))).rejects.toMatchObject({ code: "commit_unknown_result" });
  expect(system.failures).toHaveLength(1);
});

test("what fails before the first push is certainly not applied, then or later", async () => {
  const held = holdCalls("resolver1.resolve");
  const system = await runSystem({ gate: held.gate, splits: [key(9)], limits: { attempts: 1, callTimeoutMs: 100 } });
  const client = watch(system.commit(write(key(1))));
  await system.time.advanceSettled(100);
  expect(client.state).toBe("not_running");
  expect(system.failures).toMatchObject([{ code: "timed_out" }]);
  held.open();
  await settle(system);
  expect(system.calls).not.toContain("log0.push");
});

test("a proxy that fails while verdicts come in, at whatever moment, pushes nothing of which it has said that it is not applied", async () => {
  for (let moment = 0; moment < 40; moment++) {
    const pushes: ((error: Error) => void)[] = [];
    let resolves = 0;
    const verdicts = Promise.withResolvers<void>();
    const gate: Gate = (call, after) => {
      if (call === "log0.push" && !after) return new Promise((_, reject) => pushes.push(reject));
      return call === "resolver0.resolve" && after && ++resolves === 2 ? verdicts.promise : undefined;
    };
    const system = await runSystem({ gate, limits: { batchLatencyMs: 0 } });
    const first = watch(system.commit(write(key(1))));
    await settle(system);
    const second = watch(system.commit(write(key(2))));
    await settle(system);
    verdicts.resolve();
    for (let turn = 0; turn < moment; turn++) await Promise.resolve();
    pushes[0]!(new RpcError("unreachable", "the log is gone"));
    await settle(system);
    expect(first.state).toBe("commit_unknown_result");
    expect([moment, second.state]).toEqual([
      moment,
      system.logs[1]!.pushes.length === 2 ? "commit_unknown_result" : "not_running",
    ]);
  }
});

test("a sequencer that does not answer is not waited for without end", async () => {
  const held = holdCalls("sequencer.nextCommitVersion");
  const system = await runSystem({ gate: held.gate });
  const client = watch(system.commit(write(key(1))));
  await system.time.advanceSettled(20_000);
  expect(client.state).toBe("not_running");
  expect(held.held()).toBe(3);
  expect(system.failures).toMatchObject([{ code: "timed_out" }]);
});

test("answers of sequencer and resolvers that get lost are asked for again, and change nothing", async () => {
  const lost = new Set(["sequencer.nextCommitVersion", "resolver0.resolve", "sequencer.reportCommitted"]);
  const gate: Gate = (call, after) =>
    after && lost.delete(call) ? Promise.reject(new RpcError("unreachable", "the answer is lost")) : undefined;
  const system = await runSystem({ gate });
  const client = watch(system.commit({ ...write(key(1)), readVersion: RECOVERY, reads: [point(key(1))] }));
  await system.time.advanceSettled(1_000);
  expect(client.state).toBe("done");
  const next = watch(system.commit(write(key(2))));
  await settle(system);
  expect(next.state).toBe("done");
  // A version that was given twice would have left a hole, and nothing would come after it.
  expect(system.logs[0]!.pushes.map(({ previous }) => previous)).toEqual([RECOVERY, FIRST]);
});

test("neighbours that say no are not asked again", async () => {
  const gate: Gate = (call) =>
    call === "resolver0.resolve" ? Promise.reject(new RpcError("wrong_epoch", "another one", 9n)) : undefined;
  const system = await runSystem({ gate });
  await expect(system.commit(write(key(1)))).rejects.toMatchObject({ code: "not_running" });
  expect(system.calls.filter((call) => call === "resolver0.resolve")).toHaveLength(1);
});

test("versionstamps hold version and index, and their keys are written as others see it", async () => {
  const system = await runSystem();
  const stamped = Uint8Array.of(7, ...new Array(10).fill(0), 1, 0, 0, 0);
  const places = await Promise.all([
    system.commit({ mutations: [{ type: "set_versionstamped_key", key: stamped, value: key(1) }] }),
    system.commit({ mutations: [{ type: "set_versionstamped_value", key: key(8), value: stamped }] }),
  ]);
  expect(places).toEqual([
    { version: FIRST, index: 0 },
    { version: FIRST, index: 1 },
  ]);
  expect(written(system.logs[0]!)).toEqual([
    [
      { type: "set", key: Uint8Array.of(7, ...placeToStamp(places[0]!)), value: key(1) },
      { type: "set", key: key(8), value: Uint8Array.of(7, ...placeToStamp(places[1]!)) },
    ],
  ]);
  const reader = system.commit({ readVersion: RECOVERY, reads: [{ begin: key(7), end: key(8) }] });
  await expect(reader).rejects.toMatchObject({ code: "not_committed" });
});

test("of two attempts with one idempotency id the second conflicts; the first leaves its place", async () => {
  const system = await runSystem();
  const attempt = { ...write(key(1)), readVersion: RECOVERY, idempotencyId: key(4, 2) };
  const place = await system.commit(attempt);
  await expect(system.commit(attempt)).rejects.toMatchObject({ code: "not_committed" });
  expect(written(system.logs[0]!)[0]).toEqual([
    { type: "set", key: key(1), value: key(1) },
    ...idempotencyRecord(key(4, 2), place),
  ]);
});

test("an attempt that conflicts with an earlier one of its own is told so when the earlier one can be found", async () => {
  const held = holdCalls("log0.push");
  const system = await runSystem({ gate: held.gate });
  const attempt = { ...write(key(1)), readVersion: RECOVERY, idempotencyId: key(4, 2) };
  const first = watch(system.commit(attempt));
  const second = watch(system.commit(attempt));
  await settle(system);
  expect([first.state, second.state]).toEqual(["waiting", "waiting"]);
  held.open();
  await settle(system);
  expect([first.state, second.state]).toEqual(["done", "not_committed"]);
});

test("the layout is written below the system's keys, by who has the token", async () => {
  const system = await runSystem();
  await expect(system.proxy.writeLayout({ epoch: EPOCH, token: key(9) })).rejects.toMatchObject({
    code: "unauthorized",
  });
  expect(await system.proxy.writeLayout({ epoch: EPOCH, token: TOKEN })).toEqual({ version: FIRST });
  expect(written(system.logs[0]!)[0]).toMatchObject([
    { type: "set", key: SYSTEM_KEYS.epoch, value: key(0, 0, 0, 0, 0, 0, 0, Number(EPOCH)) },
    { type: "set", key: SYSTEM_KEYS.layout },
  ]);
});
