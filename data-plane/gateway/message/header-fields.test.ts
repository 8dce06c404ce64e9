import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Fields, RequestReader } from "#foundation/http1";
import { HeaderFields } from "./header-fields.ts";

/** Fields as a server has received them. */
function received(raw: readonly string[]): Fields {
  let fields: Fields | undefined;
  const lines = raw.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("");
  const reader = new RequestReader({
    onHead(head) {
      fields = head.fields.copy();
    },
    onBody() {},
    onComplete() {},
  });
  reader.push(Buffer.from(`GET / HTTP/1.1\r\n${lines}\r\n`));
  if (fields === undefined) throw new Error("the head is not complete");
  return fields;
}

const name = fc.constantFrom("X-A", "x-a", "X-B", "X-C");
const change = fc.record({
  kind: fc.constantFrom("set", "append", "delete", "detach", "where"),
  name,
  value: fc.constantFrom("1", "2"),
});

test("received fields with changes are what a list with the same changes is", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(name, fc.constantFrom("3", "4")), { maxLength: 4 }),
      fc.array(change),
      (given, changes) => {
        const raw = ["Host", "a", ...given.flat()];
        const headers = HeaderFields.received(received(raw));
        const list = HeaderFields.of([...raw]);
        for (const { kind, name, value } of changes) {
          for (const one of [headers, list]) {
            if (kind === "set") one.set(name, value);
            else if (kind === "append") one.append(name, value);
            else if (kind === "delete") one.delete(name.toLowerCase());
            else if (kind === "detach") one.detach();
            else one.deleteWhere((other) => other === name.toLowerCase());
          }
        }
        expect(headers.toRaw()).toEqual(list.toRaw());
        expect([...headers]).toEqual([...list]);
        for (const one of ["x-a", "x-b", "x-c", "host", "x-none"]) {
          expect([headers.get(one), headers.all(one), headers.has(one)]).toEqual([
            list.get(one),
            list.all(one),
            list.has(one),
          ]);
        }
      },
    ),
  );
});

test("what is only added to leaves what was received as it came", () => {
  const fields = received(["Host", "a", "X-A", "1"]);
  const headers = HeaderFields.received(fields);
  headers.append("X-B", "2");
  headers.set("X-C", "3");
  expect(headers.untouched).toBe(fields);
  expect(headers.added).toEqual(["X-B", "2", "X-C", "3"]);
  headers.set("X-A", "4");
  expect(headers.untouched).toBeUndefined();
  expect(headers.toRaw()).toEqual(["Host", "a", "X-B", "2", "X-C", "3", "X-A", "4"]);
});
