/**
 * Codecs, and how larger ones are made from smaller.
 */
import { MalformedBytesError } from "./malformed.ts";
import { ByteReader } from "./reader.ts";
import { ByteWriter } from "./writer.ts";

/** How a value is written, and read back. */
export interface Codec<T> {
  write(writer: ByteWriter, value: T): void;
  read(reader: ByteReader): T;
  /** The fewest bytes that a value takes: bounds what a hostile count can make a reader reserve. */
  readonly bytesMin: number;
}

/** What a codec is of. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

const codec = <T>(bytesMin: number, write: Codec<T>["write"], read: Codec<T>["read"]): Codec<T> => ({
  bytesMin,
  write,
  read,
});

export const u8 = codec<number>(
  1,
  (w, v) => w.u8(v),
  (r) => r.u8(),
);
export const u16 = codec<number>(
  2,
  (w, v) => w.u16(v),
  (r) => r.u16(),
);
export const u32 = codec<number>(
  4,
  (w, v) => w.u32(v),
  (r) => r.u32(),
);
/** A bigint of 64 bits without sign. */
export const u64 = codec<bigint>(
  8,
  (w, v) => w.u64(v),
  (r) => r.u64(),
);
/** A number of 0 … 2^53 − 1. */
export const whole = codec<number>(
  8,
  (w, v) => w.whole(v),
  (r) => r.whole(),
);
export const flag = codec<boolean>(
  1,
  (w, v) => w.u8(v ? 1 : 0),
  (r) => r.flag(),
);
/** A byte string; what is read is a view of the message. */
export const bytes = codec<Uint8Array>(
  4,
  (w, v) => w.bytes(v),
  (r) => r.bytes(),
);
export const text = codec<string>(
  4,
  (w, v) => w.text(v),
  (r) => r.text(),
);
/** No bytes at all: the answer that only says that something was done. */
export const nothing = codec<void>(
  0,
  () => undefined,
  () => undefined,
);

/** A value or undefined. */
export function optional<T>(of: Codec<T>): Codec<T | undefined> {
  return codec<T | undefined>(
    1,
    (writer, value) => {
      writer.u8(value === undefined ? 0 : 1);
      if (value !== undefined) of.write(writer, value);
    },
    (reader) => (reader.flag() ? of.read(reader) : undefined),
  );
}

/** Any number of values. Those of a codec without bytes cannot be listed: their count could be anything. */
export function list<T>(of: Codec<T>): Codec<readonly T[]> {
  if (of.bytesMin === 0) throw new RangeError("a list of values without bytes has no bound");
  return codec<readonly T[]>(
    4,
    (writer, values) => {
      writer.u32(values.length);
      for (const value of values) of.write(writer, value);
    },
    (reader) => {
      const values: T[] = [];
      for (let left = reader.count(of.bytesMin); left > 0; left--) values.push(of.read(reader));
      return values;
    },
  );
}

/** One of some words, written as its place among them: new ones go to the end. */
export function oneOf<const Words extends readonly string[]>(...words: Words): Codec<Words[number]> {
  const places = new Map<string, number>(words.map((word, place) => [word, place]));
  return codec<Words[number]>(
    1,
    (writer, word) => {
      const place = places.get(word);
      if (place === undefined) throw new RangeError(`"${word}" is none of ${words.join(", ")}`);
      writer.u8(place);
    },
    (reader) => {
      const word = words[reader.u8()];
      if (word === undefined) throw new MalformedBytesError(`a value is none of ${words.join(", ")}`);
      return word;
    },
  );
}

type Fields = Readonly<Record<string, Codec<never>>>;
type RecordOf<F> = { readonly [K in keyof F]: ValueOf<F[K]> };

/** The fields of an object, in the order in which they are declared. */
export function record<F extends Readonly<Record<string, unknown>>>(fields: F): Codec<RecordOf<F>> {
  const entries = Object.entries(fields as unknown as Fields);
  const bytesMin = entries.reduce((sum, [, of]) => sum + of.bytesMin, 0);
  return codec<RecordOf<F>>(
    bytesMin,
    (writer, value) => {
      for (const [name, of] of entries) of.write(writer, (value as Record<string, never>)[name]!);
    },
    (reader) => {
      const value: Record<string, unknown> = {};
      for (const [name, of] of entries) value[name] = of.read(reader);
      return value as RecordOf<F>;
    },
  );
}

type Cases = Readonly<Record<string, unknown>>;
type VariantOf<C extends Cases> = { readonly [K in keyof C & string]: { readonly type: K } & ValueOf<C[K]> }[keyof C &
  string];

/** An object of one of several types, told apart by `type`, written as the place of its case: new ones go to the end. */
export function variant<C extends Cases>(cases: C): Codec<VariantOf<C>> {
  const entries = Object.entries(cases) as [string, Codec<object>][];
  const places = new Map(entries.map(([type], place) => [type, place]));
  const bytesMin = 1 + Math.min(...entries.map(([, of]) => of.bytesMin));
  return codec<VariantOf<C>>(
    bytesMin,
    (writer, value) => {
      const place = places.get(value.type);
      if (place === undefined) throw new RangeError(`there is no case "${value.type}"`);
      writer.u8(place);
      entries[place]![1].write(writer, value);
    },
    (reader) => {
      const found = entries[reader.u8()];
      if (found === undefined) throw new MalformedBytesError("a value is of no known type");
      return { type: found[0], ...found[1].read(reader) } as VariantOf<C>;
    },
  );
}

/** The bytes of a value. @throws RangeError when it has none: a number is out of range, a word unknown */
export function encode<T>(of: Codec<T>, value: T): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  of.write(writer, value);
  return writer.finish();
}

/** The value of bytes, all of them. @throws MalformedBytesError */
export function decode<T>(of: Codec<T>, source: Uint8Array): T {
  const reader = new ByteReader(source);
  const value = of.read(reader);
  reader.end();
  return value;
}
