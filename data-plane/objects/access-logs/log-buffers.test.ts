import { describe, expect, test } from "bun:test";
import type { BucketRecord } from "#contracts";
import type { Destination } from "./destination.ts";
import { LogBuffers } from "./log-buffers.ts";

const DAY = 24 * 60 * 60 * 1000;
const destination = (slot: string, byDay = false): Destination => ({
  source: {} as BucketRecord,
  targetBucket: "logs",
  prefix: "",
  format: { kind: "simple" },
  grants: [],
  byDay,
  slot,
});
const line = "x".repeat(9).concat("\n");

describe("LogBuffers", () => {
  test("says when a slot is worth a delivery", () => {
    const buffers = new LogBuffers({ slotBytes: 30, totalBytes: 1000, totalRecords: 100 });
    const a = destination("a");
    expect([buffers.add(a, line, 0), buffers.add(a, line, 0), buffers.add(destination("b"), line, 0)]).toEqual([
      "kept",
      "kept",
      "kept",
    ]);
    expect(buffers.add(a, line, 0)).toBe("full");
    expect(buffers.take("a")?.lines).toHaveLength(3);
    expect(buffers.take("a")).toBeUndefined();
    expect(buffers.slots).toEqual(["b"]);
  });

  test("drops what would pass a bound, until something was delivered", () => {
    for (const bounds of [
      { slotBytes: 1000, totalBytes: 25, totalRecords: 100 },
      { slotBytes: 1000, totalBytes: 1000, totalRecords: 2 },
    ]) {
      const buffers = new LogBuffers(bounds);
      const a = destination("a");
      expect([1, 2, 3].map(() => buffers.add(a, line, 0))).toEqual(["kept", "kept", "dropped"]);
      const batch = buffers.take("a")!;
      // A delivery under way still holds its memory.
      expect(buffers.add(a, line, 0)).toBe("dropped");
      expect(buffers.waiting).toEqual({ bytes: 20, records: 2 });
      buffers.settle(batch);
      expect(buffers.waiting).toEqual({ bytes: 0, records: 0 });
      expect(buffers.add(a, line, 0)).toBe("kept");
    }
  });

  test("what could not be delivered waits before what came meanwhile, and not for every record anew", () => {
    const buffers = new LogBuffers({ slotBytes: 20, totalBytes: 1000, totalRecords: 100 });
    const a = destination("a");
    buffers.add(a, "1\n", 0);
    const batch = buffers.take("a")!;
    buffers.add(a, "2\n", 0);
    buffers.giveBack("a", batch);
    expect(buffers.waiting).toEqual({ bytes: 4, records: 2 });
    expect(buffers.add(a, line.repeat(2), 0)).toBe("kept");
    expect(buffers.take("a")?.lines).toEqual(["1\n", "2\n", line.repeat(2)]);
  });

  test("keeps days apart where the destination wants it", () => {
    const buffers = new LogBuffers();
    for (const byDay of [false, true]) {
      const to = destination(`slot-${byDay}`, byDay);
      for (const time of [DAY - 1, DAY, DAY + 1]) buffers.add(to, line, time);
    }
    const batches = buffers.slots.map((name) => buffers.take(name)!);
    expect(batches.map(({ day, lines }) => [day, lines.length])).toEqual([
      [undefined, 3],
      [0, 1],
      [DAY, 2],
    ]);
  });
});
