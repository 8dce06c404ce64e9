/**
 * Copies of this room with one deliberate mistake each, to prove that the simulation would find it.
 */

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { openRaftStorage } from "../storage/raft-storage.ts";
import type { RaftRoom } from "./group.ts";
import type { CoreRoom } from "./shuffle.ts";

/** A mistake: in `file`, `find` (which stands there exactly once) becomes `replace`. */
export interface Mutation {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** What finds it. */
  readonly by: "world" | "shuffle" | "disk" | "scene";
  /** A seed that finds it; others are tried when it does no more. */
  readonly seed: number;
}

const ROOM = join(import.meta.dir, "..");
const FOUNDATION = join(ROOM, "..");

/** The copy: the room, and the way to its disk. */
export interface Mutant {
  readonly room: RaftRoom & CoreRoom;
  readonly openRaftStorage: typeof openRaftStorage;
}

/** Loads a copy of the room with the mistake, and passes it on. The copy is removed afterwards. */
export async function withMutant<Result>(mutation: Mutation, use: (mutant: Mutant) => Result): Promise<Result> {
  const copy = mkdtempSync(join(tmpdir(), "raft-mutant-"));
  try {
    for (const folder of ["codec", "core", "driver", "storage", "index.ts"]) {
      cpSync(join(ROOM, folder), join(copy, folder), { recursive: true });
    }
    for (const name of new Bun.Glob("**/*.ts").scanSync({ cwd: copy })) {
      const path = join(copy, name);
      let source = readFileSync(path, "utf8").replaceAll(/"#foundation\/([\w-]+)"/g, (_, room) =>
        JSON.stringify(`${FOUNDATION}/${room}/index.ts`),
      );
      if (name === mutation.file) source = mutate(source, mutation);
      writeFileSync(path, source);
    }
    const room = (await import(join(copy, "index.ts"))) as Mutant["room"];
    const storage = (await import(join(copy, "storage/raft-storage.ts"))) as Pick<Mutant, "openRaftStorage">;
    return use({ room, openRaftStorage: storage.openRaftStorage });
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
