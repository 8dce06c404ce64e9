/** Makes an instance ready to be started: its release, its secrets, its volumes, its ports. */
import { join } from "node:path";
import type { InstanceReason, NodeRequest, ObjectAccess, WorkloadSpec } from "#contracts";
import { type AgentLink, LinkDown } from "#data-plane/plan-link";
import { CodedError } from "#foundation/errors";
import { sleep, type Timers } from "#foundation/runtime";
import { PrestartFailed, runPrestart } from "./prestart.ts";
import type { ReleaseStore } from "./release-store.ts";
import { type ImageUser, imageUser, isSignalName, type Runtime, type RuntimeSpec } from "./runtimes/index.ts";
import { digest, type SecretsCache } from "./secrets-cache.ts";

/** The instance cannot run, and another try would not change that. */
export class Unpreparable extends Error {
  override readonly name = "Unpreparable";
  readonly reason: InstanceReason;

  constructor(reason: InstanceReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

export interface PrepareParts {
  readonly link: Pick<AgentLink, "ask">;
  readonly releases: ReleaseStore;
  readonly secrets: SecretsCache;
  readonly timers: Timers;
  /** Where a volume is on this machine; undefined while it is not there. */
  readonly volumePath: (volumeId: string) => string | undefined;
  readonly accountAccess: AccessCache;
}

export interface PrepareInput {
  readonly instanceId: string;
  readonly workload: WorkloadSpec;
  readonly runtime: Runtime;
  /** Declared to local ports. */
  readonly ports: Readonly<Record<string, number>>;
  readonly scratchDirectory: string;
  readonly logBytesMax: number;
  readonly signal: AbortSignal;
  /** Takes lines for the instance's log. */
  readonly say: (line: string) => void;
}

const RETRY_MS_MIN = 200;
const RETRY_MS_MAX = 10_000;

/** Fetching is given up after this long; the control plane then decides anew. */
const ATTEMPTS_MAX = 60;
const VOLUME_WAIT_MS = 60_000;

/** @throws Unpreparable; the reason of the signal */
export async function prepare(parts: PrepareParts, input: PrepareInput): Promise<void> {
  const { workload, runtime } = input;
  const [release, secrets] = await Promise.all([
    untilThere(parts, input, () =>
      parts.releases.release(workload.image, () => parts.accountAccess.of(workload.accountId), input.signal),
    ),
    secretsOf(parts, input),
  ]);
  const mounts = await mountsOf(parts, input);
  const spec = runtimeSpec(input, release.rootDirectory, release.config, secrets, mounts);
  try {
    await runtime.create(spec);
    await runPrestart(runtime, spec, workload.prestart, input.signal, input.say);
  } catch (error) {
    input.signal.throwIfAborted();
    throw new Unpreparable(error instanceof PrestartFailed ? "prestart_failed" : reasonOf(error), messageOf(error));
  }
}

function runtimeSpec(
  input: PrepareInput,
  rootDirectory: string,
  config: Awaited<ReturnType<ReleaseStore["release"]>>["config"],
  secrets: string | undefined,
  volumes: RuntimeSpec["mounts"],
): RuntimeSpec {
  const { instanceId, workload, ports } = input;
  const isolation = workload.isolation ?? (workload.image.source === "image" ? "container" : "process");
  const contained = isolation !== "process";
  if (contained && workload.image.source === "directory") {
    throw new Unpreparable(
      "start_failed",
      "a directory that was deployed has no file system of its own, which a container needs: deploy an image",
    );
  }
  const known = contained ? whoIn(rootDirectory, workload.user ?? config.user ?? "") : undefined;
  const user = known ?? userOf(workload.user);
  // Without a file system of its own a program cannot have `/data`: it gets the same path below its scratch directory.
  const mounts = volumes.map((mount) => ({
    ...mount,
    target: contained ? mount.target : join(input.scratchDirectory, mount.target),
  }));
  const places = volumes.map(({ target }, index) => [mountVariable(target), mounts[index]!.target] as const);
  const workdir = workload.workdir ?? config.workingDirectory;
  const env: Record<string, string> = {
    // Programs of this machine (node, bun, python …) are found where its owner finds them.
    ...(contained ? {} : { PATH: process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin" }),
    ...(known === undefined ? {} : { HOME: known.home, TMPDIR: "/tmp" }),
    ...Object.fromEntries(config.environment),
    BIPLANE_APP: workload.appName,
    BIPLANE_ENV: workload.envName,
    BIPLANE_PROCESS: workload.processType,
    BIPLANE_RELEASE: String(workload.releaseNumber),
    ...Object.fromEntries(places),
    ...workload.vars,
  };
  const argv = workload.command.length > 0 ? workload.command : [...config.entrypoint, ...config.command];
  return {
    instanceId,
    isolation,
    argv,
    env,
    cwd: contained ? join("/", workdir) : join(rootDirectory, workdir),
    rootDirectory,
    scratchDirectory: input.scratchDirectory,
    ports: Object.fromEntries(workload.ports.map(({ name, internal }) => [name, ports[String(internal)]!])),
    memoryLimitBytes: workload.memoryBytes,
    cpuWeight: Math.min(10_000, Math.max(1, Math.round(workload.cpuMillis / 10))),
    ...(secrets === undefined ? {} : { secrets: new TextEncoder().encode(secrets) }),
    mounts,
    ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }),
    stopSignal: stopSignalOf(config.stopSignal),
    graceMs: 10_000,
    logs: { bytesMax: input.logBytesMax },
  };
}

/** `/var/lib/db` → `BIPLANE_MOUNT_VAR_LIB_DB`: where the program finds what is mounted there, whatever isolates it. */
const mountVariable = (path: string): string =>
  `BIPLANE_MOUNT_${path
    .slice(1)
    .replaceAll(/[^A-Za-z0-9]/g, "_")
    .toUpperCase()}`;

/** @throws Unpreparable when the image does not know who it names */
function whoIn(rootDirectory: string, user: string): ImageUser {
  try {
    return imageUser(rootDirectory, user);
  } catch (error) {
    throw new Unpreparable("start_failed", messageOf(error));
  }
}

/** An image says its own: `SIGQUIT`, or by its number. */
function stopSignalOf(said: string | undefined): RuntimeSpec["stopSignal"] {
  const name = said === undefined ? "SIGTERM" : said.startsWith("SIG") ? said : `SIG${said}`;
  return isSignalName(name) ? name : "SIGTERM";
}

/** `1000` or `1000:1000`. Names are of images, which other runtimes look up. */
function userOf(user: string | undefined): RuntimeSpec["user"] {
  const [, uid, gid] = /^(\d+)(?::(\d+))?$/.exec(user ?? "") ?? [];
  return uid === undefined ? undefined : { uid: Number(uid), gid: Number(gid ?? uid) };
}

async function mountsOf(
  { volumePath, timers }: PrepareParts,
  { workload, signal }: PrepareInput,
): Promise<RuntimeSpec["mounts"]> {
  const mounts = [];
  for (const { volumeId, mountPath, readOnly } of workload.mounts) {
    let source = volumePath(volumeId);
    for (let waited = 0; source === undefined && waited < VOLUME_WAIT_MS; waited += RETRY_MS_MIN) {
      await sleep(timers, RETRY_MS_MIN, signal);
      source = volumePath(volumeId);
    }
    if (source === undefined)
      throw new Unpreparable("volume_attach_failed", `the volume ${volumeId} is not on this node`);
    mounts.push({ source, target: mountPath, readOnly });
  }
  return mounts;
}

async function secretsOf(parts: PrepareParts, input: PrepareInput): Promise<string | undefined> {
  const { required, versionId, dataHash } = input.workload.secrets;
  if (versionId === undefined) {
    if (required) throw new Unpreparable("secrets_missing", "it requires secrets, and there are none");
    return undefined;
  }
  const kept = parts.secrets.get(versionId, dataHash);
  if (kept !== undefined) return kept;
  return untilThere(parts, input, async () => {
    const answer = await ask(parts, { ask: "secrets", instanceId: input.instanceId }, input.signal);
    if (answer.ask !== "secrets") throw new Unpreparable("secrets_injection_failed", "another answer came");
    if (dataHash !== undefined && digest(answer.data) !== dataHash) {
      throw new Unpreparable(
        "secrets_injection_failed",
        "integrity_failed: the secrets are not those of their version",
      );
    }
    parts.secrets.put(versionId, answer.data);
    return answer.data;
  });
}

/** Tries again while the control plane or the object store is away; what is wrong for good ends it. */
async function untilThere<Result>(
  parts: PrepareParts,
  { signal }: PrepareInput,
  attempt: () => Promise<Result>,
): Promise<Result> {
  let delay = RETRY_MS_MIN;
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof Unpreparable) throw error;
      if (!isWorthAnother(error) || attempts >= ATTEMPTS_MAX) throw new Unpreparable(reasonOf(error), messageOf(error));
    }
    await sleep(parts.timers, delay, signal);
    delay = Math.min(RETRY_MS_MAX, delay * 2);
  }
}

const isWorthAnother = (error: unknown): boolean =>
  error instanceof LinkDown || (error instanceof CodedError ? error.retryable : true);

const IMAGE_REASONS: ReadonlySet<string> = new Set([
  "image_pull_failed",
  "image_too_large",
  "image_pull_timeout",
  "image_layer_invalid",
]);

function reasonOf(error: unknown): InstanceReason {
  if (error instanceof CodedError) {
    if (IMAGE_REASONS.has(error.code)) return error.code as InstanceReason;
    if (error.code === "RuntimeUnavailable" || error.code === "NoNodeWithIsolation" || error.code === "Unsupported") {
      return "runtime_unavailable";
    }
    return "start_failed";
  }
  return error instanceof LinkDown ? "secrets_missing" : "rootfs_build_failed";
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The answer, or what it was refused with. */
async function ask(parts: Pick<PrepareParts, "link">, request: NodeRequest, signal?: AbortSignal) {
  const answer = await parts.link.ask(request, signal);
  if (answer.ok) return answer;
  if (
    answer.code === "object_store_unavailable" ||
    answer.code === "internal" ||
    answer.code === "master_key_unavailable"
  ) {
    throw new LinkDown(answer.message);
  }
  const reason = request.ask === "secrets" ? "secrets_injection_failed" : "image_pull_failed";
  throw new Unpreparable(reason, `${answer.code}: ${answer.message}`);
}

/** Credentials end; they are asked for again this long before. */
const RENEW_MS = 300_000;

/** Credentials to the releases of orgs, asked for once and kept for as long as they are good. */
export class AccessCache {
  readonly #link: Pick<AgentLink, "ask">;
  readonly #now: () => number;
  readonly #known = new Map<string, ObjectAccess>();

  constructor(link: Pick<AgentLink, "ask">, now: () => number) {
    this.#link = link;
    this.#now = now;
  }

  async of(accountId: WorkloadSpec["accountId"]): Promise<ObjectAccess> {
    const known = this.#known.get(accountId);
    if (known !== undefined && known.expiresAt - RENEW_MS > this.#now()) return known;
    const answer = await ask({ link: this.#link }, { ask: "artifacts", accountId });
    if (answer.ask !== "artifacts") throw new Unpreparable("image_pull_failed", "another answer came");
    this.#known.set(accountId, answer.access);
    return answer.access;
  }
}
