import { expect, test } from "bun:test";
import type { ResourceId } from "#contracts";
import { createVirtualTime } from "#foundation/runtime";
import { EngineError, type EngineHost } from "#foundation/sql";
import { isQueueEngineError } from "../engine-error.ts";
import type { CommandLine, RecordOperations } from "../records/create-records.ts";
import { createCourier } from "./courier.ts";
import type { Batch, Letter } from "./letter.ts";

interface Posted {
  readonly batch: Batch;
  readonly lines: readonly CommandLine[];
  readonly answer: (answers: readonly unknown[]) => void;
  readonly fail: (error: Error) => void;
}

/** A host whose commits end when the test says so. */
function slowHost() {
  const posted: Posted[] = [];
  const host = {
    apply: (_: "run", batch: Batch) =>
      new Promise<Letter>((resolve, reject) => {
        posted.push({
          batch,
          lines: JSON.parse(batch.json) as readonly CommandLine[],
          answer: (answers) => resolve({ json: JSON.stringify(answers), texts: "" }),
          fail: reject,
        });
      }),
    pending: 0,
    failure: undefined,
    close: () => Promise.resolve(),
  } as EngineHost<RecordOperations>;
  return { host, posted };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const { clock } = createVirtualTime(1_000_000);

function drop(courier: ReturnType<typeof createCourier>, queue: string, texts: readonly string[] = []) {
  return courier.send({ name: "drop", ask: { queue: queue as ResourceId }, texts, read: () => queue });
}

const code = (error: unknown) => (isQueueEngineError(error) ? error.code : String(error));

test("commands of one turn go together, later ones with the next letter", async () => {
  const { host, posted } = slowHost();
  const courier = createCourier(host, clock);
  const first = [drop(courier, "a"), drop(courier, "b")];
  await turn();
  const second = [drop(courier, "c")];
  await turn();
  const third = [drop(courier, "d"), drop(courier, "e")];
  await turn();
  expect(posted.map(({ lines }) => lines.length)).toEqual([2]);
  expect(posted[0]!.batch.now).toBe(clock.now());
  expect(courier.pending).toBe(5);
  posted[0]!.answer([true, true]);
  expect(await Promise.all(first)).toEqual(["a", "b"]);
  await turn();
  expect(posted[1]?.lines.map(([, ask]) => ask)).toEqual([{ queue: "c" }, { queue: "d" }, { queue: "e" }]);
  posted[1]!.answer([true, true, { refused: "NoSuchQueue" }]);
  expect(await second[0]!).toBe("c");
  expect(await third[0]!).toBe("d");
  expect(await third[1]!.catch(code)).toBe("NoSuchQueue");
  expect(courier.pending).toBe(0);
});

test("a letter holds few large texts, and what waits is bounded", async () => {
  const { host, posted } = slowHost();
  const courier = createCourier(host, clock);
  const large = ["x".repeat(3 * 1024 * 1024)];
  const sent = Array.from({ length: 5 }, (_, index) => drop(courier, String(index), large));
  await turn();
  await turn();
  expect(posted.map(({ lines }) => lines.length)).toEqual([1]);
  const many = Array.from({ length: 40 }, () => drop(courier, "more", large).catch(code));
  // 128 MiB wait, besides the one that is under way.
  const accepted = 1 + Math.floor(128 / 3);
  for (let at = 0; at < accepted; at++) {
    while (posted.length <= at) await turn();
    posted[at]!.answer([true]);
  }
  await Promise.all(sent);
  const outcomes = await Promise.all(many);
  expect(outcomes.filter((outcome) => outcome === "Overloaded")).toHaveLength(45 - accepted);
});

test("a command that trips over a defect takes no other along", async () => {
  const { host, posted } = slowHost();
  const courier = createCourier(host, clock);
  const sent = ["a", "bad", "c"].map((name) => drop(courier, name).catch(String));
  await turn();
  posted[0]!.fail(new EngineError("Internal", "undefined is not an object"));
  await turn();
  posted[1]!.answer([true]);
  await turn();
  posted[2]!.fail(new EngineError("Internal", "undefined is not an object"));
  await turn();
  posted[3]!.answer([true]);
  expect(await Promise.all(sent)).toEqual(["a", "EngineError: undefined is not an object", "c"]);
});

test.each([
  ["SQLITE_FULL", "InsufficientStorage"],
  ["SQLITE_IOERR_FSYNC", "Unavailable"],
  ["EngineFailed", "Unavailable"],
  ["Overloaded", "Overloaded"],
])("a host's %s is the port's %s, for all of the letter, which is not sent again", async (from, to) => {
  const { host, posted } = slowHost();
  const courier = createCourier(host, clock);
  const sent = ["a", "b"].map((name) => drop(courier, name).catch(code));
  await turn();
  posted[0]!.fail(new EngineError(from, "broken"));
  expect(await Promise.all(sent)).toEqual([to, to]);
  await turn();
  expect(posted).toHaveLength(1);
});

test("a closed courier answers what it accepted and takes nothing more", async () => {
  const { host, posted } = slowHost();
  const courier = createCourier(host, clock);
  const sent = drop(courier, "a");
  let closed = false;
  const closing = courier.close().then(() => {
    closed = true;
  });
  expect(await drop(courier, "b").catch(code)).toBe("Unavailable");
  await turn();
  expect(closed).toBe(false);
  posted[0]!.answer([true]);
  expect(await sent).toBe("a");
  await closing;
});
