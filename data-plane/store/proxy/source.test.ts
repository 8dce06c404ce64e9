import { test } from "bun:test";
import { assertDeterministicSource } from "#foundation/runtime/simulation";

test("nothing here touches the world but through its runtime", () => {
  assertDeterministicSource(import.meta.dir);
});
