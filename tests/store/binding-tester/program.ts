/**
 * Programs of FoundationDB's binding tester, as the published vectors hold them: instructions, and the keys that they leave behind.
 */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

type Row = readonly [keyHex: string, expected: string | readonly string[]];

export interface Program {
  readonly name: string;
  readonly test: string;
  readonly prefix: Uint8Array;
  readonly preload: readonly (readonly [Uint8Array, Uint8Array])[];
  readonly instructions: readonly Uint8Array[];
  /** What is expected under each subspace, in hexadecimal; several values are as good as one another. */
  readonly expected: readonly { readonly subspace: string; readonly rows: ReadonlyMap<string, readonly string[]> }[];
}

interface Published {
  readonly test: string;
  readonly prefix: string;
  readonly preload: readonly (readonly [string, string])[];
  readonly instructions: readonly string[];
  readonly results: Readonly<Record<string, readonly Row[]>>;
  readonly upstreamExpected: Readonly<Record<string, readonly Row[]>>;
}

const unhex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

/** The names of all programs, in order. */
export function programNames(vectors: string): string[] {
  return readdirSync(folder(vectors))
    .filter((name) => name.endsWith(".json.gz"))
    .map((name) => name.slice(0, -".json.gz".length))
    .sort();
}

export function readProgram(vectors: string, name: string): Program {
  const file = readFileSync(`${folder(vectors)}/${name}.json.gz`);
  const published = JSON.parse(gunzipSync(file).toString()) as Published;
  return {
    name,
    test: published.test,
    prefix: unhex(published.prefix),
    preload: published.preload.map(([key, value]) => [unhex(key), unhex(value)]),
    instructions: published.instructions.map(unhex),
    expected: [...Object.entries(published.results), ...Object.entries(published.upstreamExpected)].map(
      ([subspace, rows]) => ({
        subspace,
        rows: new Map(rows.map(([key, value]) => [key, typeof value === "string" ? [value] : value])),
      }),
    ),
  };
}

function folder(vectors: string): string {
  return `${vectors}/fdb/bindingtester`;
}
