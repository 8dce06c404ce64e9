/** Disks that are full, or fail, and recover: no restart is needed. */
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createVirtualTime } from "#foundation/runtime";
import { type Database, hostEngine } from "#foundation/sql";
import type { CheckResult } from "#foundation/telemetry";
import { skipUnless } from "../../../tests/support/skips.ts";
import { until } from "../../../tests/support/until.ts";
import { allRecords, event, withLog } from "../testing/fixture.ts";
import { type AuditEngineSettings, type AuditOperations, createAuditEngine } from "./audit-engine.ts";
import { type AuditHost, createWriter, REOPEN_PAUSE_MS } from "./writer.ts";

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "written",
    (error: { code: string }) => error.code,
  );

describe("a full disk", () => {
  test("refuses, keeps what it has, and takes again when there is room", async () => {
    let database: Database | undefined;
    const openHost = (path: string, settings: AuditEngineSettings): Promise<AuditHost> =>
      hostEngine<AuditOperations, AuditEngineSettings>({
        kind: "inline",
        createEngine(opened, given) {
          database = opened;
          return createAuditEngine(opened, given);
        },
        database: { path },
        settings,
      });
    await withLog(
      async ({ log, time }) => {
        await log.append(event());
        const pages = database!.prepare<{ page_count: number }>("PRAGMA page_count").get()!.page_count;
        database!.exec(`PRAGMA max_page_count = ${pages + 3}`);
        let written = 0;
        let refused = 0;
        while (refused < 5 && written < 1000) {
          if ((await codeOf(log.append(event({ reason: "x".repeat(1000) })))) === "AuditUnavailable") refused++;
          else written++;
        }
        expect(refused).toBe(5);
        // In one batch some fit and some do not: those that were acknowledged are there, and the chain has no gap.
        database!.exec(`PRAGMA max_page_count = ${pages + 8}`);
        const together = await Promise.all(
          Array.from({ length: 40 }, () => codeOf(log.append(event({ reason: "z".repeat(500) })))),
        );
        expect(together).toContain("AuditUnavailable");
        const fitted = together.filter((outcome) => outcome === "written").length;
        expect(fitted).toBeGreaterThan(0);
        while ((await codeOf(log.append(event({ reason: "x".repeat(1000) })))) === "written") written++;
        expect(log.health()).toMatchObject({ ok: false, reason: expect.stringContaining("full") });
        log.note(event({ decision: "denied", reason: "y".repeat(1000) }));

        database!.exec("PRAGMA max_page_count = 1000000");
        await log.append(event());
        expect(log.health()).toEqual({ ok: true });
        await until("the refusal is on disk", async () => {
          await time.advanceSettled(1000);
          return (await allRecords(log)).some(({ decision }) => decision === "denied");
        });
        const records = await allRecords(log);
        expect(records.filter(({ decision }) => decision === "denied")).toHaveLength(1);
        expect(records.filter(({ reason }) => reason.startsWith("xxx"))).toHaveLength(written);
        expect(records.filter(({ reason }) => /^z*$/.test(reason))).toHaveLength(fitted);
        expect(await log.verify()).toMatchObject({ sound: true });
      },
      { openHost },
    );
  });
});

test("after a failure the write-ahead log is written into the file before anything is put on top of it", () =>
  withLog(async ({ log, path }) => {
    await log.append(event());
    expect(statSync(`${path}-wal`).size).toBeGreaterThan(0);
    const settings = { newName: new Uint8Array(32), firstRecord: { ...event(), at: 0, plane: "data" } } as const;
    const host = await hostEngine<AuditOperations, AuditEngineSettings>({
      kind: "inline",
      createEngine: createAuditEngine,
      database: { path },
      settings: { ...settings, afterFailure: true },
    });
    expect(statSync(`${path}-wal`).size).toBe(0);
    await host.close();
  }));

describe("a storage that fails", () => {
  /** A host over an array, which can be told to fail for good, as a host does after a failed write or fsync. */
  function fresh() {
    const time = createVirtualTime(0);
    const disk = { works: true, records: [] as string[], opened: [] as boolean[] };
    const open = async (afterFailure: boolean): Promise<AuditHost> => {
      disk.opened.push(afterFailure);
      if (!disk.works) throw new Error("the disk is gone");
      let failure: Error | undefined;
      return {
        pending: 0,
        get failure() {
          return failure;
        },
        async apply(_name: string, argument: unknown) {
          if (!disk.works) failure ??= new Error("the storage failed");
          if (failure !== undefined) throw failure;
          return disk.records.push(String(argument));
        },
        close: async () => undefined,
      } as AuditHost;
    };
    const health: CheckResult[] = [];
    const writer = createWriter({
      clock: time.clock,
      open,
      onWritten: () => undefined,
      onHealth: (one) => void health.push(one),
    });
    return { time, disk, health, writer };
  }
  const record = { ...event(), at: 0, plane: "data" } as const;

  test("is opened again, once for all who wait, and not more than once a second while it does not open", async () => {
    const { time, disk, health, writer: opening } = fresh();
    const writer = await opening;
    await writer.append(record);
    disk.works = false;
    const first = await Promise.all(Array.from({ length: 10 }, () => codeOf(writer.append(record))));
    expect(new Set(first)).toEqual(new Set(["AuditUnavailable"]));
    await Promise.all(Array.from({ length: 10 }, () => codeOf(writer.append(record))));
    await codeOf(writer.append(record));
    expect(disk.opened).toEqual([false, true]);
    expect(writer.health()).toMatchObject({ ok: false });

    disk.works = true;
    expect(await codeOf(writer.append(record))).toBe("AuditUnavailable");
    time.advance(REOPEN_PAUSE_MS);
    expect(await Promise.all(Array.from({ length: 10 }, () => codeOf(writer.append(record))))).toEqual(
      Array.from({ length: 10 }, () => "written"),
    );
    expect(disk.opened).toEqual([false, true, true]);
    expect(disk.records).toHaveLength(11);
    expect(health.map(({ ok }) => ok)).toEqual([false, true]);
    await writer.close();
    expect(await codeOf(writer.append(record))).toBe("AuditUnavailable");
  });
});

const limitTest = skipUnless(Bun.which("prlimit") !== null, "prlimit (util-linux) is not installed");
limitTest(
  "a worker whose writes the system refuses comes back when they are allowed again",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "biplane-audit-limit-"));
    try {
      const program = join(import.meta.dir, "limited-writer.ts");
      const child = Bun.spawn([process.execPath, program, join(directory, "audit.sqlite")], {
        stdout: "pipe",
        stderr: "inherit",
      });
      const said = (await new Response(child.stdout).text()).trim().split("\n");
      expect(await child.exited).toBe(0);
      expect(said).toEqual(["written", "AuditUnavailable", "unhealthy", "written", "healthy", "sound"]);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
  30_000,
);
