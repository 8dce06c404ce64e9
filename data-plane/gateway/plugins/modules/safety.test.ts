/** Modules that mean harm, or are full of mistakes: the request fails, and nothing else does. */
import { describe, expect, test } from "bun:test";
import { wat } from "#foundation/wasm/testing";
import { testExchange, textOf } from "../../testing/index.ts";
import { modulePlugin } from "./module-plugin.ts";
import { countsOf, data, dispatcher, guest, middleware, plannedModule } from "./testing/modules.ts";

/** Fails for requests to `/bad`, and answers others. */
function failing(harm: string, memory?: string): Uint8Array {
  return guest(
    ["request_get", "answer_body"],
    `${data(0, "fine")}
     (table 1 funcref)
     (func $deep (param i32) (result i32) local.get 0 i32.const 1 i32.add call $deep i32.const 1 i32.add)
     (func (export "on_request") (result i32)
       (drop (call $request_get (i32.const 1) (i32.const 16) (i32.const 16)))
       (if (i32.eq (i32.load8_u (i32.const 17)) (i32.const 98)) (then ${harm}))
       (drop (call $answer_body (i32.const 0) (i32.const 4)))
       i32.const 1)`,
    memory,
  );
}

const CAPABILITIES = ["read-request", "answer"] as const;

describe("a call that fails", () => {
  test.each([
    ["endless loop", "(loop br 0)", "instructions"],
    ["trap", "unreachable", "trap"],
    ["division by zero", "(drop (i32.div_u (i32.const 1) (i32.const 0)))", "trap"],
    ["memory that is not there", "(drop (i32.load (i32.const 65536)))", "trap"],
    ["table that has nothing", "(drop (call_indirect (result i32) (i32.const 0)))", "trap"],
    ["endless recursion", "(drop (call $deep (i32.const 0)))", "stack"],
    ["place outside of memory", "(drop (call $answer_body (i32.const 65530) (i32.const 7)))", "fault"],
    ["negative place", "(drop (call $answer_body (i32.const -1) (i32.const 1)))", "fault"],
    ["length that comes around", "(drop (call $answer_body (i32.const 16) (i32.const -8)))", "fault"],
    [
      "place to write that is outside",
      "(drop (call $request_get (i32.const 1) (i32.const 65535) (i32.const 2)))",
      "fault",
    ],
    [
      "endless calls of the gateway",
      "(loop (drop (call $answer_body (i32.const 0) (i32.const 60000))) br 0)",
      "instructions",
    ],
    ["other number than 0 and 1", "(return (i32.const 7))", "bad-answer"],
  ])("%s: the request fails, others go on with a new instance", async (_, harm, outcome) => {
    const { plugin, host } = await middleware(failing(harm), {
      capabilities: CAPABILITIES,
      // A stack is full before this much is used up.
      limits: { instructions: 20_000_000 },
    });
    for (let round = 0; round < 2; round++) {
      expect(() => plugin.onRequest!(testExchange({ target: "/bad" }))).toThrow(/^The plugin test fails: /);
      expect(textOf(await plugin.onRequest!(testExchange({ target: "/good" })))).toBe("fine");
    }
    expect(countsOf(host)).toEqual({ [outcome]: 2, ok: 2 });
  });

  test("memory grows up to its limit and no further", async () => {
    const bomb = failing(
      "(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (drop (i32.load (i32.const 1048576)))",
    );
    const { plugin, host } = await middleware(bomb, {
      capabilities: CAPABILITIES,
      limits: { instructions: 10_000_000 },
    });
    expect(() => plugin.onRequest!(testExchange({ target: "/bad" }))).toThrow(/plugin test/);
    // 16 pages are there, and not one octet more.
    expect(countsOf(host)).toEqual({ trap: 1, ok: 0 });
  });

  test("a dispatcher that gives no answer", async () => {
    const { plugin } = await dispatcher(guest([], `(func (export "dispatch") (result i32) i32.const 0)`));
    expect(() => plugin.dispatch(testExchange())).toThrow("The plugin test fails: dispatch gives 0.");
  });

  test("abort of AssemblyScript ends the call", async () => {
    const bytes = wat(`(module (import "env" "abort" (func $abort (param i32 i32 i32 i32))) (memory (export "memory") 1)
      (func (export "on_request") (result i32) (call $abort (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)) i32.const 0))`);
    const { plugin } = await middleware(bytes);
    expect(() => plugin.onRequest!(testExchange())).toThrow(/it calls abort/);
  });
});

describe("a module that cannot be set up", () => {
  test.each([
    [
      "a start function that loops",
      `(func $start (loop br 0)) (start $start) (func (export "on_request") (result i32) i32.const 0)`,
      /more than it may/,
    ],
    [
      "a configuration that loops",
      `(func (export "on_configure") (result i32) (loop br 0) i32.const 0) (func (export "on_request") (result i32) i32.const 0)`,
      /more than it may/,
    ],
    [
      "a configuration that is not taken",
      `(func (export "on_configure") (result i32) i32.const 3) (func (export "on_request") (result i32) i32.const 0)`,
      /does not take its configuration \(on_configure gives 3\)/,
    ],
    [
      "data beyond its memory",
      `(data (i32.const 65530) "too much data") (func (export "on_request") (result i32) i32.const 0)`,
      /ends with: /,
    ],
  ])("%s", async (_, code, message) => {
    await expect(middleware(guest(["config"], code))).rejects.toThrow(message);
  });

  test.each([
    [
      "what it does not declare",
      guest(["log"], `(func (export "on_request") (result i32) i32.const 0)`),
      /imports log, and does not declare the capability log/,
    ],
    [
      "functions of WASI",
      wat(
        `(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (memory (export "memory") 1) (func (export "on_request") (result i32) i32.const 0))`,
      ),
      /build it without WASI/,
    ],
    [
      "functions that there are not",
      wat(
        `(module (import "biplane_1" "exec" (func)) (memory (export "memory") 1) (func (export "on_request") (result i32) i32.const 0))`,
      ),
      /no function of biplane_1/,
    ],
    [
      "functions as something else",
      wat(
        `(module (import "biplane_1" "config" (func (param i64))) (memory (export "memory") 1) (func (export "on_request") (result i32) i32.const 0))`,
      ),
      /it is \(i32, i32\) -> i32/,
    ],
  ])("imports %s", (_, bytes, message) => {
    expect(() => modulePlugin(plannedModule(bytes), bytes)).toThrow(message);
  });

  test.each([
    ["no memory", wat(`(module (func (export "on_request") (result i32) i32.const 0))`), {}, /export its memory/],
    ["nothing to call", guest([], ""), {}, /exports the function on_request or on_response/],
    ["a dispatcher without dispatch", guest([], ""), { kind: "dispatcher" }, /exports the function dispatch/],
    ["another form", guest([], `(func (export "on_request") (param i32))`), {}, /on_request is \(i32\) -> nothing/],
    [
      "too much memory",
      guest([], `(func (export "on_request") (result i32) i32.const 0)`, "17"),
      {},
      /may have 1024 KiB/,
    ],
    [
      "bodies before they are there",
      guest([], `(func (export "on_request") (result i32) i32.const 0)`),
      { phase: "admission", capabilities: ["read-request-body"] },
      /has no bodies/,
    ],
    ["octets of something else", Buffer.from("#!/bin/sh"), {}, /no WebAssembly module/],
    [
      "limits that are none",
      guest([], `(func (export "on_request") (result i32) i32.const 0)`),
      { limits: { instructions: 1e12 } },
      /limit instructions is from 1000 to 1000000000/,
    ],
  ] as const)("%s", (_, bytes, part, message) => {
    expect(() => modulePlugin(plannedModule(bytes, part), bytes)).toThrow(message);
  });
});

test("a module that is another one than planned", () => {
  const [one, other] = [failing("unreachable"), failing("nop")];
  expect(() => modulePlugin(plannedModule(one, { capabilities: CAPABILITIES }), other)).toThrow(
    /another one than the plan/,
  );
});

describe("state", () => {
  /** Answers with how often it was called: in memory, in globals, or in a table. */
  const counting = (step: string, value: string, more = ""): Uint8Array =>
    guest(
      ["answer_body"],
      `(global $calls (mut i32) (i32.const 48)) (global $long (mut i64) (i64.const 48)) (table $t 2 funcref) ${more}
       (func $a) (elem declare func $a)
       (func (export "on_request") (result i32)
         ${step}
         (i32.store8 (i32.const 9000) ${value})
         (drop (call $answer_body (i32.const 9000) (i32.const 1)))
         i32.const 1)`,
    );
  const MEMORY = counting(
    "(i32.store (i32.const 100) (i32.add (i32.load (i32.const 100)) (i32.const 1)))",
    "(i32.add (i32.const 48) (i32.load (i32.const 100)))",
  );
  const PLACES: readonly (readonly [string, Uint8Array])[] = [
    ["memory", MEMORY],
    ["a global", counting("(global.set $calls (i32.add (global.get $calls) (i32.const 1)))", "(global.get $calls)")],
    [
      "a long global",
      counting("(global.set $long (i64.add (global.get $long) (i64.const 1)))", "(i32.wrap_i64 (global.get $long))"),
    ],
    ["memory that has grown", counting("(drop (memory.grow (i32.const 1)))", "(i32.add (i32.const 47) (memory.size))")],
    [
      "a table",
      counting(
        "(if (ref.is_null (table.get $t (i32.const 0))) (then (table.set $t (i32.const 0) (ref.func $a)) (global.set $calls (i32.const 49))) (else (global.set $calls (i32.const 50))))",
        "(global.get $calls)",
      ),
    ],
  ];
  const calls = async (bytes: Uint8Array, state: "reset" | "kept"): Promise<readonly string[]> => {
    const { plugin } = await middleware(bytes, { capabilities: ["answer"], state });
    return Promise.all([1, 2, 3].map(async () => textOf(await plugin.onRequest!(testExchange()))));
  };

  test.each(PLACES)("in %s does not get from one request to the next", async (_, bytes) => {
    expect(await calls(bytes, "reset")).toEqual(["1", "1", "1"]);
  });

  test("is kept where that is declared", async () => {
    expect(await calls(MEMORY, "kept")).toEqual(["1", "2", "3"]);
  });

  test("of a call that has failed is nobody's, even where state is kept", async () => {
    const bytes = counting(
      `(i32.store (i32.const 100) (i32.add (i32.load (i32.const 100)) (i32.const 1)))
       (if (i32.eq (i32.load (i32.const 100)) (i32.const 3)) (then unreachable))`,
      "(i32.add (i32.const 48) (i32.load (i32.const 100)))",
    );
    const { plugin } = await middleware(bytes, { capabilities: ["answer"], state: "kept" });
    const call = async () => textOf(await plugin.onRequest!(testExchange()));
    expect([await call(), await call()]).toEqual(["1", "2"]);
    await expect(call()).rejects.toThrow(/plugin test fails/);
    expect(await call()).toBe("1");
  });

  test("what it did while it was configured is there for every request", async () => {
    const bytes = guest(
      ["answer_body", "config"],
      `(func (export "_initialize") (i32.store8 (i32.const 0) (i32.const 33)))
       (func (export "on_configure") (result i32)
         (i32.store (i32.const 60) (call $config (i32.const 1) (i32.const 50))) i32.const 0)
       (func (export "on_request") (result i32)
         (drop (call $answer_body (i32.const 0) (i32.add (i32.const 1) (i32.load (i32.const 60)))))
         (memory.fill (i32.const 0) (i32.const 63) (i32.const 100))
         i32.const 1)`,
    );
    const { plugin } = await middleware(bytes, { capabilities: ["answer"] }, { prefix: "a" });
    for (let round = 0; round < 2; round++) {
      expect(textOf(await plugin.onRequest!(testExchange()))).toBe('!{"prefix":"a"}');
    }
  });
});
