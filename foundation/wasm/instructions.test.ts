/** Whether instructions end where the engine says they end: whoever is wrong about that does not see what follows, and a loop that is not seen has no end. */
import { describe, expect, test } from "bun:test";
import { meterModule, readModule, WasmRefused } from "./index.ts";

/** What may follow an instruction: nothing, zeros, numbers written longer than they need be, types, tables of branches. */
const IMMEDIATES: readonly (readonly number[])[] = [
  ...[0, 1, 2, 3, 4, 8, 16].map((count) => Array<number>(count).fill(0)),
  ...[1, 4, 9].map((count) => [...Array<number>(count).fill(0x80), 0]),
  ...[0x70, 0x7f, 0x40, 0x64].flatMap((type) => [[type], [1, type], [type, 0x41], [1, type, 0x41]]),
  [0x40, 0x0b],
  [0x7f, 0x0b],
  [2, 0, 0, 0],
  [0x41, 0],
  [0, 0x80, 0],
  [0x80, 0, 0x80, 0],
  [0x40, 0, 0],
  [0x00, 0x41],
];

/** Read as what follows an instruction when there is too little of it. */
const PADDING = Array<number>(20).fill(0x01);
/** `(loop br 0)`, in code that is never reached, where every instruction finds the values that it wants. */
const LOOP = [0x03, 0x40, 0x0c, 0x00, 0x0b];
const UNREACHABLE = 0x00;

function moduleWith(instruction: readonly number[]): Uint8Array {
  const code = [UNREACHABLE, ...instruction, ...PADDING, UNREACHABLE, ...LOOP, UNREACHABLE, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...[0x01, 0x04, 0x01, 0x60, 0x00, 0x00], // a type: () -> ()
    ...[0x03, 0x02, 0x01, 0x00], // a function of it
    ...[0x04, 0x04, 0x01, 0x70, 0x00, 0x01], // a table
    ...[0x05, 0x03, 0x01, 0x00, 0x01], // a memory
    ...[0x06, 0x06, 0x01, 0x7f, 0x01, 0x41, 0x00, 0x0b], // a global
    ...[0x09, 0x05, 0x01, 0x03, 0x00, 0x01, 0x00], // a segment of the function
    ...[0x0c, 0x01, 0x01], // a segment of data
    ...[0x0a, code.length + 5, 0x01, code.length + 3, 0x01, 0x01, 0x7f, ...code],
    ...[0x0b, 0x03, 0x01, 0x01, 0x00],
  ]);
}

function leb(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, value >> 7];
}

const ALL: readonly (readonly [name: string, octets: readonly number[]])[] = [
  ...Array.from({ length: 256 }, (_, opcode) => [opcode.toString(16), [opcode]] as const).filter(
    ([, [opcode]]) => opcode! < 0xfb || opcode === 0xff,
  ),
  ...Array.from({ length: 20 }, (_, sub) => [`fc ${sub}`, [0xfc, ...leb(sub)]] as const),
  ...Array.from({ length: 280 }, (_, sub) => [`fd ${sub}`, [0xfd, ...leb(sub)]] as const),
  ...Array.from({ length: 8 }, (_, sub) => [`fb ${sub}`, [0xfb, ...leb(sub)]] as const),
  ...Array.from({ length: 8 }, (_, sub) => [`fe ${sub}`, [0xfe, ...leb(sub)]] as const),
];

describe("whatever the engine takes", () => {
  test("is read with the same end, or refused", () => {
    const taken = new Set<string>();
    for (const [name, octets] of ALL) {
      for (const immediate of IMMEDIATES) {
        const bytes = moduleWith([...octets, ...immediate]);
        if (!WebAssembly.validate(bytes as Uint8Array<ArrayBuffer>)) continue;
        let metered: Uint8Array;
        try {
          ({ bytes: metered } = meterModule(readModule(bytes), { memoryPagesMax: 1 }));
        } catch (error) {
          if (error instanceof WasmRefused) continue;
          throw error;
        }
        taken.add(name);
        // In a loop that is seen there is a charge between its beginning and its first instruction.
        if (Buffer.from(metered).includes(Buffer.from(LOOP))) throw new Error(`${name} with ${immediate} hides a loop`);
      }
    }
    // All of WebAssembly 2.0 but `else` and `end`, and tail calls: 18 more behind 0xfc, 236 about vectors.
    const counted = (prefix: string): number => [...taken].filter((name) => name.startsWith(prefix)).length;
    expect([taken.size - counted("f"), counted("fc"), counted("fd"), counted("fb"), counted("fe")]).toEqual([
      182, 18, 236, 0, 0,
    ]);
  });
});
