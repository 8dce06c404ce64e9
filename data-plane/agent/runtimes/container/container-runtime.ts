/**
 * The runtime `container`: instances in namespaces of their own, made by runc, each with the supervisor that plain processes have. The image is shared and stays as
 * it is; what an instance writes lies in a layer of its own.
 *
 * A container shares the kernel and the network of the host. Its root is the host's root without most of its powers (seven capabilities, a list of system
 * calls, no new privileges): stronger than a process, weaker than a virtual machine.
 */
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { RUNTIME_ERRORS } from "../errors.ts";
import { refuseForeign } from "../process/prepare.ts";
import type { Probed } from "../process/probe.ts";
import { openSupervisedRuntime, type ProcessRuntime, type ProcessRuntimeOptions } from "../process/process-runtime.ts";
import { invalidSpec } from "../rules/check-spec.ts";
import type { Capabilities, Measured, RuntimeSpec } from "../runtime.ts";
import { removeForsakenProbes } from "./control-groups.ts";
import { hardLimitOfOpenFiles } from "./launch-container.ts";
import { ociConfig } from "./oci-config.ts";
import { type ContainerPlan, deleteContainer, RUNC_ENVIRONMENT, runcCommand, takeTrouble } from "./runc.ts";

export interface ContainerRuntimeOptions
  extends Pick<ProcessRuntimeOptions, "stateDirectory" | "command" | "secretsDirectory"> {
  /** Default: the first `runc` in the usual folders. */
  readonly runc?: string;
}

const MOUNTS_MAX = 64;
const PROBE_PATIENCE_MS = 20_000;
const TMPFS = 0x01_02_19_94;
const YES: Measured = { usable: true };

/** @throws SqlError Locked when another agent uses the directory */
export function openContainerRuntime(options: ContainerRuntimeOptions): ProcessRuntime {
  const { stateDirectory } = options;
  const runc = options.runc ?? Bun.which("runc", { PATH: RUNC_ENVIRONMENT.PATH! }) ?? undefined;
  const stateRoot = stateRootOf(stateDirectory);
  const planOf = (token: string): { readonly container: ContainerPlan } => ({
    container: { runc: runc ?? "runc", stateRoot, id: `biplane-${token}`, cgroupsPath: `/biplane-${token}` },
  });
  return openSupervisedRuntime({
    ...options,
    kind: ({ command, secretsInMemory }) => ({
      name: "container",
      async probe() {
        const runs =
          runc === undefined ? no("runc is not installed") : await probeRunc(planOf, stateDirectory, command);
        const known: Measured = runs.usable ? YES : runs;
        const capabilities: Capabilities = {
          runs,
          isolation: "container",
          memoryHardCap: known,
          cpuWeight: known,
          processHardCap: known,
          atomicKill: known,
          mountNamespace: known,
          userSwitch: known,
          secretsInMemory: secretsInMemory ? YES : no("there is no tmpfs at /run/user/<uid> or /dev/shm"),
          exec: known,
          pty: known,
        };
        return { capabilities } satisfies Probed;
      },
      refuse: (spec, can) => refuse(spec, can, stateDirectory),
      prepare(spec) {
        mkdirSync(join(spec.scratchDirectory, "layer"), { recursive: true, mode: 0o711 });
      },
      planOf,
      close() {
        if (existsSync(stateRoot) && readdirSync(stateRoot).length === 0) rmdirSync(stateRoot);
      },
    }),
  });
}

const no = (reason: string): Measured => ({ usable: false, reason });

/** runc's own notes of a container must not outlive a reboot, which the container does not. */
function stateRootOf(stateDirectory: string): string {
  const name = `biplane-runc-${createHash("sha256").update(stateDirectory).digest("hex").slice(0, 16)}`;
  const memory = ["/run", "/dev/shm"].find((path) => {
    try {
      return statfsSync(path).type === TMPFS;
    } catch {
      return false;
    }
  });
  return join(memory ?? stateDirectory, name);
}

/** @throws RuntimeError RuntimeUnavailable, NoNodeWithIsolation, InvalidSpec */
function refuse(spec: RuntimeSpec, can: Capabilities, stateDirectory: string): void {
  refuseForeign(spec, can, stateDirectory);
  for (const [field, path] of [
    ["rootDirectory", spec.rootDirectory],
    ["scratchDirectory", spec.scratchDirectory],
  ] as const) {
    // They become options of a mount, where these characters mean something.
    if (/[,:\\]/.test(path)) throw invalidSpec(field, "must not hold a comma, a colon or a backslash");
  }
  if (spec.mounts.length > MOUNTS_MAX) throw invalidSpec("mounts", `must be at most ${MOUNTS_MAX}`);
  for (const [index, { source, target }] of spec.mounts.entries()) {
    if (!existsSync(source)) throw invalidSpec(`mounts[${index}].source`, "must exist");
    if (target === "/" || /^\/(proc|sys|dev|run\/secrets)(\/|$)/.test(target))
      throw RUNTIME_ERRORS.error(
        "Unsupported",
        `mounts[${index}].target: must not be /, nor in /proc, /sys, /dev or /run/secrets`,
      );
  }
}

/** Runs this very program in a container with limits, over an overlay: every part of what instances need. */
async function probeRunc(
  planOf: (token: string) => { readonly container: ContainerPlan },
  stateDirectory: string,
  command: readonly string[],
): Promise<Measured> {
  if (process.getuid?.() !== 0) return no("containers need an agent that is root");
  removeForsakenProbes();
  const { container } = planOf(`probe-${process.pid}-${randomBytes(8).toString("hex")}`);
  const folder = mkdtempSync(join(stateDirectory, "probe-"));
  try {
    chmodSync(folder, 0o755);
    const at = (name: string): string => join(folder, name);
    for (const name of ["lower", "upper", "work", "rootfs"]) mkdirSync(at(name));
    const spec = {
      instanceId: "probe",
      isolation: "container",
      argv: ["/nothing"],
      env: {},
      cwd: "/",
      rootDirectory: at("lower"),
      scratchDirectory: at("upper"),
      ports: {},
      memoryLimitBytes: 64 * 1024 * 1024,
      cpuWeight: 100,
      mounts: [],
      stopSignal: "SIGTERM",
      graceMs: 0,
      logs: { bytesMax: 0 },
    } as const;
    const config = ociConfig(spec, {
      rootfs: at("rootfs"),
      env: {},
      cgroupsPath: container.cgroupsPath,
      hostFiles: [],
      openFilesMax: hardLimitOfOpenFiles(),
    });
    writeFileSync(at("config.json"), JSON.stringify(config));
    const entry = {
      argv: runcCommand(container, at("log"), "create", "--bundle", folder, container.id),
      env: RUNC_ENVIRONMENT,
      cwd: folder,
      umask: 0o022,
      namespace: { overlay: { lower: at("lower"), upper: at("upper"), work: at("work"), target: at("rootfs") } },
      failureFile: at("failure"),
    };
    writeFileSync(at("entry"), JSON.stringify(entry));
    const child = Bun.spawn([...command, "enter", at("entry")], {
      cwd: folder,
      env: {},
      stdio: ["ignore", "ignore", "ignore"],
      timeout: PROBE_PATIENCE_MS,
    });
    await child.exited;
    if (existsSync(at("failure"))) return no(await Bun.file(at("failure")).text());
    const trouble = takeTrouble(at("log"));
    // There is no program in an empty image; that this is what stops it means that everything before worked.
    if (trouble === undefined || /nothing.*ENOENT/s.test(trouble)) return YES;
    return no(`runc: ${trouble}`);
  } finally {
    await deleteContainer(container, join(folder, "log")).catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  }
}
