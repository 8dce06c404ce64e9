import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { AuditError } from "./audit-error.ts";
import { openAuditLog } from "./open-audit-log.ts";
import { SILENCE_MS } from "./reading/tail-lines.ts";
import { allRecords, event, STARTED_AT, withLog } from "./testing/fixture.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

describe("append()", () => {
  test("writes records in the order of the calls, chained, after one that begins the log", () =>
    withLog(async ({ log, time }) => {
      const first = log.append(event({ requestId: "r-1" }));
      time.advance(5);
      await Promise.all([first, log.append(event({ requestId: "r-2" }))]);
      const records = await allRecords(log);
      expect(records.map(({ sequence, at, requestId }) => ({ sequence, at, requestId }))).toEqual([
        { sequence: 1, at: STARTED_AT, requestId: "" },
        { sequence: 2, at: STARTED_AT, requestId: "r-1" },
        { sequence: 3, at: STARTED_AT + 5, requestId: "r-2" },
      ]);
      expect(records[1]).toMatchObject({ ...event(), plane: "control" });
      expect(await log.head()).toEqual({ sequence: 3, hash: records[2]!.hash });
      expect(await log.verify()).toMatchObject({ sound: true, firstSequence: 1, checked: 3 });
    }));

  test("rejects with AuditUnavailable once the log is closed", () =>
    withLog(async ({ log }) => {
      await log.close();
      const failure = await log.append(event()).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(AuditError);
      expect(failure).toMatchObject({ code: "AuditUnavailable", retryable: true });
    }));

  test("keeps the file to its owner", () =>
    withLog(async ({ path }) => {
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }));

  test("goes on with the chain after the log was opened again", () =>
    withLog(async (fixture) => {
      await fixture.log.append(event());
      const before = await fixture.log.head();
      await fixture.reopen();
      await fixture.log.append(event());
      expect(await fixture.log.verify({ checkpoint: before })).toMatchObject({
        sound: true,
        checked: 3,
        checkpoint: "met",
      });
    }));

  test("one process at a time", () =>
    withLog(async ({ path, time }) => {
      const again = openAuditLog({
        path,
        plane: "control",
        clock: time.clock,
        timers: time.timers,
        random: { uint32: () => 0, float: () => 0, bytes: (length) => new Uint8Array(length), fork: () => never() },
        hosting: "inline",
      });
      expect(await again.catch((error: { code: string }) => error.code)).toBe("Locked");
    }));
});

function never(): never {
  throw new Error("nobody forks");
}

describe("note()", () => {
  test("writes the first at once, and the rest of the minute as one record with their count", () =>
    withLog(async ({ log, time }) => {
      const denied = event({ decision: "denied", reason: "No statement allows it.", sourceIp: "192.0.2.1" });
      for (let count = 0; count < 1000; count++) {
        log.note({ ...denied, requestId: `r-${count}`, resource: `arn:aws:s3:::photos/${count}` });
        time.advance(10);
      }
      await time.advanceSettled(60_000);
      await log.append(event());
      const [first, rest, ...others] = (await allRecords(log)).slice(1);
      expect(first).toMatchObject({ decision: "denied", resource: "arn:aws:s3:::photos/0", at: STARTED_AT });
      expect(first!.count).toBeUndefined();
      expect(rest).toMatchObject({ decision: "denied", count: 999, at: STARTED_AT + 10, until: STARTED_AT + 9990 });
      expect(rest!.resource).toBeUndefined();
      expect(others).toHaveLength(1);
    }));

  test("loses nothing when the log is closed", () =>
    withLog(async (fixture) => {
      for (let count = 0; count < 10; count++) fixture.log.note(event({ decision: "denied" }));
      await fixture.reopen();
      const records = (await allRecords(fixture.log)).slice(1);
      expect(records.map(({ count }) => count ?? 1)).toEqual([1, 9]);
    }));
});

describe("tail()", () => {
  test("yields what is there and then what comes, in order, until it is told to stop", () =>
    withLog(async ({ log }) => {
      for (let count = 0; count < 1200; count++) void log.append(event({ requestId: String(count) }));
      const end = new AbortController();
      const seen: number[] = [];
      for await (const batch of log.tail(1, end.signal)) {
        seen.push(...batch.map(({ sequence }) => sequence));
        if (seen.length >= 1200 && seen.length < 1500) for (let more = 0; more < 100; more++) void log.append(event());
        if (seen.length >= 1500) end.abort();
      }
      expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 2));
    }));

  test("begins after the last record when nothing else is said, and ends with the log", () =>
    withLog(async ({ log }) => {
      await log.append(event());
      const tail = log.tail(undefined, new AbortController().signal);
      const next = tail.next();
      await log.append(event({ requestId: "new" }));
      expect(((await next).value ?? []).map(({ requestId }) => requestId)).toEqual(["new"]);
      const last = tail.next();
      await log.close();
      expect((await last).done).toBe(true);
    }));
});

describe("lines()", () => {
  test("sends records as lines, an empty one in silence, and ends with the reader and with the log", () =>
    withLog(async ({ log, time }) => {
      const lines = log.lines(1, new AbortController().signal);
      const decoder = new TextDecoder();
      const read = async () => decoder.decode((await lines.next()).value ?? undefined);
      expect(await read()).toBe("\n");
      const first = read();
      await log.append(event());
      expect(JSON.parse(await first)).toMatchObject({ sequence: 2, action: "iam:CreateUser" });
      const second = read();
      await Promise.resolve();
      await time.advanceSettled(SILENCE_MS);
      expect(await second).toBe("\n");
      // Leaves while nothing is awaited; the next one while something is.
      await lines.return();
      expect((await lines.next()).done).toBe(true);
      const other = log.lines(2, new AbortController().signal);
      await other.next();
      const last = other.next();
      log.drain();
      expect((await last).done).toBe(true);
      await log.append(event());
      await log.close();
      expect(time.pendingTimers()).toBe(0);
    }));
});

describe("retain()", () => {
  test("removes what is older than the retention, says so, and the chain still verifies", () =>
    withLog(async ({ log, time }) => {
      for (let count = 0; count < 1200; count++) void log.append(event());
      await log.append(event());
      const early = await log.head();
      time.advance(91 * DAY_MS);
      await log.append(event({ requestId: "young" }));
      const late = await log.head();
      // The hourly run has been at work already, as it should; ask once more.
      await log.retain();
      const records = await allRecords(log);
      expect(records.map(({ action }) => action)).toEqual(["iam:CreateUser", "audit.retain"]);
      expect(records[0]!.requestId).toBe("young");
      expect(records[1]!.details).toMatchObject({ through: String(early.sequence) });
      expect(await log.verify({ checkpoint: late })).toMatchObject({ sound: true, checkpoint: "met", checked: 2 });
      expect(await log.verify({ checkpoint: early })).toMatchObject({ sound: true, checkpoint: "met" });
      const older = { sequence: early.sequence - 1, hash: early.hash };
      expect(await log.verify({ checkpoint: older })).toMatchObject({ sound: true, checkpoint: "beforeStart" });
    }));

  test("keeps young records behind one that a wrong clock dated into the past, and does not stick at one from the future", () =>
    withLog(async ({ log, time }) => {
      time.shiftWallClock(1000 * DAY_MS);
      await log.append(event({ requestId: "from the future" }));
      time.shiftWallClock(-1000 * DAY_MS);
      await log.append(event({ requestId: "old" }));
      time.shiftWallClock(100 * DAY_MS);
      await log.append(event({ requestId: "young" }));
      time.shiftWallClock(-2000 * DAY_MS);
      await log.append(event({ requestId: "from the past" }));
      time.shiftWallClock(2000 * DAY_MS);
      expect(await log.retain()).toBe(3);
      const kept = (await allRecords(log)).map(({ requestId }) => requestId);
      expect(kept).toEqual(["young", "from the past", ""]);
      expect(await log.verify()).toMatchObject({ sound: true });
    }));

  test("runs by itself", () =>
    withLog(
      async ({ log, time }) => {
        await log.append(event());
        await log.append(event());
        await time.advanceSettled(2 * DAY_MS);
        const begun = new AbortController();
        for await (const batch of log.tail(0, begun.signal)) {
          if (batch.some(({ action }) => action === "audit.retain")) begun.abort();
        }
      },
      { retentionMs: DAY_MS },
    ));

  test("does nothing when everything is young", () =>
    withLog(async ({ log }) => {
      await log.append(event());
      expect(await log.retain()).toBe(0);
      expect(await allRecords(log)).toHaveLength(2);
    }));
});
