/**
 * The system calls that Bun has no function for, called in libc through `bun:ffi`. Nothing else of the program touches FFI.
 *
 * Why not tools of util-linux (`setpriv`, `prlimit`, `unshare`): they need not be there, cannot adopt orphans (PR_SET_CHILD_SUBREAPER), and each costs an
 * exec. Linux with glibc or musl only; elsewhere `loadNative` says so and the runtime is not available.
 */
import { dlopen, FFIType, ptr, read } from "bun:ffi";
import { constants } from "node:os";

const { i32, i64, u32, u64, ptr: pointer } = FFIType;

const SYMBOLS = {
  prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
  setsid: { args: [], returns: i32 },
  pipe2: { args: [pointer, i32], returns: i32 },
  dup2: { args: [i32, i32], returns: i32 },
  wait4: { args: [i32, pointer, i32, pointer], returns: i32 },
  setgroups: { args: [u64, pointer], returns: i32 },
  setgid: { args: [u32], returns: i32 },
  setuid: { args: [u32], returns: i32 },
  setrlimit: { args: [i32, pointer], returns: i32 },
  getrlimit: { args: [i32, pointer], returns: i32 },
  unshare: { args: [i32], returns: i32 },
  setns: { args: [i32, i32], returns: i32 },
  mount: { args: [pointer, pointer, pointer, u64, pointer], returns: i32 },
  chdir: { args: [pointer], returns: i32 },
  execve: { args: [pointer, pointer, pointer], returns: i32 },
  signal: { args: [i32, i64], returns: i64 },
  sigprocmask: { args: [i32, pointer, pointer], returns: i32 },
  ioctl: { args: [i32, u64, i64], returns: i32 },
  fcntl: { args: [i32, i32, i64], returns: i32 },
  sysconf: { args: [i32], returns: i64 },
  __errno_location: { args: [], returns: pointer },
} as const;

const LIBRARIES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

function openLibrary(): ReturnType<typeof dlopen<typeof SYMBOLS>> {
  if (process.platform !== "linux") throw new Error(`instances run on Linux only; this is ${process.platform}`);
  let failure: unknown;
  for (const name of LIBRARIES) {
    try {
      return dlopen(name, SYMBOLS);
    } catch (error) {
      failure = error;
    }
  }
  throw new Error("the C library could not be opened", { cause: failure });
}

/** A system call that failed. `code` is the name of the error (`EPERM`), for decisions and for people. */
export class NativeError extends Error {
  override readonly name = "NativeError";
  readonly call: string;
  readonly code: string;

  constructor(call: string, errno: number) {
    const code = Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`;
    super(`${call}: ${code}`);
    this.call = call;
    this.code = code;
  }
}

/** A NUL-terminated copy; keep it referenced while the pointer is in use. */
const cString = (text: string): Uint8Array => Buffer.from(`${text}\0`);

const PR_SET_PDEATHSIG = 1;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_SET_NO_NEW_PRIVS = 38;
const CLONE_FS = 0x200;
const CLONE_NEWNS = 0x2_0000;
export const MOUNT = {
  readOnly: 1,
  noSuid: 2,
  noDevices: 4,
  remount: 32,
  bind: 4096,
  recursive: 16384,
  private: 1 << 18,
} as const;
/** ioctl_tty(2), the same number on x86-64 and arm64. */
const TIOCSCTTY = 0x540e;
const O_CLOEXEC = 0o2_000_000;
const F_SETFD = 2;
const FD_CLOEXEC = 1;
const WNOHANG = 1;
const SC_CLK_TCK = 2;

export const RLIMIT = { core: 4, processes: 6, openFiles: 7 } as const;

export type Native = ReturnType<typeof loadNative>;

/** @throws Error when this is not Linux, or its C library cannot be called */
export function loadNative() {
  const { symbols: c } = openLibrary();
  const errnoAt = c.__errno_location();
  if (errnoAt === null) throw new Error("the C library does not say where its errors are");
  const must = (call: string, result: number): number => {
    if (result !== -1) return result;
    throw new NativeError(call, read.i32(errnoAt));
  };
  return {
    clockTicksPerSecond: Number(c.sysconf(SC_CLK_TCK)),

    /** From now on orphans among our descendants become our children. */
    becomeSubreaper: () => void must("prctl(PR_SET_CHILD_SUBREAPER)", c.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)),
    /** Die when the thread that made us dies. Kept across execve, unless it changes privileges. */
    dieWithParent: () =>
      void must("prctl(PR_SET_PDEATHSIG)", c.prctl(PR_SET_PDEATHSIG, constants.signals.SIGKILL, 0, 0, 0)),
    noNewPrivileges: () => void must("prctl(PR_SET_NO_NEW_PRIVS)", c.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)),
    /** A session and a group of our own. @returns false when we lead one already */
    newSession: (): boolean => c.setsid() !== -1,

    /** Makes the terminal that `fd` is open on the one whose keys send signals to our session. */
    takeTerminal: (fd: number) => void must("ioctl(TIOCSCTTY)", c.ioctl(fd, TIOCSCTTY, 0)),

    /** A pipe, both ends closed on exec. A real one: programs open /dev/stdout, which fails on the socket pairs that Bun makes. */
    pipe(): { readonly readEnd: number; readonly writeEnd: number } {
      const ends = new Int32Array(2);
      must("pipe2", c.pipe2(ptr(ends), O_CLOEXEC));
      return { readEnd: ends[0] ?? -1, writeEnd: ends[1] ?? -1 };
    },
    duplicateTo: (from: number, to: number) => void must("dup2", c.dup2(from, to)),
    closeOnExec: (fd: number) => void must("fcntl(F_SETFD)", c.fcntl(fd, F_SETFD, FD_CLOEXEC)),
    /** Takes the exit of a child that has ended. @returns false when it has not, or is no child of ours */
    reap: (pid: number): boolean => c.wait4(pid, null, WNOHANG, null) === pid,

    /** How a child has ended, which is taken with it; undefined while it runs. @throws NativeError when it is no child of ours */
    exitOf(pid: number): { readonly code?: number; readonly signal?: string } | undefined {
      const status = new Int32Array(1);
      if (must("wait4", c.wait4(pid, ptr(status), WNOHANG, null)) === 0) return undefined;
      // wait(2), WIFSIGNALED and WEXITSTATUS
      const signal = status[0]! & 0x7f;
      if (signal === 0) return { code: (status[0]! >> 8) & 0xff };
      const name = Object.entries(constants.signals).find(([, number]) => number === signal)?.[0];
      return { signal: name ?? `signal ${signal}` };
    },

    setUser(uid: number, gid: number): void {
      must("setgroups", c.setgroups(0, null));
      must("setgid", c.setgid(gid));
      must("setuid", c.setuid(uid));
    },
    /** Soft and hard limit at once; a hard limit that is lower already stays. */
    limit(resource: number, value: number): void {
      const pair = new BigUint64Array(2);
      must("getrlimit", c.getrlimit(resource, ptr(pair)));
      const hard = pair[1] ?? 0n;
      pair.fill(BigInt(value) < hard ? BigInt(value) : hard);
      must("setrlimit", c.setrlimit(resource, ptr(pair)));
    },

    /** A mount namespace for this thread, and so for what it executes. Mounts made in it are seen by nobody else. */
    newMountNamespace(): void {
      must("unshare(CLONE_NEWNS)", c.unshare(CLONE_NEWNS));
      const root = cString("/");
      must("mount(MS_PRIVATE)", c.mount(null, ptr(root), null, MOUNT.private | MOUNT.recursive, null));
    },
    /** The namespace that `fd` (of /proc/<pid>/ns/mnt) stands for. Threads share their directories, which setns(2) refuses: so part with them first. */
    joinMountNamespace(fd: number): void {
      must("unshare(CLONE_FS)", c.unshare(CLONE_FS));
      must("setns", c.setns(fd, CLONE_NEWNS));
    },
    mount(source: string, target: string, type: string | undefined, flags: number, options?: string): void {
      const texts = [source, target, type ?? "", options ?? ""].map(cString);
      const at = (index: number) => ptr(texts[index] ?? new Uint8Array(1));
      must(
        `mount(${target})`,
        c.mount(at(0), at(1), type === undefined ? null : at(2), flags, options === undefined ? null : at(3)),
      );
    },
    changeDirectory(path: string): void {
      const text = cString(path);
      must(`chdir(${path})`, c.chdir(ptr(text)));
    },

    /** Signals that are ignored stay ignored across execve, and so does the mask: back to what a program may expect. */
    restoreSignals(ignored: readonly number[]): void {
      for (const number of ignored) c.signal(number, 0n);
      const empty = new Uint8Array(128);
      must("sigprocmask", c.sigprocmask(2, ptr(empty), null));
    },
    /** Replaces this process. @throws NativeError always, when it returns at all */
    execute(path: string, argv: readonly string[], env: Readonly<Record<string, string>>): never {
      const program = cString(path);
      const argumentTexts = argv.map(cString);
      const variables = Object.entries(env).map(([name, value]) => cString(`${name}=${value}`));
      const argumentPointers = pointerArray(argumentTexts);
      const variablePointers = pointerArray(variables);
      must(`execve(${path})`, c.execve(ptr(program), ptr(argumentPointers), ptr(variablePointers)));
      throw new NativeError(`execve(${path})`, 0);
    },
  };
}

/** `char *[]` with the null pointer at its end. */
function pointerArray(texts: readonly Uint8Array[]): BigUint64Array {
  return BigUint64Array.from([...texts.map((text) => BigInt(ptr(text))), 0n]);
}

/** Bit n−1 of a mask in /proc/self/status stands for signal n. */
export function signalsOfMask(status: string, name: "SigIgn" | "SigBlk"): readonly number[] {
  const mask = BigInt(`0x${new RegExp(`^${name}:\\s+([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`);
  return Array.from({ length: 64 }, (_, index) => index + 1).filter((number) => (mask >> BigInt(number - 1)) & 1n);
}
