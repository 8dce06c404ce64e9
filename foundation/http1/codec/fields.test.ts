import { expect, test } from "bun:test";
import type { Fields } from "./fields.ts";
import { MessageWriter } from "./message-writer.ts";
import { RequestReader } from "./request-reader.ts";

const RAW = ["Host", "a", "X-One", "1", "X-Last", "2"];
const HEAD = "POST / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nX-Last: 2\r\nContent-Length: ";

/** The fields of a first request, copied; then another one is read. */
function copied(bodyLength: number, cut = Number.POSITIVE_INFINITY): Fields {
  let copy: Fields | undefined;
  const reader = new RequestReader({
    onHead(head) {
      copy ??= head.fields.copy();
    },
    onBody() {},
    onComplete() {},
  });
  const bytes = Buffer.from(`${HEAD}${bodyLength}\r\n\r\n${"x".repeat(bodyLength)}`);
  for (let at = 0; at < bytes.length; at += cut) reader.push(Buffer.from(bytes.subarray(at, at + cut)));
  expect(reader.isDone).toBe(true);
  reader.next();
  reader.push(Buffer.from("GET / HTTP/1.1\r\nHost: zzzzzzzz\r\nY-Other: 9\r\nY-More: 9\r\nY-Most: 9\r\n\r\n"));
  return copy!;
}

for (const [name, length, cut] of [
  ["of a short message", 10, undefined],
  ["of a long one", 100_000, undefined],
  ["of one that comes in pieces", 10, 7],
] as const) {
  test(`copies ${name} stay what they are when the reader goes on`, () => {
    const copy = copied(length, cut);
    expect(copy.toRaw()).toEqual([...RAW, "Content-Length", String(length)]);
    const written = new MessageWriter().received(copy, 0).view().toString("latin1");
    expect(written).toBe(`Host: a\r\nX-One: 1\r\nX-Last: 2\r\nContent-Length: ${length}\r\n`);
  });
}

test("copies of long messages do not hold their bodies", () => {
  expect(copied(100_000).bytes.length).toBeLessThan(1_000);
});
