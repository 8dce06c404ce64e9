/**
 * Copies of this room with one deliberate mistake each, to prove that the scenes would find it.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Director } from "./fake-cluster.ts";
import type { Mutation } from "./mutations.ts";

const ROOM = join(import.meta.dir, "..");
const FOUNDATION = join(ROOM, "../../../foundation");

/** Loads a copy of the room with the mistake, and passes its director on. The copy is removed afterwards. */
export async function withMutant<Result>(
  mutation: Mutation,
  use: (director: Director) => Promise<Result>,
): Promise<Result> {
  const copy = mkdtempSync(join(tmpdir(), "director-mutant-"));
  try {
    for (const name of new Bun.Glob("**/*.ts").scanSync({ cwd: ROOM })) {
      if (name.endsWith(".test.ts") || name.startsWith("testing/")) continue;
      cpSync(join(ROOM, name), join(copy, name));
      let source = readFileSync(join(copy, name), "utf8").replaceAll(/"#foundation\/([a-z0-9/-]+)"/g, (_, room) =>
        JSON.stringify(join(FOUNDATION, room, "index.ts")),
      );
      if (name === mutation.file) source = mutate(source, mutation);
      writeFileSync(join(copy, name), source);
    }
    const { runDirector } = (await import(join(copy, "index.ts"))) as { runDirector: Director };
    return await use(runDirector);
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
