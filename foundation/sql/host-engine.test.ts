import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { EngineHost } from "./engine.ts";
import { EngineError } from "./engine-error.ts";
import { type HostOptions, hostEngine } from "./host-engine.ts";
import { openDatabase } from "./open-database.ts";
import { type CounterOperations, type CounterSettings, createCounter } from "./testing/counter.ts";
import { withDirectory } from "./testing/temporary-directory.ts";

const KINDS = ["inline", "worker"] as const;

function optionsOf(
  kind: (typeof KINDS)[number],
  directory: string,
  limits: { batchMax?: number; queueMax?: number } = {},
): HostOptions<CounterOperations, CounterSettings> {
  const database = { path: join(directory, "counters.sqlite") };
  const settings = { start: 100 };
  if (kind === "inline") return { kind, createEngine: createCounter, database, settings, ...limits };
  return { kind, entry: "foundation/sql/testing/counter.worker.ts", database, settings, ...limits };
}

async function withHost(
  kind: (typeof KINDS)[number],
  body: (host: EngineHost<CounterOperations>, directory: string) => Promise<void>,
  limits: { batchMax?: number; queueMax?: number } = {},
): Promise<void> {
  await withDirectory(async (directory) => {
    const host = await hostEngine(optionsOf(kind, directory, limits));
    try {
      await body(host, directory);
    } finally {
      await host.close();
    }
  });
}

async function failureOfPromise(promise: Promise<unknown>): Promise<EngineError> {
  const failure = await promise.then(
    () => undefined,
    (error) => error,
  );
  if (!(failure instanceof EngineError)) throw new Error(`expected an EngineError, got ${String(failure)}`);
  return failure;
}

for (const kind of KINDS) {
  describe(`${kind} host`, () => {
    test("apply() answers in order, and what it answered is on disk", async () => {
      await withHost(kind, async (host, directory) => {
        const answers = await Promise.all(Array.from({ length: 1000 }, () => host.apply("add", { name: "a", by: 1 })));
        expect(answers).toEqual(Array.from({ length: 1000 }, (_, index) => 101 + index));
        const reader = openDatabase({ path: join(directory, "counters.sqlite"), readOnly: true });
        expect(reader.prepare<{ value: number }>("SELECT value FROM counters").get()?.value).toBe(1100);
        reader.close();
      });
    });

    test("apply() rejects the command that throws with its code, and keeps its neighbours", async () => {
      await withHost(kind, async (host) => {
        const first = host.apply("add", { name: "a", by: 1 });
        const refused = failureOfPromise(host.apply("refuse", "a"));
        const crashed = failureOfPromise(host.apply("crash", "a"));
        const last = host.apply("add", { name: "a", by: 1 });
        expect(await Promise.all([first, last])).toEqual([101, 102]);
        expect(await refused).toMatchObject({ code: "Refused", retryable: true, details: { name: "a" } });
        expect(await crashed).toMatchObject({ code: "Internal", message: "a defect", retryable: false });
        expect(await host.apply("read", "a")).toBe(102);
      });
    });

    test("apply() carries bytes both ways", async () => {
      await withHost(kind, async (host) => {
        const bytes = new Uint8Array(100_000).map((_, index) => index % 256);
        const answer = await host.apply("blob", bytes);
        expect(answer).toBeInstanceOf(Uint8Array);
        expect(answer).toEqual(bytes.map((byte) => 255 - byte));
      });
    });

    test("apply() rejects with Overloaded when the queue is full, and everything accepted is answered", async () => {
      await withHost(
        kind,
        async (host) => {
          const all = Array.from({ length: 50 }, () => host.apply("add", { name: "a", by: 1 }));
          const settled = await Promise.allSettled(all);
          const done = settled.filter((one) => one.status === "fulfilled").length;
          expect(done).toBe(10);
          const refused = settled.find((one) => one.status === "rejected");
          expect(refused?.reason).toMatchObject({ code: "Overloaded", retryable: true });
          expect(await host.apply("read", "a")).toBe(100 + done);
        },
        { batchMax: 4, queueMax: 10 },
      );
    });

    test("close() answers what was accepted and refuses the rest", async () => {
      await withDirectory(async (directory) => {
        const host = await hostEngine(optionsOf(kind, directory));
        const accepted = host.apply("add", { name: "a", by: 1 });
        const closed = host.close();
        expect((await failureOfPromise(host.apply("read", "a"))).code).toBe("EngineClosed");
        expect(await accepted).toBe(101);
        await closed;
        await host.close();
      });
    });

    test("hostEngine() rejects with the code of what failed at opening", async () => {
      await withDirectory(async (directory) => {
        await Bun.write(join(directory, "counters.sqlite"), "this is no database, this is no database, this is none");
        const opened = hostEngine(optionsOf(kind, directory));
        expect(await opened.catch((error: { code: string }) => error.code)).toBe("Corrupt");
      });
    });

    test("apply() of a name the engine has not is refused", async () => {
      await withHost(kind, async (host) => {
        const untyped = host as { apply(name: string, argument: unknown): Promise<unknown> };
        for (const name of ["constructor", "toString", "__proto__", "nothing"]) {
          expect((await failureOfPromise(untyped.apply(name, 1))).message).toContain("no operation");
        }
      });
    });
  });
}

describe("worker host only", () => {
  test("a value that cannot be cloned fails its own command, not the batch", async () => {
    await withHost("worker", async (host) => {
      const untyped = host as { apply(name: string, argument: unknown): Promise<unknown> };
      const before = host.apply("add", { name: "a", by: 1 });
      const argument = failureOfPromise(untyped.apply("read", () => undefined));
      const result = failureOfPromise(host.apply("unclonable", "a"));
      const after = host.apply("add", { name: "a", by: 1 });
      expect(await Promise.all([before, after])).toEqual([101, 102]);
      expect((await argument).message).toContain('the argument of "read" cannot cross');
      expect((await result).message).toContain("the result cannot cross");
    });
  });

  test("an entry that is not there is an error at opening", () =>
    withDirectory(async (directory) => {
      const entry = "foundation/sql/testing/absent.worker.ts";
      const options = { kind: "worker", entry, database: { path: join(directory, "x") }, settings: null } as const;
      expect((await failureOfPromise(hostEngine(options))).code).toBe("EngineFailed");
    }));

  test("a thread that dies rejects what was in flight and everything after it", async () => {
    await withHost("worker", async (host) => {
      const inFlight = failureOfPromise(host.apply("die", 3));
      expect((await inFlight).code).toBe("EngineFailed");
      expect((await failureOfPromise(host.apply("read", "a"))).code).toBe("EngineFailed");
      expect(host.failure?.message).toContain("ended by itself");
    });
  });
});
