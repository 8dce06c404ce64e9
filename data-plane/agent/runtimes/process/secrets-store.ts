/** Secrets files: mode 0400, in a folder that only the instance's user can enter, in memory (tmpfs) where the host has one. */
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { RUNTIME_ERRORS } from "../errors.ts";
import type { RuntimeSpec } from "../runtime.ts";

/** TMPFS_MAGIC, statfs(2). */
const TMPFS = 0x01_02_19_94;
const FILE = "secrets.env";

export interface SecretsStore {
  readonly base: string;
  readonly inMemory: boolean;
  file(instanceId: string): string;
  has(instanceId: string): boolean;
  write(spec: Pick<RuntimeSpec, "instanceId" | "user">, content: Uint8Array): void;
  remove(instanceId: string): void;
  /** Removes the folder of all, when there is nothing in it. */
  tidy(): void;
}

function isTmpfs(path: string): boolean {
  try {
    return statfsSync(path).type === TMPFS;
  } catch {
    return false;
  }
}

/**
 * @param configured where to keep them; default: a folder of our own in the first tmpfs that is usual, or else in the state directory
 * @throws RuntimeError RuntimeUnavailable when the folder is somebody else's: in a place where anybody can write, anybody can have been there first
 */
export function openSecretsStore(stateDirectory: string, configured?: string): SecretsStore {
  const uid = process.getuid?.() ?? 0;
  const memory = [`/run/user/${uid}`, "/dev/shm"].find(isTmpfs);
  const name = `biplane-secrets-${createHash("sha256").update(stateDirectory).digest("hex").slice(0, 16)}`;
  const base = configured ?? join(memory ?? stateDirectory, name);
  mkdirSync(base, { recursive: true, mode: 0o711 });
  const stat = lstatSync(base);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o022) !== 0) {
    throw RUNTIME_ERRORS.error(
      "RuntimeUnavailable",
      `${base} is not a directory that only this user can write to. Remove it.`,
    );
  }
  chmodSync(base, 0o711);
  const folder = (id: string): string => join(base, id);
  return {
    base,
    inMemory: isTmpfs(base),
    file: (id) => join(folder(id), FILE),
    has: (id) => existsSync(join(folder(id), FILE)),
    write({ instanceId, user }, content) {
      mkdirSync(folder(instanceId), { recursive: true, mode: 0o700 });
      const file = join(folder(instanceId), FILE);
      const beside = `${file}.new`;
      rmSync(beside, { force: true });
      writeFileSync(beside, content, { mode: 0o400, flag: "wx" });
      if (user !== undefined) {
        chownSync(beside, user.uid, user.gid);
        chownSync(folder(instanceId), user.uid, user.gid);
      }
      renameSync(beside, file);
    },
    remove: (id) => rmSync(folder(id), { recursive: true, force: true }),
    tidy() {
      if (existsSync(base) && readdirSync(base).length === 0) rmdirSync(base);
    },
  };
}
