import { expect, test } from "bun:test";
import type { PlannedMediaType } from "#foundation/gateway-artifact";
import { formValue } from "../validation/forms.ts";
import { readMultipart } from "../validation/multipart.ts";
import { writtenBody } from "./write-body.ts";
import { Unwritable } from "./write-parameter.ts";

const textOf = (planned: PlannedMediaType, value: unknown): string =>
  Buffer.from(writtenBody(planned, value, "b0undary").bytes).toString();

test("forms are written as they are read", () => {
  const planned: PlannedMediaType = {
    type: "application/x-www-form-urlencoded",
    encoding: { more: { contentType: "application/json", explode: true } },
    shape: {
      kind: "object",
      properties: {
        name: { kind: "scalar", types: ["string"] },
        tags: { kind: "array", items: ["string"] },
        more: { kind: "scalar", types: [] },
      },
      others: undefined,
    },
  };
  const value = { name: "a&b=c +ü", tags: ["x", "y"], more: { deep: [1] } };
  const read = formValue(textOf(planned, value), planned);
  expect("value" in read && { ...(read.value as object) }).toEqual(value);
});

test("parts are written as they are read, whatever is in them", () => {
  const planned: PlannedMediaType = { type: "multipart/form-data" };
  const { bytes, contentType } = writtenBody(planned, { 'a"b': "1\r\n2", c: ["x", { d: 1 }] }, "b0undary");
  const read = readMultipart(bytes, contentType);
  if ("problem" in read) throw new Error(read.problem);
  expect(read.parts.map(({ name, bytes }) => [name, bytes.toString()])).toEqual([
    ['a"b', "1\r\n2"],
    ["c", "x"],
    ["c", '{"d":1}'],
  ]);
});

test("text is text, and anything else is base64", () => {
  expect(textOf({ type: "text/plain" }, "hé")).toBe("hé");
  expect(textOf({ type: "application/pdf" }, "AAH/")).toBe(Buffer.from([0, 1, 255]).toString());
  expect(writtenBody({ type: "*/*" }, "AAH/", "").contentType).toBe("application/octet-stream");
  expect(() => textOf({ type: "application/pdf" }, "no base64!")).toThrow(Unwritable);
  expect(() => textOf({ type: "text/plain" }, 7)).toThrow("must be text");
  expect(() => textOf({ type: "multipart/form-data" }, [])).toThrow("must be an object");
});
