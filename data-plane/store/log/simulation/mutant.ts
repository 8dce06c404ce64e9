/**
 * Copies of this room with one deliberate mistake each, to prove that the simulation would find it.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"; // not simulated: copies the room for a test
import { tmpdir } from "node:os"; // not simulated: copies the room for a test
import { join } from "node:path";
import type { openLog } from "../index.ts";
import type { SceneName } from "./scenes.ts";

/** A mistake: in `file`, `find` (which stands there exactly once) becomes `replace`. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Which scene finds it; undefined: a life does. */
  readonly scene?: SceneName;
  /** A seed that finds it; others are tried when it does no more. */
  readonly seed: number;
}

const ROOM = join(import.meta.dir, "..");
const FOUNDATION = join(ROOM, "../../../foundation");

/** Loads a copy of the room with the mistake, and passes its door on. The copy is removed afterwards. */
export async function withMutant<Result>(mutation: Mutation, use: (open: typeof openLog) => Result): Promise<Result> {
  const copy = mkdtempSync(join(tmpdir(), "log-mutant-"));
  try {
    const names = new Bun.Glob("**/*.ts").scanSync({ cwd: ROOM }); // not simulated: copies the room for a test
    for (const name of names) {
      if (name.startsWith("simulation/") || name.endsWith(".test.ts")) continue;
      cpSync(join(ROOM, name), join(copy, name));
      let source = readFileSync(join(copy, name), "utf8");
      source = source.replaceAll(/"#foundation\/([\w-]+)"/g, (_, room) =>
        JSON.stringify(`${FOUNDATION}/${room}/index.ts`),
      );
      source = source.replaceAll(/"\.\.\/([\w-]+)\/index\.ts"/g, (_, part) =>
        JSON.stringify(join(ROOM, "..", part, "index.ts")),
      );
      writeFileSync(join(copy, name), name === mutation.file ? mutate(source, mutation) : source);
    }
    const room = (await import(join(copy, "index.ts"))) as { readonly openLog: typeof openLog };
    return use(room.openLog);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function mutate(source: string, { name, find, replace }: Mutation): string {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(`${name}: what is to be changed stands there ${parts.length - 1} times: ${find}`);
  return parts.join(replace);
}
