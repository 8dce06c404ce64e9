/**
 * The last moment before a program runs: this process, a fresh one made by the supervisor, puts itself where the program belongs (group, namespace, limits,
 * user, folder) and then becomes the program by execve. So nothing has to be done between fork and exec, where only a few things are allowed, and what a
 * program may do to the supervisor's own state never matters.
 */
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { programCandidates } from "../rules/environment.ts";
import type { RuntimeMount } from "../runtime.ts";
import { joinControlGroup } from "./control-group.ts";
import { loadNative, MOUNT, type Native, RLIMIT, signalsOfMask } from "./native.ts";

/** Where and as what a program runs. Handed over in a file that is read once: argv and env are nobody's business but the program's. */
export interface Entry {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Standard input is a terminal, and meant to be the controlling one. */
  readonly terminal?: boolean;
  readonly cgroupPath?: string;
  /** Makes a namespace, or joins that of a process. */
  readonly namespace?: { readonly make: NewNamespace } | { readonly overlay: OverlayMount } | { readonly join: number };
  /** Default 0027. */
  readonly umask?: number;
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly openFilesMax?: number;
  readonly processesMax?: number;
  /** Where to write why it failed; there is nothing when it did not. */
  readonly failureFile: string;
}

export interface NewNamespace {
  readonly readOnly: string;
  readonly mounts: readonly RuntimeMount[];
  /** Shows only the folder `own` of `base`. */
  readonly hidden?: { readonly base: string; readonly own: string };
}

/** A tree that stays as it is, and what is written over it. */
export interface OverlayMount {
  readonly lower: string;
  readonly upper: string;
  readonly work: string;
  readonly target: string;
}

/** What execve(2) and shells give a program that cannot be run. */
export const FAILED_CODE = 127;
/** First choice of the kernel when memory runs out on the host: before the agent and the supervisors (proc(5), oom_score_adj). */
const OOM_SCORE = "500";
const FIRST_OTHER_FD = 3;

/** Becomes the program that `entryFile` describes; ends with `FAILED_CODE` when it cannot. */
export function enter(entryFile: string): never {
  const entry = JSON.parse(readFileSync(entryFile, "utf8")) as Entry;
  rmSync(entryFile);
  try {
    become(entry, loadNative());
  } catch (error) {
    writeFileSync(entry.failureFile, (error as Error).message, { mode: 0o600 });
  }
  process.exit(FAILED_CODE);
}

function become(entry: Entry, native: Native): never {
  native.newSession();
  if (entry.terminal === true) native.takeTerminal(0);
  if (entry.cgroupPath !== undefined) joinControlGroup(entry.cgroupPath);
  writeFileSync("/proc/self/oom_score_adj", OOM_SCORE);
  if (entry.namespace !== undefined) {
    if ("join" in entry.namespace) joinNamespace(native, entry.namespace.join);
    else if ("overlay" in entry.namespace) mountOverlay(native, entry.namespace.overlay);
    else makeNamespace(native, entry.namespace.make);
  }
  native.limit(RLIMIT.core, 0);
  if (entry.openFilesMax !== undefined) native.limit(RLIMIT.openFiles, entry.openFilesMax);
  // The kernel counts processes per user, and not for root: worth setting only where the user is the instance's own.
  if (entry.processesMax !== undefined && entry.user !== undefined && entry.user.uid !== 0) {
    native.limit(RLIMIT.processes, entry.processesMax);
  }
  process.umask(entry.umask ?? 0o027);
  native.changeDirectory(entry.cwd);
  const ignored = signalsOfMask(readFileSync("/proc/self/status", "latin1"), "SigIgn");
  for (const name of readdirSync("/proc/self/fd")) closeLater(native, Number(name));
  if (entry.user !== undefined) native.setUser(entry.user.uid, entry.user.gid);
  // After the change of user, which would take it back (prctl(2)).
  native.dieWithParent();
  native.noNewPrivileges();
  native.restoreSignals(ignored);
  return native.execute(findProgram(entry), entry.argv, entry.env);
}

/** Closing them here would pull the ground from under Bun; at exec is early enough. The listing itself has an end of its own that is gone by now. */
function closeLater(native: Native, fd: number): void {
  if (fd < FIRST_OTHER_FD) return;
  try {
    native.closeOnExec(fd);
  } catch (error) {
    if (!(error as Error).message.includes("EBADF")) throw error;
  }
}

function joinNamespace(native: Native, pid: number): void {
  const fd = openSync(`/proc/${pid}/ns/mnt`, "r");
  native.joinMountNamespace(fd);
  closeSync(fd);
}

function mountOverlay(native: Native, { lower, upper, work, target }: OverlayMount): void {
  native.newMountNamespace();
  // Device files of an image lead nowhere.
  native.mount("overlay", target, "overlay", MOUNT.noDevices, `lowerdir=${lower},upperdir=${upper},workdir=${work}`);
}

function makeNamespace(native: Native, { readOnly, mounts, hidden }: NewNamespace): void {
  native.newMountNamespace();
  bindReadOnly(native, readOnly, readOnly);
  for (const mount of mounts) {
    if (mount.readOnly) bindReadOnly(native, mount.source, mount.target);
    else native.mount(mount.source, mount.target, undefined, MOUNT.bind | MOUNT.recursive);
  }
  if (hidden !== undefined) hideOthers(native, hidden);
}

function bindReadOnly(native: Native, source: string, target: string): void {
  native.mount(source, target, undefined, MOUNT.bind | MOUNT.recursive);
  native.mount("none", target, undefined, MOUNT.bind | MOUNT.remount | MOUNT.readOnly);
}

/** An empty file system over the folder of everybody's secrets, and in it the one that is meant for this instance, under the same path as before. */
function hideOthers(native: Native, { base, own }: { readonly base: string; readonly own: string }): void {
  const folder = join(base, own);
  const fd = openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  const { uid, gid } = statSync(folder);
  native.mount("none", base, "tmpfs", MOUNT.noSuid | MOUNT.noDevices, "size=64k,mode=0711");
  mkdirOwned(folder, uid, gid);
  native.mount(`/proc/self/fd/${fd}`, folder, undefined, MOUNT.bind);
  closeSync(fd);
}

function mkdirOwned(path: string, uid: number, gid: number): void {
  mkdirSync(path, { mode: 0o700 });
  chownSync(path, uid, gid);
}

/** @throws Error in the words of execve(2) when there is none that may be executed */
function findProgram(entry: Entry): string {
  const name = entry.argv[0] ?? "";
  let denied = false;
  for (const candidate of programCandidates(name, entry.env.PATH, entry.cwd)) {
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) return candidate;
      denied = true;
    } catch (error) {
      denied ||= (error as NodeJS.ErrnoException).code === "EACCES";
    }
  }
  throw new Error(denied ? `${name} may not be executed (EACCES)` : `${name} was not found (ENOENT)`);
}
