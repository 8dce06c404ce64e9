/** Updates against a naive oracle, and the corners one by one. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type AttributeValue, type Item, normalizeItem, TableValidation } from "../values/index.ts";
import { applyUpdate, Bindings, compileUpdate, lowerAttributeUpdates, updatedAttributes } from "./index.ts";
import { type NaivePath, naiveGet, naiveProject, Printer } from "./naive.fixture.ts";

const key: Item = { id: { S: "k" } };
const compile = (text: string, values?: Record<string, unknown>, names?: Record<string, string>) =>
  compileUpdate(text, new Bindings(names, values));
const apply = (text: string, item: Item | undefined, values?: Record<string, unknown>): Item | undefined =>
  applyUpdate(compile(text, values), item, key).item;
const list = (...texts: string[]): AttributeValue => ({ L: texts.map((S) => ({ S })) });

describe("SET", () => {
  test("computes every right side from the old item", () => {
    const old = { a: { N: "1" }, b: { N: "2" } };
    expect(apply("SET a = b, b = a", old)).toEqual({ a: { N: "2" }, b: { N: "1" } });
    expect(apply("SET c = a REMOVE a", old)).toEqual({ c: { N: "1" }, b: { N: "2" } });
    expect(() => apply("SET x = :v, y = x", {}, { ":v": { N: "1" } })).toThrow(
      "The provided expression refers to an attribute that does not exist in the item",
    );
    expect(old).toEqual({ a: { N: "1" }, b: { N: "2" } });
  });

  test("adds and subtracts in decimal", () => {
    const values = { ":v": { N: "0.2" } };
    expect(apply("SET a = a + :v, b = :v - a", { a: { N: "0.1" } }, values)).toEqual({
      a: { N: "0.3" },
      b: { N: "0.1" },
    });
    const wrong = "An operand in the update expression has an incorrect data type";
    expect(() => apply("SET a = a + :v", { a: { S: "x" } }, values)).toThrow(wrong);
    const big = { ":v": { N: "9e125" } };
    expect(() => apply("SET a = :v + :v", {}, big)).toThrow("Number overflow");
  });

  test("if_not_exists() and list_append()", () => {
    const values = { ":e": { L: [] }, ":v": { L: [{ S: "z" }] } };
    expect(apply("SET a = list_append(if_not_exists(a, :e), :v)", {}, values)).toEqual({ a: list("z") });
    expect(apply("SET a = list_append(if_not_exists(a, :e), :v)", { a: list("x") }, values)).toEqual({
      a: list("x", "z"),
    });
    expect(apply("SET a = if_not_exists(b, if_not_exists(c, :v))", { c: list("c") }, values)).toMatchObject({
      a: list("c"),
    });
    expect(() => apply("SET a = list_append(b, :v)", { b: { S: "x" } }, values)).toThrow("incorrect data type");
    expect(() => apply("SET a = list_append(b, :v)", {}, values)).toThrow("does not exist in the item");
  });

  test("reaches into documents, and only existing ones", () => {
    const values = { ":v": { N: "9" } };
    const old: Item = {
      a: { M: { b: { N: "1" }, c: { L: [{ S: "hi" }, { M: { y: list("p", "q") } }] } } },
      s: { S: "" },
    };
    expect(apply("SET a.c[1].y[1] = :v, a.n = :v", old, values)).toEqual({
      a: {
        M: { b: { N: "1" }, c: { L: [{ S: "hi" }, { M: { y: { L: [{ S: "p" }, { N: "9" }] } } }] }, n: { N: "9" } },
      },
      s: { S: "" },
    });
    for (const path of ["s.x", "s[0]", "z.x", "z[0]", "a[0]", "a.c.x", "a.c[7].x", "a.z.x", "a.b.x"]) {
      for (const text of [`SET ${path} = :v`, `REMOVE ${path}`, `ADD ${path} :v`]) {
        const used = text.includes(":v") ? values : undefined;
        expect(() => apply(text, old, used)).toThrow(
          "The document path provided in the update expression is invalid for update",
        );
      }
    }
    expect(() => apply("SET a.b = :v", undefined, values)).toThrow("document path");
  });

  test("appends what is beyond the end of a list, in the order of positions", () => {
    const values = { ":1": { S: "a1" }, ":2": { S: "a2" }, ":3": { S: "a3" }, ":4": { S: "a4" } };
    expect(apply("SET a[84] = :1, a[37] = :2, a[17] = :3, a[50] = :4", { a: list("x") }, values)).toEqual({
      a: list("x", "a3", "a2", "a4", "a1"),
    });
    expect(apply("SET a[2147483647] = :1", { a: list() }, { ":1": { S: "s" } })).toEqual({ a: list("s") });
  });

  test("knows positions of the old list only", () => {
    const old = { a: list("2", "3", "4", "5", "6", "7") };
    const expected = { a: list("2", "4", "17", "6", "7") };
    expect(apply("REMOVE a[1] SET a[3] = :v", old, { ":v": { S: "17" } })).toEqual(expected);
    expect(apply("SET a[3] = :v REMOVE a[1]", old, { ":v": { S: "17" } })).toEqual(expected);
  });

  test("does not nest deeper than 32 levels", () => {
    const deep = (levels: number): AttributeValue => {
      let value: AttributeValue = { S: "leaf" };
      for (let i = 1; i < levels; i++) value = { M: { n: value } };
      return value;
    };
    const old: Item = { a: { M: {} } };
    expect(apply("SET a.b = :v", old, { ":v": deep(31) })).toBeDefined();
    expect(() => apply("SET a.b = :v", old, { ":v": deep(32) })).toThrow(
      new TableValidation("Nesting Levels have exceeded supported limits"),
    );
  });
});

describe("REMOVE", () => {
  test("takes away what is there, and leaves empty documents", () => {
    expect(apply("REMOVE a.x, b[0], b[9], c", { a: { M: { x: { S: "" } } }, b: list("x", "y"), c: { S: "" } })).toEqual(
      {
        a: { M: {} },
        b: list("y"),
      },
    );
    expect(apply("REMOVE a.z, q", { a: { M: {} } })).toEqual({ a: { M: {} } });
  });

  test("brings no item into being, even along paths that lead nowhere", () => {
    expect(apply("REMOVE a", undefined)).toBeUndefined();
    expect(apply("REMOVE a.b, c[0]", undefined)).toBeUndefined();
    expect(apply("DELETE a :s", undefined, { ":s": { SS: ["x"] } })).toBeUndefined();
    expect(apply("REMOVE a SET b = :v", undefined, { ":v": { S: "" } })).toEqual({ ...key, b: { S: "" } });
  });
});

describe("ADD and DELETE", () => {
  test("add to numbers and sets, from nothing too", () => {
    const values = { ":n": { N: "2" }, ":s": { SS: ["a", "c"] } };
    expect(
      apply("ADD n :n, s :s, m.x :n, q :s", { n: { N: "0.5" }, s: { SS: ["b", "a"] }, m: { M: {} } }, values),
    ).toEqual({ n: { N: "2.5" }, s: { SS: ["b", "a", "c"] }, m: { M: { x: { N: "2" } } }, q: { SS: ["a", "c"] } });
    expect(apply("ADD n :n", undefined, { ":n": { N: "2" } })).toEqual({ ...key, n: { N: "2" } });
  });

  test("take from sets; an empty set is none", () => {
    const values = { ":s": { NS: ["1", "2.0"] } };
    expect(apply("DELETE s :s", { s: { NS: ["1", "2", "3"] } }, values)).toEqual({ s: { NS: ["3"] } });
    expect(apply("DELETE s :s, t :s", { s: { NS: ["2"] } }, values)).toEqual({});
    expect(apply("DELETE m.s :s", { m: { M: { s: { NS: ["2"] } } } }, values)).toEqual({ m: { M: {} } });
  });

  test.each([
    ["ADD a :v", { S: "x" }, { N: "1" }],
    ["ADD a :v", { L: [] }, { SS: ["1"] }],
    ["ADD a :v", { NS: ["1"] }, { SS: ["1"] }],
    ["ADD a :v", { NS: ["1"] }, { N: "1" }],
    ["DELETE a :v", { NS: ["1"] }, { SS: ["1"] }],
    ["DELETE a :v", { S: "1" }, { SS: ["1"] }],
  ])("%s on %j with %j is of the wrong type", (text, existing, value) => {
    expect(() => apply(text, { a: existing } as Item, { ":v": value })).toThrow(
      "An operand in the update expression has an incorrect data type",
    );
  });
});

describe("updatedAttributes()", () => {
  const old: Item = { a: { M: { b: { S: "dog" }, c: list("1", "2", "3") } }, d: { S: "cat" } };
  const values = { ":v": { S: "v" }, ":w": { S: "w" } };

  test.each([
    ["SET d = :v, e = :w", { d: { S: "cat" } }, { d: { S: "v" }, e: { S: "w" } }],
    ["SET a.b = :v, a.x = :w", { a: { M: { b: { S: "dog" } } } }, { a: { M: { b: { S: "v" }, x: { S: "w" } } } }],
    [
      "SET a.c[1] = :v, a.b = :w",
      { a: { M: { b: { S: "dog" }, c: list("2") } } },
      { a: { M: { b: { S: "w" }, c: list("v") } } },
    ],
    ["SET a.c[2] = :v, a.c[0] = :w", { a: { M: { c: list("1", "3") } } }, { a: { M: { c: list("w", "v") } } }],
    // Literally the paths: the element went to position 3, and position 1 is now what was at 2.
    ["SET a.c[100] = :v, q = :w", undefined, { q: { S: "w" } }],
    ["REMOVE a.c[1], a.c[3]", { a: { M: { c: list("2") } } }, { a: { M: { c: list("3") } } }],
    ["REMOVE d", { d: { S: "cat" } }, undefined],
    ["REMOVE z", undefined, undefined],
  ])("of %s", (text, before, after) => {
    const used = Object.fromEntries(Object.entries(values).filter(([name]) => text.includes(name)));
    const update = compile(text, Object.keys(used).length === 0 ? undefined : used);
    const { item } = applyUpdate(update, old, key);
    expect(updatedAttributes(update, old)).toEqual(before);
    expect(updatedAttributes(update, item)).toEqual(after);
    expect(updatedAttributes(update, undefined)).toBeUndefined();
  });
});

test("attributes named like properties of objects are like any other", () => {
  const names = { "#p": "__proto__", "#c": "constructor" };
  const update = compile("SET #p.#c = :v, #c = :v", { ":v": { S: "x" } }, names);
  const item = normalizeItem(JSON.parse('{"__proto__":{"M":{}}}'));
  const result = applyUpdate(update, item, key).item!;
  expect(JSON.stringify(result)).toBe('{"__proto__":{"M":{"constructor":{"S":"x"}}},"constructor":{"S":"x"}}');
  expect(Object.getPrototypeOf(result)).toBe(Object.prototype);
});

// ------------------------------------------------------------------------------------------------------------------------------------------- oracle

type NaiveAction =
  | { readonly kind: "SET"; readonly path: NaivePath; readonly value: AttributeValue }
  | { readonly kind: "REMOVE"; readonly path: NaivePath }
  | { readonly kind: "ADD" | "DELETE"; readonly path: NaivePath; readonly value: AttributeValue };

/** Documents in which lists keep their holes: maps of positions. */
type Draft = { type: "M" | "L"; parts: Map<string | number, Draft | AttributeValue> };

const draftOf = (value: AttributeValue): Draft | AttributeValue => {
  if ("M" in value) return { type: "M", parts: new Map(Object.entries(value.M).map(([k, v]) => [k, draftOf(v)])) };
  if ("L" in value) return { type: "L", parts: new Map(value.L.map((v, i) => [i, draftOf(v)])) };
  return value;
};
const isDraft = (value: Draft | AttributeValue | undefined): value is Draft => value !== undefined && "parts" in value;
const finish = (value: Draft | AttributeValue): AttributeValue => {
  if (!isDraft(value)) return value;
  if (value.type === "M") return { M: Object.fromEntries([...value.parts].map(([k, v]) => [k, finish(v)])) };
  const positions = [...value.parts].sort(([a], [b]) => Number(a) - Number(b));
  return { L: positions.map(([, v]) => finish(v)) };
};

/** Applies actions one after the other to a draft in which nothing moves; undefined when AWS would refuse. */
function naiveApply(actions: readonly NaiveAction[], item: Item): Item | undefined {
  const root = draftOf({ M: item }) as Draft;
  for (const action of actions) {
    let parent: Draft | AttributeValue | undefined = root;
    for (const part of action.path.slice(0, -1)) {
      const isHere: boolean = isDraft(parent) && (parent.type === "M") === (typeof part === "string");
      parent = isHere ? (parent as Draft).parts.get(part) : undefined;
    }
    const last = action.path.at(-1)!;
    if (!isDraft(parent) || (parent.type === "M") !== (typeof last === "string")) return undefined;
    const old = naiveGet(item, action.path);
    if (action.kind === "SET") parent.parts.set(last, draftOf(action.value));
    else if (action.kind === "REMOVE") parent.parts.delete(last);
    else {
      const set = (action.value as { SS: string[] }).SS;
      if (old !== undefined && !("SS" in old)) return undefined;
      const before = old === undefined ? [] : [...(old as { SS: string[] }).SS];
      const after =
        action.kind === "ADD"
          ? [...before, ...set.filter((one) => !before.includes(one))]
          : before.filter((one) => !set.includes(one));
      if (after.length > 0) parent.parts.set(last, { SS: after });
      else parent.parts.delete(last);
    }
  }
  return (finish(root) as { M: Item }).M;
}

const name = fc.constantFrom("a", "b", "__proto__");
const scalar = fc.constantFrom<AttributeValue>({ S: "x" }, { N: "1" }, { SS: ["p", "q"] }, { SS: ["q"] });
const value: fc.Arbitrary<AttributeValue> = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 3 }).map((L) => ({ L })),
    fc.dictionary(name, tie("value"), { maxKeys: 3, noNullPrototype: true }).map((M) => ({ M })),
  ),
})).value;
const item: fc.Arbitrary<Item> = fc.dictionary(name, value, { minKeys: 1, maxKeys: 3, noNullPrototype: true });
/** Paths that mostly lead somewhere: steps are chosen by what the item has. */
const pathIn = (one: Item): fc.Arbitrary<NaivePath> =>
  fc.array(fc.nat(), { minLength: 1, maxLength: 4 }).map((choices) => {
    const path: (string | number)[] = [];
    let here: AttributeValue | undefined = { M: one };
    for (const choice of choices) {
      if (here !== undefined && "L" in here) path.push(choice % (here.L.length + 2));
      else if (here === undefined || "M" in here || choice % 4 === 0) path.push(["a", "b", "__proto__"][choice % 3]!);
      else break;
      here = naiveGet(one, path);
    }
    return path;
  });
const actionsIn = (one: Item): fc.Arbitrary<NaiveAction[]> =>
  fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("SET" as const), path: pathIn(one), value }),
      fc.record({ kind: fc.constant("REMOVE" as const), path: pathIn(one) }),
      fc.record({
        kind: fc.constantFrom("ADD" as const, "DELETE" as const),
        path: pathIn(one),
        value: fc.constantFrom<AttributeValue>({ SS: ["p"] }, { SS: ["q", "r"] }),
      }),
    ),
    { minLength: 1, maxLength: 4 },
  );

test("updates do what the naive application does", () => {
  const outcomes = { applied: 0, refused: 0, overlapping: 0 };
  const scene = item.chain((one) => fc.tuple(fc.constant(one), actionsIn(one)));
  fc.assert(
    fc.property(scene, ([one, actions]) => {
      const printer = new Printer();
      const sections = (["ADD", "SET", "DELETE", "REMOVE"] as const).flatMap((kind) => {
        const parts = actions
          .filter((action) => action.kind === kind)
          .map((action) => {
            const path = printer.path(action.path);
            if (action.kind === "REMOVE") return path;
            return `${path} ${action.kind === "SET" ? "= " : ""}${printer.literal(action.value)}`;
          });
        return parts.length === 0 ? [] : [`${kind} ${parts.join(", ")}`];
      });
      const values = Object.keys(printer.values).length === 0 ? undefined : printer.values;
      let update: ReturnType<typeof compileUpdate>;
      try {
        update = compile(sections.join(" "), values, printer.names);
      } catch (error) {
        if (!(error instanceof TableValidation && /document paths/.test(error.message))) throw error;
        outcomes.overlapping++;
        return;
      }
      const before = JSON.stringify(one);
      const expected = naiveApply(actions, one);
      if (expected === undefined) {
        expect(() => applyUpdate(update, one, key)).toThrow(TableValidation);
        outcomes.refused++;
        return;
      }
      const { item: result } = applyUpdate(structuredClone(update), one, key);
      expect(result).toEqual(expected);
      expect(JSON.stringify(one)).toBe(before);
      const shown = naiveProject(
        actions.map((action) => action.path),
        result!,
      );
      expect(updatedAttributes(update, result) ?? {}).toEqual(shown);
      outcomes.applied++;
    }),
    { numRuns: 2000 },
  );
  // Both happen often enough to mean something: some 350 and 100 on the average.
  expect(outcomes.applied).toBeGreaterThan(150);
  expect(outcomes.refused).toBeGreaterThan(20);
});

describe("AttributeUpdates", () => {
  const lower = (updates: Parameters<typeof lowerAttributeUpdates>[0], one: Item | undefined): Item | undefined =>
    applyUpdate(lowerAttributeUpdates(updates), one, key).item;

  test("put, add and delete", () => {
    const old: Item = { n: { N: "1" }, s: { SS: ["a", "b"] }, l: list("x"), gone: { S: "" } };
    expect(
      lower(
        {
          "p.q": { Value: { N: "1.0" } },
          n: { Action: "ADD", Value: { N: "2" } },
          s: { Action: "DELETE", Value: { SS: ["a"] } },
          l: { Action: "ADD", Value: list("y") },
          gone: { Action: "DELETE" },
        },
        old,
      ),
    ).toEqual({ n: { N: "3" }, s: { SS: ["b"] }, l: list("x", "y"), "p.q": { N: "1" } });
  });

  test("nothing at all makes an item; taking away does not", () => {
    expect(lower({}, undefined)).toEqual(key);
    expect(lower({ a: { Action: "DELETE" } }, undefined)).toBeUndefined();
    expect(updatedAttributes(lowerAttributeUpdates({}), key)).toBeUndefined();
  });

  test.each([
    [{ a: {} }, "Only DELETE action is allowed when no attribute value is specified"],
    [{ a: { Action: "PUT" } }, "Only DELETE action is allowed when no attribute value is specified"],
    [{ a: { Action: "ADD", Value: { S: "x" } } }, "ADD action is not supported for the type S"],
    [{ a: { Action: "DELETE", Value: { L: [] } } }, "DELETE action with value is not supported for the type L"],
  ])("%j is refused", (updates, message) => {
    expect(() => lowerAttributeUpdates(updates)).toThrow(
      new TableValidation(`One or more parameter values were invalid: ${message}`),
    );
  });

  test("types that do not fit have a wording of their own", () => {
    expect(() => lower({ a: { Action: "ADD", Value: { N: "1" } } }, { a: { S: "x" } })).toThrow(
      new TableValidation("Type mismatch for attribute to update"),
    );
  });
});
