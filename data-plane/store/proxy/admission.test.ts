/** What a proxy takes, and from whom. */
import { expect, test } from "bun:test";
import { SYSTEM_KEYS } from "#foundation/store-protocol";
import { idempotencyKey } from "../mutations/index.ts";
import { encodeTransaction } from "../transactions/index.ts";
import {
  EPOCH,
  FIRST,
  key,
  point,
  runSystem,
  scriptSystem,
  settle,
  TOKEN,
  watch,
  write,
  written,
} from "./scripted-system.ts";

test("a locked proxy takes nothing, and only its own token opens it, for its own epoch", async () => {
  const { proxy, layout } = scriptSystem();
  const transaction = encodeTransaction({
    readVersion: undefined,
    reads: [],
    writes: [],
    mutations: [],
    idempotencyId: new Uint8Array(0),
  });
  const locked = { code: "not_running" };
  await expect(proxy.commit({ epoch: EPOCH, transaction })).rejects.toMatchObject(locked);
  await expect(proxy.readVersion({ epoch: EPOCH })).rejects.toMatchObject(locked);
  await expect(proxy.writeLayout({ epoch: EPOCH, token: TOKEN })).rejects.toMatchObject(locked);
  for (const token of [key(), key(1, 2), key(1, 2, 4), key(1, 2, 3, 0)]) {
    await expect(proxy.unlock({ epoch: EPOCH, token, layout })).rejects.toMatchObject({ code: "unauthorized" });
  }
  const wrong = { code: "wrong_epoch", detail: EPOCH };
  await expect(proxy.unlock({ epoch: 9n, token: TOKEN, layout })).rejects.toMatchObject(wrong);
  const other = { ...layout, epoch: 9n };
  await expect(proxy.unlock({ epoch: EPOCH, token: TOKEN, layout: other })).rejects.toMatchObject(wrong);
  const gap = { ...layout, resolvers: [{ ...layout.resolvers[0]!, begin: key(1) }] };
  await expect(proxy.unlock({ epoch: EPOCH, token: TOKEN, layout: gap })).rejects.toMatchObject({
    code: "invalid_request",
  });
  await proxy.unlock({ epoch: EPOCH, token: TOKEN, layout });
  await proxy.unlock({ epoch: EPOCH, token: TOKEN, layout });
  expect(await proxy.commit({ epoch: EPOCH, transaction })).toEqual({ version: FIRST, index: 0 });
  await expect(proxy.commit({ epoch: 2n, transaction })).rejects.toMatchObject(wrong);
  await expect(proxy.readVersion({ epoch: 2n })).rejects.toMatchObject(wrong);
  await expect(proxy.commit({ epoch: EPOCH, transaction: key(1, 2, 3) })).rejects.toMatchObject({
    code: "invalid_request",
  });
  proxy.close();
  await expect(proxy.unlock({ epoch: EPOCH, token: TOKEN, layout })).rejects.toMatchObject(locked);
  await expect(proxy.commit({ epoch: EPOCH, transaction })).rejects.toMatchObject(locked);
});

test("clients write below 0xFF only, and may forget idempotency ids", async () => {
  const system = await runSystem();
  const none = new Uint8Array(0);
  const stamp = (place: number, first: number) => Uint8Array.of(first, ...new Array(10).fill(0), place, 0, 0, 0);
  const id = idempotencyKey(key(1));
  const refused = [
    { type: "set", key: key(0xff), value: none },
    { type: "set", key: key(0xff, 2, 1), value: none },
    { type: "set", key: id, value: none },
    { type: "add", key: SYSTEM_KEYS.epoch, value: none },
    { type: "clear", key: SYSTEM_KEYS.layout },
    { type: "clear_range", begin: none, end: key(0xff, 0) },
    { type: "clear_range", begin: id, end: key(0xff, 0xff) },
    { type: "set_versionstamped_key", key: stamp(1, 0xff), value: none },
    { type: "set_versionstamped_value", key: key(0xff), value: stamp(0, 0) },
  ] as const;
  for (const mutation of refused) {
    await expect(system.commit({ mutations: [mutation] })).rejects.toMatchObject({ code: "invalid_request" });
  }
  const allowed = [
    { type: "set", key: key(0xfe, 0xff), value: none },
    { type: "clear_range", begin: none, end: key(0xff) },
    { type: "set_versionstamped_key", key: stamp(0, 0xff), value: none },
    { type: "clear", key: id },
    { type: "clear_range", begin: id, end: idempotencyKey(key(2)) },
  ] as const;
  for (const mutation of allowed) await system.commit({ mutations: [mutation] });
});

test("what cannot be is refused by itself, and others of its batch commit", async () => {
  const system = await runSystem();
  const future = watch(system.commit({ ...write(key(1)), readVersion: 2n ** 62n, reads: [point(key(1))] }));
  const unread = watch(system.commit({ ...write(key(2)), reads: [point(key(1))] }));
  const good = watch(system.commit(write(key(3))));
  const long = watch(system.commit(write(new Uint8Array(10_001))));
  const value = new Uint8Array(100_000);
  const large = watch(
    system.commit({ mutations: Array.from({ length: 101 }, () => ({ type: "set", key: key(1), value }) as const) }),
  );
  await settle(system);
  expect([future, unread, good, long, large].map(({ state }) => state)).toEqual([
    "invalid_request",
    "invalid_request",
    "done",
    "invalid_request",
    "invalid_request",
  ]);
  expect(written(system.logs[0]!)).toHaveLength(1);
});
