/**
 * Published cases of another implementation, as tests: one JSON object a line, gzipped.
 */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

/** One case: a command with arguments, and the text it must print. */
export interface VectorCase {
  readonly file: string;
  readonly line: number;
  readonly cmd: string;
  readonly args: readonly { readonly key: string; readonly vals: readonly string[] }[];
  readonly input: string;
  readonly expected: string;
}

/** The cases of one file of vectors in the folder that `BIPLANE_VECTORS` names, by the file they came from. */
export function readVectors(folder: string | undefined, name: string): Map<string, VectorCase[]> {
  const text = gunzipSync(readFileSync(`${folder}/raft/${name}.jsonl.gz`)).toString();
  const byFile = new Map<string, VectorCase[]>();
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const one = JSON.parse(line) as VectorCase;
    const cases = byFile.get(one.file) ?? [];
    cases.push(one);
    byFile.set(one.file, cases);
  }
  return byFile;
}

/** The values of an argument; undefined when it is not given. */
export function argument(one: VectorCase, key: string): readonly string[] | undefined {
  return one.args.find((arg) => arg.key === key)?.vals;
}
