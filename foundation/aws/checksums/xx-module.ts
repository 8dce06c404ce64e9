/**
 * The inner loops of the xxHash family as a WebAssembly module, assembled when first used (xxHash specification, "XXH64 algorithm" and "XXH3
 * algorithm overview"). The runtime has both as one-shot functions only; uploads arrive in pieces.
 */

import {
  assembleModule,
  type Code,
  get,
  i32,
  i64,
  set,
  type WasmFunction,
  w32,
  w64,
  whileLoop,
} from "./wasm-assembler.ts";
import { prime32x1, prime64x1, prime64x2, xxh3Secret } from "./xx-constants.ts";

const pageBytes = 64 * 1024;
/** Eight 64-bit accumulators at the beginning of the memory; the secret after them; data on the second page. */
const stateAt = 0;
const secretAt = 256;
const dataAt = pageBytes;
const dataBytesMax = 64 * 1024;

/** Bytes per step of XXH64. */
export const xxh64StripeBytes = 32;
/** Bytes per step of XXH3. */
export const xxh3StripeBytes = 64;
/** Bytes after which XXH3 scrambles: (192 − 64) / 8 stripes. */
export const xxh3BlockBytes = 1024;
/** Where in the secret the last stripe of a block's scrambling begins. */
const scrambleOffset = 192 - 64;

/** The loops. States are changed in place. */
export interface XxModule {
  /** @param bytes a multiple of 32 */
  xxh64(state: BigUint64Array, bytes: Uint8Array): void;
  /** Whole blocks. @param bytes a multiple of 1,024 */
  xxh3Blocks(state: BigUint64Array, bytes: Uint8Array): void;
  /** Stripes without scrambling. @param bytes a multiple of 64, at most 1,024 */
  xxh3Stripes(state: BigUint64Array, bytes: Uint8Array, secretOffset: number): void;
}

let loaded: XxModule | undefined;

/** The module; assembled at the first call. */
export function xxModule(): XxModule {
  loaded ??= load();
  return loaded;
}

type Loop = (state: number, data: number, count: number, secret: number) => void;

function load(): XxModule {
  const bytes = assembleModule(
    [xxh64Function, xxh3BlocksFunction, xxh3StripesFunction],
    dataAt / pageBytes + dataBytesMax / pageBytes,
  );
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
  const { memory, xxh64, xxh3Blocks, xxh3Stripes } = exports;
  if (!(memory instanceof WebAssembly.Memory) || !isLoop(xxh64) || !isLoop(xxh3Blocks) || !isLoop(xxh3Stripes)) {
    throw new Error("the assembled hash module does not export what it was given");
  }
  new Uint8Array(memory.buffer, secretAt, xxh3Secret.length).set(xxh3Secret);
  const accumulators = new BigUint64Array(memory.buffer, stateAt, 8);
  const data = new Uint8Array(memory.buffer, dataAt, dataBytesMax);

  const run = (loop: Loop, state: BigUint64Array, input: Uint8Array, stepBytes: number, secretOffset: number) => {
    accumulators.set(state);
    for (let from = 0; from < input.length; from += dataBytesMax) {
      const piece = input.length <= dataBytesMax ? input : input.subarray(from, from + dataBytesMax);
      data.set(piece);
      loop(stateAt, dataAt, piece.length / stepBytes, secretAt + secretOffset);
    }
    for (let i = 0; i < state.length; i++) state[i] = accumulators[i] ?? 0n;
  };
  return {
    xxh64: (state, input) => run(xxh64, state, input, xxh64StripeBytes, 0),
    xxh3Blocks: (state, input) => run(xxh3Blocks, state, input, xxh3BlockBytes, 0),
    xxh3Stripes: (state, input, secretOffset) => run(xxh3Stripes, state, input, xxh3StripeBytes, secretOffset),
  };
}

function isLoop(value: unknown): value is Loop {
  return typeof value === "function";
}

/** Parameters of every loop. */
const stateAddress = 0;
const pointer = 1;
const count = 2;
const secret = 3;
/** First local. */
const local = 4;

const advance = (bytes: number): Code => set(pointer, w32.add(get(pointer), w32.const(bytes)));
const countDown: Code = set(count, w32.subtract(get(count), w32.const(1)));

/** Four lanes: `v = rotl(v + word · P2, 31) · P1`. */
const xxh64Function: WasmFunction = {
  name: "xxh64",
  parameters: [i32, i32, i32, i32],
  locals: [i64, i64, i64, i64],
  body: [
    ...lanes(4).flatMap((lane) => set(local + lane, w64.load(get(stateAddress), 8 * lane))),
    ...whileLoop(get(count), [
      ...lanes(4).flatMap((lane) => {
        const product = w64.multiply(w64.load(get(pointer), 8 * lane), w64.const(prime64x2));
        const turned = w64.rotateLeft(w64.add(get(local + lane), product), w64.const(31n));
        return set(local + lane, w64.multiply(turned, w64.const(prime64x1)));
      }),
      ...advance(xxh64StripeBytes),
      ...countDown,
    ]),
    ...lanes(4).flatMap((lane) => w64.store(get(stateAddress), get(local + lane), 8 * lane)),
  ],
};

/** Locals of the XXH3 loops: eight accumulators, a word, a keyed word, and two 32-bit ones. */
const word = local + 8;
const keyed = local + 9;
const stripes = local + 10;
const secretPointer = local + 11;
const xxh3Locals = [i64, i64, i64, i64, i64, i64, i64, i64, i64, i64, i32, i32] as const;

const loadAccumulators = lanes(8).flatMap((lane) => set(local + lane, w64.load(get(stateAddress), 8 * lane)));
const storeAccumulators = lanes(8).flatMap((lane) => w64.store(get(stateAddress), get(local + lane), 8 * lane));

/** One stripe: each lane adds the product of the halves of its keyed word, its neighbour adds the word itself. */
const oneStripe: Code = [
  ...lanes(8).flatMap((lane) => [
    ...set(word, w64.load(get(pointer), 8 * lane)),
    ...set(keyed, w64.xor(get(word), w64.load(get(secretPointer), 8 * lane))),
    ...set(local + (lane ^ 1), w64.add(get(local + (lane ^ 1)), get(word))),
    ...set(
      local + lane,
      w64.add(
        get(local + lane),
        w64.multiply(w64.and(get(keyed), w64.const(0xffffffffn)), w64.shiftRight(get(keyed), w64.const(32n))),
      ),
    ),
  ]),
  ...advance(xxh3StripeBytes),
  ...set(secretPointer, w32.add(get(secretPointer), w32.const(8))),
];

const scramble: Code = lanes(8).flatMap((lane) => {
  const folded = w64.xor(get(local + lane), w64.shiftRight(get(local + lane), w64.const(47n)));
  const mixed = w64.xor(folded, w64.load(get(secret), scrambleOffset + 8 * lane));
  return set(local + lane, w64.multiply(mixed, w64.const(prime32x1)));
});

const xxh3BlocksFunction: WasmFunction = {
  name: "xxh3Blocks",
  parameters: [i32, i32, i32, i32],
  locals: xxh3Locals,
  body: [
    ...loadAccumulators,
    ...whileLoop(get(count), [
      ...set(secretPointer, get(secret)),
      ...set(stripes, w32.const(xxh3BlockBytes / xxh3StripeBytes)),
      ...whileLoop(get(stripes), [...oneStripe, ...set(stripes, w32.subtract(get(stripes), w32.const(1)))]),
      ...scramble,
      ...countDown,
    ]),
    ...storeAccumulators,
  ],
};

const xxh3StripesFunction: WasmFunction = {
  name: "xxh3Stripes",
  parameters: [i32, i32, i32, i32],
  locals: xxh3Locals,
  body: [
    ...loadAccumulators,
    ...set(secretPointer, get(secret)),
    ...whileLoop(get(count), [...oneStripe, ...countDown]),
    ...storeAccumulators,
  ],
};

function lanes(many: number): readonly number[] {
  return Array.from({ length: many }, (_, lane) => lane);
}
