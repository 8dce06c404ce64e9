import { expect, test } from "bun:test";
import { Waits } from "./waits.ts";

/** Never has anything, until its signal ends it. */
const forEver = (signal: AbortSignal): Promise<string> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

test("a wait ends when its client goes, and no other", async () => {
  const waits = new Waits();
  const [going, staying] = [new AbortController(), new AbortController()];
  const first = waits.wait(going.signal, forEver);
  const second = waits.wait(staying.signal, forEver);
  going.abort();
  expect(await first).toBeUndefined();
  expect(waits.size).toBe(1);
  waits.endAll();
  expect(await second).toBeUndefined();
  expect(waits.size).toBe(0);
});

test("what is found is given, what fails is thrown, and nothing is kept", async () => {
  const waits = new Waits();
  const client = new AbortController();
  expect(await waits.wait(client.signal, async () => "found")).toBe("found");
  await expect(waits.wait(client.signal, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(waits.size).toBe(0);
});

test("nobody waits when it is over, or for a client that is gone", async () => {
  const waits = new Waits();
  expect(await waits.wait(AbortSignal.abort(), async () => "never asked")).toBeUndefined();
  waits.endAll();
  expect(await waits.wait(new AbortController().signal, async () => "never asked")).toBeUndefined();
});
