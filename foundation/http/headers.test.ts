import { expect, test } from "bun:test";
import { RawHeaderView } from "./headers.ts";

const raw = [
  "Host",
  "a",
  "X-Amz-Meta-Tag",
  "one",
  "HOST",
  "",
  "x-amz-meta-tag",
  "two,  three",
  "X-AMZ-Meta-Tag",
  "four",
];

test("names are found whatever their case, repeated values joined in the order of the wire", () => {
  const view = new RawHeaderView(raw);
  expect(view.get("x-amz-meta-tag")).toBe("one, two,  three, four");
  expect(view.all("x-amz-meta-tag")).toEqual(["one", "two,  three", "four"]);
  expect(view.get("host")).toBe("a, ");
  expect(view.all("host")).toEqual(["a", ""]);
});

test("an absent header is undefined, an empty one is not", () => {
  const view = new RawHeaderView(["X-Empty", ""]);
  expect([view.get("x-empty"), view.has("x-empty"), view.all("x-empty")]).toEqual(["", true, [""]]);
  expect([view.get("x-none"), view.has("x-none"), view.all("x-none")]).toEqual([undefined, false, []]);
});

test("what was received stays as it was received", () => {
  const view = new RawHeaderView(raw);
  expect(view.lowerNames).toEqual(["host", "x-amz-meta-tag", "host", "x-amz-meta-tag", "x-amz-meta-tag"]);
  expect(view.raw).toBe(raw);
  expect(raw[2]).toBe("X-Amz-Meta-Tag");
});
