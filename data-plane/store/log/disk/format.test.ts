import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { MalformedBytesError } from "#foundation/binary";
import { LogCorruptionError } from "./corruption.ts";
import {
  encodeHeader,
  encodeRecords,
  type HeaderRead,
  type LogRecord,
  RECORD_HEAD_BYTES,
  readHeader,
  readRecord,
  type SegmentHeader,
  viewOf,
} from "./format.ts";
import { scanSegment } from "./scan.ts";
import { decodeState, encodeState, type LogState } from "./state-file.ts";

const HEADER: SegmentHeader = { logId: "log-1", generation: 3n, segment: 7, after: 1000n };
const STATE: LogState = {
  logId: "log-1",
  epoch: 3n,
  director: "d",
  unfinished: true,
  lastVersion: 500n,
  finalizedEpoch: 2n,
  poppers: ["s1", "s2"],
};

const record = (previous: bigint, version: bigint, text: string): LogRecord => {
  return { epoch: 3n, previous, version, knownCommitted: previous, data: new TextEncoder().encode(text) };
};

/** A segment of three writes: of one, two and one records. */
function segmentOf(header: SegmentHeader): { bytes: Uint8Array; read: HeaderRead; starts: readonly number[] } {
  const parts: Uint8Array[] = [encodeHeader(header)];
  const read = readHeader(parts[0]!);
  const starts: number[] = [];
  let size = read.headerBytes;
  for (const batch of [
    [record(1000n, 1010n, "first")],
    [record(1010n, 1020n, "second"), record(1020n, 1030n, "third, which is longer")],
    [record(1030n, 1040n, "")],
  ]) {
    const { bytes } = encodeRecords(read.salt, size, batch);
    let at = size;
    for (const { data } of batch) {
      starts.push(at);
      at += RECORD_HEAD_BYTES + data.length;
    }
    parts.push(bytes);
    size = at;
  }
  return { bytes: new Uint8Array(Buffer.concat(parts)), read, starts };
}

const SEGMENT = segmentOf(HEADER);

function scan(bytes: Uint8Array, isLast = true): { versions: bigint[]; goodBytes: number; tornBytes: number } {
  const versions: bigint[] = [];
  const scanned = scanSegment(bytes, SEGMENT.read, "/segment", isLast, ({ version }) => versions.push(version));
  return { versions, ...scanned };
}

/** The bytes with a part that never reached the disk. */
function without(bytes: Uint8Array, from: number, to: number): Uint8Array {
  return bytes.slice().fill(0, from, to);
}

describe("bytes on disk stay what they are", () => {
  test("header", () => {
    expect(encodeHeader(HEADER).toHex()).toBe(
      "424c473100010000000000000007000000000000000300000000000003e8000000056c6f672d31882a40f5",
    );
  });

  test("records", () => {
    expect(SEGMENT.bytes.subarray(SEGMENT.starts[1], SEGMENT.starts[2]).toHex()).toBe(
      "00000006e9802776010000005d000000000000000300000000000003f200000000000003fc00000000000003f27365636f6e64",
    );
    expect(SEGMENT.bytes.subarray(SEGMENT.starts[3]).toHex()).toBe(
      "000000005b78f33701000000d30000000000000003000000000000040600000000000004100000000000000406",
    );
  });

  test("state", () => {
    expect(encodeState(STATE).toHex()).toBe(
      "424c53310001c4f3b9fd000000056c6f672d31000000000000000300000001640100000000000001f4000000000000000200000002000000027331000000027332",
    );
  });
});

test("what is written is read", () => {
  expect(readHeader(encodeHeader(HEADER))).toMatchObject(HEADER);
  expect(decodeState(encodeState(STATE))).toEqual(STATE);
  const view = viewOf(SEGMENT.bytes);
  expect(readRecord(SEGMENT.bytes, view, SEGMENT.starts[2]!, SEGMENT.read.salt)).toEqual({
    ...record(1020n, 1030n, "third, which is longer"),
    end: SEGMENT.starts[3]!,
  });
  expect(scan(SEGMENT.bytes)).toMatchObject({ versions: [1010n, 1020n, 1030n, 1040n], tornBytes: 0 });
});

test("a header or state that is damaged or cut off is refused", () => {
  for (const [bytes, read] of [
    [encodeHeader(HEADER), readHeader],
    [encodeState(STATE), decodeState],
  ] as const) {
    for (let at = 0; at < bytes.length; at++) {
      expect(() => read(bytes.subarray(0, at))).toThrow(MalformedBytesError);
      for (let bit = 0; bit < 8; bit++) {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << bit;
        expect(() => read(damaged)).toThrow(MalformedBytesError);
      }
    }
  }
});

test("bytes of others are refused, and never more than refused", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const read of [readHeader, decodeState]) expect(() => read(bytes)).toThrow(MalformedBytesError);
      const file = new Uint8Array(Buffer.concat([SEGMENT.bytes.subarray(0, SEGMENT.read.headerBytes), bytes]));
      expect(scan(file)).toEqual({ versions: [], goodBytes: SEGMENT.read.headerBytes, tornBytes: bytes.length });
    }),
  );
});

test("a record of another segment, or of another log, is none of this one", () => {
  for (const other of [{ segment: 8 }, { logId: "log-2" }, { generation: 4n }, { after: 999n }]) {
    const { bytes, read } = segmentOf({ ...HEADER, ...other });
    expect(read.headerBytes).toBe(SEGMENT.read.headerBytes);
    const mixed = bytes.slice();
    mixed.set(SEGMENT.bytes.subarray(0, read.headerBytes));
    expect(scan(mixed)).toMatchObject({ versions: [], goodBytes: read.headerBytes });
  }
});

test("a torn end is cut off, wherever it is torn", () => {
  const { bytes, starts } = SEGMENT;
  for (let length = SEGMENT.read.headerBytes; length <= bytes.length; length++) {
    const whole = [...starts.slice(1), bytes.length].filter((end) => end <= length);
    const { versions, goodBytes, tornBytes } = scan(bytes.subarray(0, length));
    expect(versions.length).toBe(whole.length);
    expect(goodBytes).toBe(whole.at(-1) ?? SEGMENT.read.headerBytes);
    expect(tornBytes).toBe(length - goodBytes);
  }
});

test("of a write that was torn in the middle nothing behind the tear counts", () => {
  const { bytes, starts } = SEGMENT;
  const unsynced = bytes.subarray(0, starts[3]);
  expect(scan(without(unsynced, starts[1]!, starts[2]!))).toMatchObject({ versions: [1010n], goodBytes: starts[1]! });
  expect(scan(without(unsynced, starts[1]! + 20, starts[1]! + 30)).versions).toEqual([1010n]);
});

test("every damaged bit of what had been synced is refused loudly, with its place; in the last write it is taken for torn", () => {
  const { bytes, read, starts } = SEGMENT;
  const startOf = (at: number): number => starts.findLast((start) => start <= at)!;
  for (let at = read.headerBytes; at < bytes.length; at++) {
    const damaged = bytes.slice();
    damaged[at]! ^= 0x10;
    if (at >= starts[3]!) {
      expect(scan(damaged)).toMatchObject({ goodBytes: starts[3]! });
      expect(() => scan(damaged, false)).toThrow(LogCorruptionError);
      continue;
    }
    let error: unknown;
    try {
      scan(damaged);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(LogCorruptionError);
    expect(error).toMatchObject({ file: "/segment", offset: startOf(at) });
  }
});

test("a hole in the versions is refused", () => {
  const { read, bytes } = SEGMENT;
  const write = encodeRecords(read.salt, bytes.length, [record(1050n, 1060n, "")]).bytes;
  expect(() => scan(new Uint8Array(Buffer.concat([bytes, write])))).toThrow("version 1060 follows 1050, not 1040");
});
