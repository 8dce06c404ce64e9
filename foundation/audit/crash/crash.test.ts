/** The process that writes is killed at random moments, in the middle of appends, notes and retention. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { killAfterLines } from "#foundation/sql/testing";
import type { AuditCheckpoint } from "../chain.ts";
import { openAuditLog } from "../open-audit-log.ts";
import { allRecords } from "../testing/fixture.ts";

const LIVES = 5;

test(`after each of ${LIVES} kills every acknowledged record is there, in order, and the chain verifies`, async () => {
  const directory = mkdtempSync(join(tmpdir(), "biplane-audit-kill-"));
  const path = join(directory, "audit.sqlite");
  let checkpoint: AuditCheckpoint | undefined;
  let examined = 0;
  try {
    for (let life = 1; life <= LIVES; life++) {
      const acknowledged: string[] = [];
      await killAfterLines(
        join(import.meta.dir, "crash-writer.ts"),
        [path, String(life)],
        50 + Math.floor(Math.random() * 1500),
        (line) => {
          const [, sequence, hash] = /^head (\d+) (\w+)$/.exec(line) ?? [];
          if (hash === undefined) acknowledged.push(line);
          else if (checkpoint === undefined || Number(sequence) > checkpoint.sequence) {
            checkpoint = { sequence: Number(sequence), hash };
          }
        },
      );
      const log = await openAuditLog({
        path,
        plane: "data",
        clock: systemClock,
        timers: systemTimers,
        random: systemRandom,
        hosting: "inline",
      });
      const verdict = await log.verify({ checkpoint });
      expect(verdict).toMatchObject({ sound: true });
      const records = await allRecords(log);
      expect(records.at(-1)!.sequence - records[0]!.sequence).toBe(records.length - 1);
      // Each loop appends one after the other: what is left of each is an unbroken end of what it said, and at most one that it could not say any more.
      const kept = Map.groupBy(
        records.filter(({ decision, action }) => decision === "allowed" && action === "iam:CreateUser"),
        ({ requestId }) => requestId.split(":").slice(0, 2).join(":"),
      );
      const said = Map.groupBy(acknowledged, (requestId) => requestId.split(":").slice(0, 2).join(":"));
      for (const [loop, requests] of said) {
        const left = (kept.get(loop) ?? []).map(({ requestId }) => requestId);
        const last = left.lastIndexOf(requests.at(-1)!);
        // Nothing of a loop is left only when retention has taken all of it.
        if (left.length === 0) expect(records[0]!.sequence).toBeGreaterThan(1);
        else {
          expect(left.length - 1 - last).toBeLessThanOrEqual(1);
          expect(left.slice(0, last + 1)).toEqual(requests.slice(requests.length - last - 1));
        }
        examined += left.length;
      }
      await log.close();
    }
    expect(examined).toBeGreaterThan(LIVES);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 60_000);
