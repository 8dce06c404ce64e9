import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  type MeteredModule,
  type MeterLimits,
  MODULE_BYTES_MAX,
  meterModule,
  readModule,
  WasmRefused,
} from "./index.ts";
import { wat } from "./testing/index.ts";

const LIMITS: MeterLimits = { memoryPagesMax: 16 };

function metered(text: string, limits: Partial<MeterLimits> = {}): MeteredModule {
  return meterModule(readModule(wat(text)), { ...LIMITS, ...limits });
}

interface Running {
  readonly call: (name: string, ...given: readonly unknown[]) => unknown;
  fuel: number;
  readonly exports: Record<string, unknown>;
}

function run(text: string, limits: Partial<MeterLimits> = {}): Running {
  const { bytes, fuel } = metered(text, limits);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes as Uint8Array<ArrayBuffer>));
  const counter = exports[fuel] as WebAssembly.Global;
  counter.value = 1_000_000;
  return {
    exports,
    call: (name, ...given) => (exports[name] as (...all: readonly unknown[]) => unknown)(...given),
    get fuel() {
      return counter.value;
    },
    set fuel(value: number) {
      counter.value = value;
    },
  };
}

const COUNTING = `(module
  (func (export "count") (param i32) (result i32) (local i32)
    loop
      local.get 1 i32.const 3 i32.add local.set 1
      local.get 0 i32.const 1 i32.sub local.tee 0
      br_if 0
    end
    local.get 1))`;

describe("fuel", () => {
  test("is taken for what is done, the same each time, and the result is the same as without", () => {
    const running = run(COUNTING);
    const spent = [10, 10, 1000].map((rounds) => {
      running.fuel = 1_000_000;
      expect(running.call("count", rounds)).toBe(3 * rounds);
      return 1_000_000 - running.fuel;
    });
    // Ten instructions in a round, with the end of the loop; three and a local around it; five for each charge.
    expect(spent).toEqual([10 * 15 + 9, 10 * 15 + 9, 1000 * 15 + 9]);
  });

  test.each([
    ["a loop", `(func (export "go") (loop br 0))`],
    ["a loop with parameters", `(func (export "go") i32.const 1 (loop (param i32) (result i32) br 0) drop)`],
    ["a loop in the dead code behind a branch", `(func (export "go") (loop br 0 (loop br 1)))`],
    ["a loop by a table of branches", `(func (export "go") (block (loop i32.const 0 br_table 0 1)))`],
    ["functions that call each other at their end", `(func $a (export "go") return_call $b) (func $b return_call $a)`],
    [
      "functions that call by a table",
      `(type $t (func)) (table funcref (elem $a)) (func $a (export "go") i32.const 0 return_call_indirect (type $t))`,
    ],
    [
      "a tree of calls",
      `(func $tree (export "go") (param i32)
        local.get 0 i32.eqz if return end
        local.get 0 i32.const 1 i32.sub call $tree
        local.get 0 i32.const 1 i32.sub call $tree)`,
    ],
    [
      "filling memory",
      `(memory 16) (func (export "go") (loop i32.const 0 i32.const 1 i32.const 1048576 memory.fill br 0))`,
    ],
    [
      "copying memory",
      `(memory 16) (func (export "go") (loop i32.const 0 i32.const 9 i32.const 1000000 memory.copy br 0))`,
    ],
    ["growing memory by nothing", `(memory 1) (func (export "go") (loop i32.const 0 memory.grow drop br 0))`],
    [
      "filling tables",
      `(table 90000 funcref) (func (export "go") (loop i32.const 0 ref.null func i32.const 90000 table.fill 0 br 0))`,
    ],
  ])("ends %s", (_, code) => {
    const running = run(`(module ${code})`);
    running.fuel = 2_000_000;
    expect(() => running.call("go", 60)).toThrow(WebAssembly.RuntimeError);
    expect(running.fuel).toBeLessThan(0);
  });

  test("is charged for large fills before they are done", () => {
    const running = run(`(module (memory 16)
      (func (export "fill") (param i32) i32.const 0 i32.const 1 local.get 0 memory.fill))`);
    running.fuel = 70_000;
    running.call("fill", 1024 * 1024);
    expect(running.fuel).toBeLessThan(70_000 - 65_536);
    expect(() => running.call("fill", 1024 * 1024)).toThrow();
    running.fuel = 2 ** 31 - 1;
    // The longest there is does not come around: it is refused by the memory and not by the fuel.
    expect(() => running.call("fill", -1)).toThrow();
    expect(running.fuel).toBeGreaterThan(0);
  });

  test("is charged for growing, for which memory may be copied, only when it happens", () => {
    const running = run(`(module (memory 1) (func (export "maybe") (param i32)
      local.get 0 (if (then i32.const 0 memory.grow drop))))`);
    running.fuel = 100_000;
    running.call("maybe", 0);
    expect(running.fuel).toBeGreaterThan(99_900);
    running.call("maybe", 1);
    expect(running.fuel).toBeLessThan(50_000);
  });

  test("is charged for locals, which are set to zero at each call", () => {
    const running = run(`(module (func (export "few")) (func (export "many") (local ${"i64 ".repeat(3000)})))`);
    running.fuel = 100_000;
    running.call("few");
    expect(running.fuel).toBe(100_000 - 6);
    running.call("many");
    expect(running.fuel).toBe(100_000 - 6 - 3006);
  });

  test("is there for start functions: they are called from outside", () => {
    const text = `(module (func $go (loop br 0)) (start $go))`;
    expect(metered(text).start).toBe("biplane:start");
    const running = run(text);
    expect(() => running.call("biplane:start")).toThrow(WebAssembly.RuntimeError);
    expect(running.fuel).toBeLessThan(0);
    expect(metered("(module)").start).toBeUndefined();
  });
});

describe("memory and tables", () => {
  test("memory without a maximum gets one, and a larger one becomes smaller", () => {
    for (const memory of ["(memory 1)", "(memory 1 5000)"]) {
      const running = run(`(module ${memory}
        (func (export "grow") (param i32) (result i32) local.get 0 memory.grow))`);
      expect(running.call("grow", 15)).toBe(1);
      expect(running.call("grow", 1)).toBe(-1);
    }
    const small = run(`(module (memory 1 2) (func (export "grow") (param i32) (result i32) local.get 0 memory.grow))`);
    expect(small.call("grow", 2)).toBe(-1);
  });

  test("tables are bounded", () => {
    const running = run(`(module (table 1 funcref)
      (func (export "grow") (param i32) (result i32) ref.null func local.get 0 table.grow 0))`);
    expect(running.call("grow", 99_999)).toBe(1);
    expect(running.call("grow", 1)).toBe(-1);
  });

  test("globals that change are exported, others are not", () => {
    const { state, hasHiddenState } = metered(`(module (global (mut i32) (i32.const 7)) (global i32 (i32.const 8))
      (global (mut i64) (i64.const 9)))`);
    expect(state).toEqual(["biplane:global-0", "biplane:global-2"]);
    expect(hasHiddenState).toBe(false);
  });

  test.each([
    ["table.set", `(table 1 funcref) (func i32.const 0 ref.null func table.set 0)`],
    ["data.drop", `(memory 1) (data "x") (func data.drop 0)`],
    ["elem.drop", `(table 1 funcref) (elem funcref (ref.null func)) (func elem.drop 0)`],
    ["a vector in a global", `(global (mut v128) (v128.const i32x4 0 0 0 0))`],
  ])("%s is told: it cannot be put back", (_, code) => {
    expect(metered(`(module ${code})`).hasHiddenState).toBe(true);
  });
});

describe("refused", () => {
  test.each([
    ["more memory than there may be", "(module (memory 17))", /begins with 1088 KiB of memory, and may have 1024 KiB/],
    ["imported memory", `(module (import "env" "memory" (memory 1)))`, /env\.memory, which is no function/],
    ["imported globals", `(module (import "env" "g" (global i32)))`, /no function/],
    ["memory of 64 bits", "(module (memory i64 1))", /64 bits/],
    ["shared memory", "(module (memory 1 2 shared))", /shared/],
    ["exceptions", "(module (tag) (func throw 0))", /not supported/],
    ["atomic instructions", "(module (memory 1) (func i32.const 0 i32.atomic.load drop))", /not supported|not valid/],
    ["large tables", "(module (table 100001 funcref))", /100000 elements/],
    ["names of ours", `(module (func (export "biplane:fuel")))`, /biplane:/],
  ])("%s", (_, text, message) => {
    const run = () => metered(text);
    expect(run).toThrow(WasmRefused);
    expect(run).toThrow(message);
  });

  /** A function with these octets as its program. */
  const withCode = (...code: readonly number[]): Uint8Array =>
    Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x04, 0x01, 0x60, 0x00, 0x00, 0x03, 0x02, 0x01, 0x00],
      ...[0x0a, code.length + 4, 0x01, code.length + 2, 0x00, ...code, 0x0b],
    ]);

  test.each([
    // Whoever took the type for the number 0x64 would take what follows for instructions, and might not see a loop.
    ["references with types in blocks", [0x02, 0x64, 0x70, 0x00, 0x0b, 0x1a]],
    ["references with types where one is selected", [0x00, 0x1c, 0x01, 0x64, 0x70, 0x1a]],
    ["references of other kinds", [0xd0, 0x6e, 0x1a]],
    ["references with the number of a type", [0xd0, 0x00, 0x1a]],
  ])("%s: what follows them would be read wrongly", (_, code) => {
    const bytes = withCode(...code);
    expect(WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)).toBe(true);
    expect(() => meterModule(readModule(bytes), LIMITS)).toThrow(/not supported/);
  });

  test("what is no module, and what breaks off at any place", () => {
    expect(() => readModule(Buffer.from("not a module"))).toThrow(/no WebAssembly module/);
    const whole = wat(COUNTING);
    // Behind its header it is an empty module, behind its types (16) one that has nothing else.
    for (let length = 0; length < whole.length; length++) {
      if (length !== 8 && length !== 16) expect(() => readModule(whole.subarray(0, length))).toThrow(WasmRefused);
    }
  });

  test("modules that are larger than they may be, before anything in them is looked at", () => {
    expect(() => readModule(new Uint8Array(MODULE_BYTES_MAX + 1))).toThrow(/more than 8 MiB/);
  });

  test("counts that lie cost no more than the octets that are there", () => {
    const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];
    const header = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
    for (const id of [1, 2, 3, 4, 5, 6, 7, 10]) {
      expect(() => readModule(Uint8Array.from([...header, id, huge.length, ...huge]))).toThrow(WasmRefused);
    }
    expect(() => readModule(Uint8Array.from([...header, 1, ...huge]))).toThrow(WasmRefused);
  });
});

/** Programs that use as much of the format as possible, and say one number. */
const PROGRAMS = [
  COUNTING,
  `(module
    (memory (export "memory") 1 2) (data (i32.const 0) "abcdefgh") (data "passive")
    (table 4 funcref) (elem (i32.const 0) $add $sub) (elem funcref (ref.func $add))
    (type $binary (func (param i32 i32) (result i32)))
    (global $g (mut i64) (i64.const -5)) (global (export "fixed") f64 (f64.const 1.5))
    (func $add (type $binary) local.get 0 local.get 1 i32.add)
    (func $sub (type $binary) local.get 0 local.get 1 i32.sub)
    (func $pair (param i32) (result i32 i32) local.get 0 local.get 0 i32.const 1 i32.add)
    (func (export "count") (param i32) (result i32) (local i64 f64 v128)
      i32.const 100 i32.const 0 i32.const 7 memory.init 1
      global.get $g i64.const 2 i64.mul local.tee 1 global.set $g
      f64.const 1e300 i32.trunc_sat_f64_s drop
      i32.const -1 i32.extend8_s drop
      v128.const i32x4 1 2 3 4 local.tee 3 local.get 3 i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15
      i32x4.extract_lane 2 drop
      local.get 0 call $pair local.get 0 i32.const 1 i32.and call_indirect (type $binary)
      i32.const 100 i32.load8_u offset=2 i32.add
      (block (result i32) i32.const 3 local.get 0 br_table 0 0 0)
      i32.add
      global.get $g i32.wrap_i64 i32.add
      local.get 0 i32.const 0 i32.gt_s
      (if (result i32) (then i32.const 1) (else i32.const 2))
      i32.add
      i32.const 5 i32.const 6 local.get 0 select (result i32)
      i32.add))`,
];

describe("whatever octets there are", () => {
  test.each(PROGRAMS)("a program gives the same with and without fuel %#", (text) => {
    const plain = new WebAssembly.Instance(new WebAssembly.Module(wat(text)));
    const running = run(text);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (given) => {
        running.fuel = 1_000_000;
        return running.call("count", given) === (plain.exports.count as (n: number) => number)(given);
      }),
      { numRuns: 50 },
    );
  });

  test("a module with changed octets is refused, or gives what it gave before it was metered", () => {
    const programs = PROGRAMS.map(wat);
    const change = fc.record({
      program: fc.nat({ max: programs.length - 1 }),
      changes: fc.array(fc.tuple(fc.nat({ max: 2000 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 3 }),
    });
    let taken = 0;
    fc.assert(
      fc.property(change, ({ program, changes }) => {
        const bytes = Uint8Array.from(programs[program]!);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        let made: MeteredModule;
        try {
          made = meterModule(readModule(bytes), LIMITS);
        } catch (error) {
          expect(error).toBeInstanceOf(WasmRefused);
          return;
        }
        taken++;
        compare(bytes, made);
      }),
      { numRuns: 1500 },
    );
    expect(taken).toBeGreaterThan(50);
  });
});

/** Runs both, the metered one first: what it ends by fuel, the other one would go on with for ever. */
function compare(bytes: Uint8Array, made: MeteredModule): void {
  const outcome = (module: Uint8Array): { readonly value: unknown; readonly fuel: number } => {
    let exports: Record<string, unknown> | undefined;
    try {
      ({ exports } = new WebAssembly.Instance(new WebAssembly.Module(module as Uint8Array<ArrayBuffer>)));
      const counter = exports[made.fuel] as WebAssembly.Global | undefined;
      if (counter !== undefined) counter.value = 1_000_000;
      (exports[made.start ?? ""] as (() => void) | undefined)?.();
      const value = (exports.count as ((n: number) => unknown) | undefined)?.(5);
      return { value, fuel: (exports[made.fuel] as WebAssembly.Global | undefined)?.value ?? 0 };
    } catch (error) {
      const fuel = (exports?.[made.fuel] as WebAssembly.Global | undefined)?.value ?? 0;
      return { value: (error as Error).name, fuel };
    }
  };
  const metered = outcome(made.bytes);
  if (metered.fuel < 0) return;
  expect(metered.value).toEqual(outcome(bytes).value);
}
