import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseRecord, recordHead } from "./log-record.ts";

const record = (head: string, line: Uint8Array): Uint8Array => Buffer.concat([Buffer.from(head), line]);

test("parseRecord() gives back what was written, byte for byte", () => {
  fc.assert(
    fc.property(
      fc.nat(4_000_000_000_000),
      fc.constantFrom("stdout", "stderr", "system"),
      fc.nat(),
      fc.uint8Array({ maxLength: 100 }),
      (time, stream, droppedBytes, bytes) => {
        const parsed = parseRecord(record(recordHead(time, stream, droppedBytes), bytes));
        expect(parsed).toMatchObject({ time, stream, droppedBytes, truncated: droppedBytes > 0 });
        expect(Buffer.from(parsed!.bytes).equals(Buffer.from(bytes))).toBe(true);
      },
    ),
  );
});

test("parseRecord() knows what is no record", () => {
  for (const text of ["", "17", "17 o", "17 o 0", "x o 0 y", "17 z 0 y", "17 o x y", "  o 0 y"]) {
    expect(parseRecord(Buffer.from(text))).toBeUndefined();
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void parseRecord(bytes)));
});
