import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EventReader, EventTooLarge, type ServerSentEvent } from "./event-reader.ts";

/** @param cuts lengths of the pieces, used again and again; the rest at the end */
function readInPieces(bytes: Uint8Array, cuts: readonly number[]): readonly ServerSentEvent[] {
  const reader = new EventReader();
  const events: ServerSentEvent[] = [];
  let at = 0;
  for (let index = 0; at < bytes.length; index++) {
    const end = at + (cuts.length === 0 ? bytes.length : cuts[index % cuts.length]!);
    // Used again by whoever gives it, as sockets do.
    const lent = Buffer.from(bytes.subarray(at, end));
    events.push(...reader.push(lent));
    lent.fill(0);
    at = end;
  }
  return [...events, ...reader.finish()];
}

/** The same, the slow and simple way: the whole text at once. */
function readWhole(bytes: Uint8Array): readonly ServerSentEvent[] {
  const lines = Buffer.from(bytes)
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .split(/\r\n|\n|\r/);
  const events: ServerSentEvent[] = [];
  let [name, data]: [string, string[]] = ["", []];
  for (const line of [...lines, ""]) {
    if (line === "") {
      if (data.length > 0) events.push({ name, data: data.join("\n") });
      [name, data] = ["", []];
      continue;
    }
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/su.exec(line) ?? [];
    if (field === "data") data.push(value);
    if (field === "event") name = value;
  }
  return events;
}

describe("events out of pieces", () => {
  test("names, several lines of data, comments, fields without colon, all ends of lines", () => {
    const text =
      "\ufeff: hello\nevent: a\ndata: 1\r\ndata:2\rdata\n\n\n\nid: 7\ndata:  x\n\nevent: lonely\n\ndata: last";
    expect(readInPieces(Buffer.from(text), [])).toEqual([
      { name: "a", data: "1\n2\n" },
      { name: "", data: " x" },
      { name: "", data: "last" },
    ]);
  });

  test("any cutting gives what the whole gives, whatever the octets are", () => {
    const piece = fc.oneof(
      fc.constantFrom("data:", "data: ", "event: ", ":", "\n", "\r", "\r\n", "\n\n", "\ufeff", "[DONE]", "é", "😀"),
      fc.string({ maxLength: 6 }),
    );
    const octets = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((all) => Buffer.from(all.join(""))),
      fc.uint8Array({ maxLength: 80 }),
    );
    fc.assert(
      fc.property(octets, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 }), (bytes, cuts) => {
        expect(readInPieces(bytes, cuts)).toEqual(readWhole(bytes));
      }),
      { numRuns: 400 },
    );
  });

  test("an end of a line that is cut in two is one", () => {
    const text = Buffer.from("data: a\r\ndata: b\r\n\r\n");
    for (let at = 1; at < text.length; at++) expect(readInPieces(text, [at])).toEqual([{ name: "", data: "a\nb" }]);
  });

  test("an event is bounded, in one line and in many", () => {
    const one = new EventReader(100);
    one.push(Buffer.from(`data: ${"x".repeat(50)}`));
    expect(() => one.push(Buffer.from("x".repeat(50)))).toThrow(EventTooLarge);
    const many = new EventReader(100);
    expect(() => many.push(Buffer.from("data: 1234567890\n".repeat(10)))).toThrow(EventTooLarge);
    const fresh = new EventReader(100);
    expect(fresh.push(Buffer.from("data: 1234567890\n\n".repeat(10)))).toHaveLength(10);
  });
});
