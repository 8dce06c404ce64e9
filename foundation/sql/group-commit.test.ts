import { describe, expect, test } from "bun:test";
import { EngineError } from "./engine-error.ts";
import { createGroupCommit } from "./group-commit.ts";
import type { Outcome } from "./outcome.ts";

/** A commit that ends when the test says so. */
function manualCommit() {
  const batches: { requests: readonly number[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const commit = (requests: readonly number[]) =>
    new Promise<readonly Outcome<number>[]>((resolve, reject) => {
      const finish = () => resolve(requests.map((request) => ({ ok: true, value: request * 10 })));
      batches.push({ requests, finish, fail: reject });
    });
  return { batches, commit };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("createGroupCommit()", () => {
  test("requests that arrive while a commit is in flight share the next one", async () => {
    const { batches, commit } = manualCommit();
    const group = createGroupCommit({ commit });
    const answers = [group.submit(1), group.submit(2)];
    await turn();
    answers.push(group.submit(3), group.submit(4), group.submit(5));
    await turn();
    expect(batches.map((batch) => batch.requests)).toEqual([[1, 2]]);
    expect(group.pending).toBe(5);
    batches[0]!.finish();
    await turn();
    expect(batches.map((batch) => batch.requests)).toEqual([
      [1, 2],
      [3, 4, 5],
    ]);
    batches[1]!.finish();
    expect(await Promise.all(answers)).toEqual([10, 20, 30, 40, 50]);
    expect(group.pending).toBe(0);
  });

  test("nobody is acknowledged before the covering commit has ended", async () => {
    const { batches, commit } = manualCommit();
    const group = createGroupCommit({ commit });
    let acknowledged = false;
    const answer = group.submit(1).then(() => {
      acknowledged = true;
    });
    await turn();
    expect(acknowledged).toBe(false);
    batches[0]!.finish();
    await answer;
    expect(acknowledged).toBe(true);
  });

  test("batchMax cuts a long queue, in order", async () => {
    const seen: (readonly number[])[] = [];
    const group = createGroupCommit<number, number>({
      batchMax: 2,
      commit: (requests) => {
        seen.push(requests);
        return requests.map((value) => ({ ok: true, value }));
      },
    });
    expect(await Promise.all([1, 2, 3, 4, 5].map((one) => group.submit(one)))).toEqual([1, 2, 3, 4, 5]);
    expect(seen).toEqual([[1, 2], [3, 4], [5]]);
  });

  test("inFlightMax commits run at the same time", async () => {
    const { batches, commit } = manualCommit();
    const group = createGroupCommit({ commit, batchMax: 1, inFlightMax: 2 });
    const answers = [1, 2, 3].map((one) => group.submit(one));
    await turn();
    expect(batches.length).toBe(2);
    batches[0]!.finish();
    await turn();
    expect(batches.length).toBe(3);
    batches[1]!.finish();
    batches[2]!.finish();
    expect(await Promise.all(answers)).toEqual([10, 20, 30]);
  });

  test("a commit that fails rejects all its requests and the next one goes on", async () => {
    const { batches, commit } = manualCommit();
    const group = createGroupCommit({ commit });
    const lost = Promise.allSettled([group.submit(1), group.submit(2)]);
    await turn();
    const kept = group.submit(3);
    batches[0]!.fail(new EngineError("SQLITE_FULL", "full", { retryable: true }));
    for (const one of await lost) expect(one).toMatchObject({ status: "rejected", reason: { code: "SQLITE_FULL" } });
    await turn();
    batches[1]!.finish();
    expect(await kept).toBe(30);
  });

  test("a commit that throws at once, or answers too few, rejects", async () => {
    const throwing = createGroupCommit<number, number>({
      commit: () => {
        throw new Error("broken");
      },
    });
    await expect(throwing.submit(1)).rejects.toThrow("broken");
    const short = createGroupCommit<number, number>({ commit: () => [{ ok: true, value: 1 }] });
    const settled = await Promise.allSettled([short.submit(1), short.submit(2)]);
    expect(settled.map((one) => one.status)).toEqual(["fulfilled", "rejected"]);
  });

  test("a full queue refuses at once, with a retryable error", async () => {
    const { batches, commit } = manualCommit();
    const group = createGroupCommit({ commit, queueMax: 2, batchMax: 1 });
    const first = group.submit(1);
    await turn();
    const second = group.submit(2);
    const third = group.submit(3);
    await expect(group.submit(4)).rejects.toMatchObject({ code: "Overloaded", retryable: true });
    for (let index = 0; index < 3; index++) {
      batches[index]!.finish();
      await turn();
    }
    expect(await Promise.all([first, second, third])).toEqual([10, 20, 30]);
  });

  test("close() waits for everything accepted", async () => {
    const { batches, commit } = manualCommit();
    const group = createGroupCommit({ commit, batchMax: 1 });
    const answers = Promise.all([group.submit(1), group.submit(2)]);
    await turn();
    let closed = false;
    const closing = group.close().then(() => {
      closed = true;
    });
    await expect(group.submit(3)).rejects.toMatchObject({ code: "EngineClosed" });
    batches[0]!.finish();
    await turn();
    expect(closed).toBe(false);
    batches[1]!.finish();
    await closing;
    expect(await answers).toEqual([10, 20]);
  });
});
