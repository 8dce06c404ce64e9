/** The configuration of a container (OCI runtime specification 1.0.2, config.json). Pure. */
import type { StoredSpec } from "../process/instance-files.ts";
import { SECCOMP } from "./seccomp.ts";

export interface ContainerParts {
  /** Where the image and the instance's own layer are mounted together. */
  readonly rootfs: string;
  /** Of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** On the host. */
  readonly secretsFile?: string;
  readonly cgroupsPath: string;
  /** On the host: those that exist of resolv.conf and hosts. */
  readonly hostFiles: readonly string[];
  /** Most open files that the supervisor itself may allow. */
  readonly openFilesMax: number;
}

/** Where a program finds its secrets; `BIPLANE_SECRETS_FILE` says it. */
export const SECRETS_PATH = "/run/secrets/platform.env";

/** What a program that begins as root may do to what is its own: files, users, low ports, its own processes. Nothing of the machine's. */
const CAPABILITIES = [
  "CAP_CHOWN",
  "CAP_DAC_OVERRIDE",
  "CAP_FOWNER",
  "CAP_SETUID",
  "CAP_SETGID",
  "CAP_NET_BIND_SERVICE",
  "CAP_KILL",
];

/** What says too much of the machine, or changes it (the defaults of Docker and containerd). */
const MASKED = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/sys/firmware",
  "/sys/devices/virtual/powercap",
];
const READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

const OPEN_FILES = 65_536;
const PROCESSES = 4_096;
/** First choice of the kernel when memory runs out on the host, as for plain processes. */
const OOM_SCORE = 500;
const SHARES_PER_WEIGHT = 1_024 / 100;

const mount = (destination: string, type: string, source: string, options: readonly string[]) => ({
  destination,
  type,
  source,
  options,
});
const QUIET = ["nosuid", "noexec", "nodev"];

export function ociConfig(spec: StoredSpec, parts: ContainerParts): object {
  const { uid, gid } = spec.user ?? { uid: 0, gid: 0 };
  const openFiles = Math.min(spec.openFilesMax ?? OPEN_FILES, parts.openFilesMax);
  const memory =
    spec.memoryLimitBytes === undefined
      ? {}
      : { memory: { limit: spec.memoryLimitBytes, swap: spec.memoryLimitBytes, disableOOMKiller: false } };
  return {
    ociVersion: "1.0.2",
    process: {
      terminal: false,
      user: { uid, gid },
      args: spec.argv,
      env: Object.entries(parts.env).map(([name, value]) => `${name}=${value}`),
      cwd: spec.cwd.startsWith("/") ? spec.cwd : `/${spec.cwd}`,
      // None is passed on by execve to who is not root.
      capabilities: {
        bounding: CAPABILITIES,
        effective: CAPABILITIES,
        permitted: CAPABILITIES,
        inheritable: [],
        ambient: [],
      },
      rlimits: [{ type: "RLIMIT_NOFILE", hard: openFiles, soft: openFiles }],
      noNewPrivileges: true,
      oomScoreAdj: OOM_SCORE,
    },
    root: { path: parts.rootfs, readonly: false },
    hostname: spec.instanceId,
    mounts: [
      mount("/proc", "proc", "proc", QUIET),
      mount("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
      mount("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
      mount("/dev/shm", "tmpfs", "shm", [...QUIET, "mode=1777", "size=65536k"]),
      mount("/dev/mqueue", "mqueue", "mqueue", QUIET),
      mount("/sys", "sysfs", "sysfs", [...QUIET, "ro"]),
      mount("/run", "tmpfs", "tmpfs", ["nosuid", "nodev", "mode=755", "size=16384k"]),
      ...parts.hostFiles.map((path) => mount(path, "bind", path, ["bind", "ro", ...QUIET])),
      ...(parts.secretsFile === undefined
        ? []
        : [mount(SECRETS_PATH, "bind", parts.secretsFile, ["bind", "ro", ...QUIET])]),
      ...spec.mounts.map(({ source, target, readOnly }) =>
        mount(target, "bind", source, ["rbind", "nosuid", "nodev", readOnly ? "ro" : "rw"]),
      ),
    ],
    linux: {
      // The network is the host's: the edge reaches an instance at the port that it is given as PORT, as with plain processes. A network of its own needs
      // addresses and routes that are the business of `networks`.
      namespaces: ["pid", "ipc", "uts", "mount"].map((type) => ({ type })),
      cgroupsPath: parts.cgroupsPath,
      resources: {
        devices: [{ allow: false, access: "rwm" }],
        ...memory,
        ...(spec.cpuWeight === undefined
          ? {}
          : { cpu: { shares: Math.max(2, Math.round(spec.cpuWeight * SHARES_PER_WEIGHT)) } }),
        pids: { limit: spec.processesMax ?? PROCESSES },
      },
      rootfsPropagation: "private",
      seccomp: SECCOMP,
      maskedPaths: MASKED,
      readonlyPaths: READ_ONLY,
    },
  };
}
