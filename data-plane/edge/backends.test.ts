import { expect, test } from "bun:test";
import type { EdgeRoute } from "#contracts";
import { createVirtualTime, systemRandom } from "#foundation/runtime";
import { Backends } from "./backends.ts";
import { RoutingTable } from "./routing-table.ts";
import { configOf, routeTo } from "./testing/index.ts";

const tableOf = (...routes: readonly EdgeRoute[]) => new RoutingTable(configOf(1, ...routes));

function world() {
  const time = createVirtualTime(0);
  const backends = new Backends(time.clock, systemRandom);
  const pick = (host: string, tried: readonly string[] = []) => backends.pick(`rte_${host}`, new Set(tried));
  return { time, backends, pick };
}

test("the one with the fewest requests under way is next", () => {
  const { backends, pick } = world();
  backends.apply(tableOf(routeTo("a.test", [1, 2, 3])));
  const picked = [pick("a.test"), pick("a.test"), pick("a.test")];
  expect(new Set(picked.map((one) => one!.target.key)).size).toBe(3);
  picked[1]!.done();
  expect(pick("a.test")!.target.key).toBe(picked[1]!.target.key);
});

test("a route has its own backends and no other's, also when it has none", () => {
  const { backends, pick } = world();
  backends.apply(tableOf(routeTo("a.test", [1]), routeTo("b.test", [])));
  for (let turn = 0; turn < 20; turn++) expect(pick("a.test")!.target.key).toBe("ins_1 127.0.0.1 1");
  expect(pick("b.test")).toBeUndefined();
  expect(pick("c.test")).toBeUndefined();
});

test("who refused is left out for two seconds, unless there is no other", () => {
  const { time, backends, pick } = world();
  backends.apply(tableOf(routeTo("a.test", [1, 2])));
  backends.refused("ins_1 127.0.0.1 1");
  for (let turn = 0; turn < 10; turn++) expect(pick("a.test")!.target.key).toBe("ins_2 127.0.0.1 2");
  expect(pick("a.test", ["ins_2 127.0.0.1 2"])!.target.key).toBe("ins_1 127.0.0.1 1");
  time.advance(2_000);
  expect(pick("a.test")!.target.key).toBe("ins_1 127.0.0.1 1");
});

test("all that were tried are not tried again", () => {
  const { backends, pick } = world();
  backends.apply(tableOf(routeTo("a.test", [1, 2])));
  expect(pick("a.test", ["ins_1 127.0.0.1 1", "ins_2 127.0.0.1 2"])).toBeUndefined();
});

test("what no route has any more is said to be gone, once; what another route still has is not", () => {
  const { backends } = world();
  expect(backends.apply(tableOf(routeTo("a.test", [1, 2]), routeTo("b.test", [2])))).toEqual([]);
  expect(backends.apply(tableOf(routeTo("b.test", [2])))).toEqual(["ins_1 127.0.0.1 1"]);
  expect(backends.apply(tableOf(routeTo("b.test", [2])))).toEqual([]);
  expect(backends.apply(tableOf())).toEqual(["ins_2 127.0.0.1 2"]);
});
