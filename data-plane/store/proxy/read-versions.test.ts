/** Read versions are of this epoch, and it was not over when they were asked for. */
import { expect, test } from "bun:test";
import { EPOCH, FIRST, holdCalls, key, RECOVERY, runSystem, settle, write } from "./scripted-system.ts";

const confirmations = (calls: readonly string[]) => calls.filter((call) => call.endsWith(".confirmRunning")).length;

test("every acknowledged commit is below the read versions that are asked for after it", async () => {
  const system = await runSystem();
  expect(await system.proxy.readVersion({ epoch: EPOCH })).toEqual({ version: RECOVERY });
  await system.commit(write(key(1)));
  expect(await system.proxy.readVersion({ epoch: EPOCH })).toEqual({ version: FIRST });
});

test("a sequencer of an epoch that is over elsewhere hands nothing out: most logs are locked", async () => {
  const system = await runSystem();
  for (const log of system.logs.slice(0, 2)) log.locked = true;
  await expect(system.proxy.readVersion({ epoch: EPOCH })).rejects.toMatchObject({ code: "not_running" });
  expect(system.failures).toMatchObject([{ code: "wrong_epoch" }]);
});

test("one log of three may be out of reach", async () => {
  const held = holdCalls("log1.confirmRunning");
  const system = await runSystem({ gate: held.gate });
  expect(await system.proxy.readVersion({ epoch: EPOCH })).toEqual({ version: RECOVERY });
});

test.each([
  [1, 1],
  [2, 1],
  [3, 2],
  [4, 2],
  [5, 3],
])("of %d logs %d must run", async (logs, needed) => {
  for (const running of [needed, needed - 1]) {
    const system = await runSystem({ logs });
    for (const log of system.logs.slice(running)) log.locked = true;
    const answer = system.proxy.readVersion({ epoch: EPOCH });
    if (running === needed) expect(await answer).toEqual({ version: RECOVERY });
    else await expect(answer).rejects.toMatchObject({ code: "not_running" });
  }
});

test("who comes while logs are being asked is not answered by what they say: they are asked again, once for all", async () => {
  const held = holdCalls("log0.confirmRunning", "log1.confirmRunning", "log2.confirmRunning");
  const system = await runSystem({ gate: held.gate });
  const first = system.proxy.readVersion({ epoch: EPOCH });
  await settle(system);
  expect(confirmations(system.calls)).toBe(3);
  const later = Array.from({ length: 50 }, () => system.proxy.readVersion({ epoch: EPOCH }));
  held.open();
  await first;
  await Promise.all(later);
  expect(confirmations(system.calls)).toBe(6);
});

test("locked between two requests: the later one is not answered by the earlier confirmation", async () => {
  const held = holdCalls("sequencer.readVersion");
  const system = await runSystem({ gate: held.gate });
  const first = system.proxy.readVersion({ epoch: EPOCH });
  await settle(system);
  for (const log of system.logs) log.locked = true;
  const later = system.proxy.readVersion({ epoch: EPOCH });
  held.open();
  expect(await first).toEqual({ version: RECOVERY });
  await expect(later).rejects.toMatchObject({ code: "not_running" });
});

test("who waits is refused when the proxy ends, and too many are refused at once", async () => {
  const held = holdCalls("sequencer.readVersion");
  const system = await runSystem({ gate: held.gate, limits: { readVersionsMax: 2 } });
  const waiting = [0, 1, 2].map(() => system.proxy.readVersion({ epoch: EPOCH }));
  await expect(system.proxy.readVersion({ epoch: EPOCH })).rejects.toMatchObject({ code: "not_running" });
  const settled = Promise.allSettled(waiting);
  system.proxy.close();
  for (const one of await settled) expect(one).toMatchObject({ reason: { code: "not_running" } });
  expect(system.failures).toEqual([]);
  expect(system.time.pendingTimers()).toBe(0);
});
