import { expect, test } from "bun:test";
import { shareSync } from "./shared-sync.ts";

/** An fsync that ends when told to. */
function manual() {
  const running: PromiseWithResolvers<void>[] = [];
  const sync = shareSync(() => {
    const one = Promise.withResolvers<void>();
    running.push(one);
    return one.promise;
  });
  return { sync, running };
}

test("callers that come while one runs share the next", async () => {
  const { sync, running } = manual();
  const first = sync();
  const others = [sync(), sync(), sync()];
  expect(running).toHaveLength(1);
  running[0]!.resolve();
  await first;
  await Promise.resolve();
  expect(running).toHaveLength(2);
  running[1]!.resolve();
  await Promise.all(others);
  expect(running).toHaveLength(2);
});

test("a failure reaches those who waited for that fsync and nobody else", async () => {
  const { sync, running } = manual();
  const first = sync();
  const second = sync();
  running[0]!.reject(new Error("disk gone"));
  await expect(first).rejects.toThrow("disk gone");
  await Promise.resolve();
  running[1]!.resolve();
  await second;
});
