/**
 * Copies of a room with one deliberate mistake each, to prove that its tests would find it.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** A mistake: in `file`, `find` (which stands there exactly once) becomes `replace`. */
export interface Mutation {
  readonly name: string;
  /** Relative to what is copied. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

const ROOT = join(import.meta.dir, "../..");
/** What tests a room is not part of it. */
const TESTS = /\.test\.ts$|^(?:simulation|testing|vectors)\//;
/** What is imported, within its quotes: by a statement, or by a call. */
const IMPORTED = /(?<=\b(?:from|import) ?\(?)"([#.][^"\n]*)"/g;

/**
 * Loads the door of a copy of `room` with the mistake. Of what is outside of the room, the copy uses the same as the room itself.
 *
 * @param room its absolute path
 * @param use gets what a file of the copy exports; the copy is removed when it has resolved
 * @throws Error when what is to be changed does not stand there exactly once
 */
export async function withMutant<Result>(
  room: string,
  mutation: Mutation,
  use: (load: (file: string) => Promise<unknown>) => Promise<Result>,
): Promise<Result> {
  const copy = mkdtempSync(join(tmpdir(), "mutant-"));
  try {
    for (const name of new Bun.Glob("**/*.ts").scanSync({ cwd: room })) {
      if (TESTS.test(name)) continue;
      const source = readFileSync(join(room, name), "utf8");
      const mutated = name === mutation.file ? mutate(source, mutation) : source;
      mkdirSync(dirname(join(copy, name)), { recursive: true });
      writeFileSync(join(copy, name), withImportsOf(mutated, room, name));
    }
    return await use((file) => import(join(copy, file)));
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** The source with the mistake. @throws Error when what is to be changed does not stand there exactly once */
export function mutate(source: string, { name, find, replace }: Mutation): string {
  const parts = source.split(find);
  if (parts.length !== 2) {
    throw new Error(`${name}: what is to be changed stands there ${parts.length - 1} times: ${find}`);
  }
  return parts.join(replace);
}

/** Imports that lead out of the room lead there from wherever the copy is. */
function withImportsOf(source: string, room: string, name: string): string {
  return source.replaceAll(IMPORTED, (whole, imported: string) => {
    if (imported.startsWith("#")) return JSON.stringify(join(ROOT, imported.slice(1), "index.ts"));
    const path = resolve(room, dirname(name), imported);
    return path.startsWith(`${room}/`) ? whole : JSON.stringify(path);
  });
}
