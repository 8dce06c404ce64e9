/** What shall run of one process type of one environment: worked out from the records. Pure. */
import { createHash } from "node:crypto";
import type { EnvRecord, InstanceMount, IsolationClass, ReleaseRecord, VolumeAttachmentRecord } from "#contracts";
import { attachmentsOf, desiredCount, processOf, specOf } from "#control-plane/applications";
import { type CatalogReader, groups } from "#control-plane/events";
import { canonicalJson } from "#foundation/canonical-json";
import type { ProcessSpec } from "#foundation/manifest";

/** Everything that instances of a group share. */
export interface GroupSpec {
  readonly env: EnvRecord;
  readonly release: ReleaseRecord;
  readonly deployId: string;
  readonly processType: string;
  readonly process: ProcessSpec;
  readonly isolation: IsolationClass;
  /** How many. */
  readonly count: number;
  readonly secretsVersionId: string | undefined;
  readonly secretsMissing: boolean;
  readonly mounts: readonly InstanceMount[];
  readonly specHash: string;
}

export const groupKey = (envId: string, processType: string): string => `${envId} ${processType}`;

export function groupOfKey(key: string): { readonly envId: string; readonly processType: string } {
  const space = key.indexOf(" ");
  return { envId: key.slice(0, space), processType: key.slice(space + 1) };
}

const texts = new WeakMap<ProcessSpec, string>();

/** Of the parts of a specification that are the release's alone; worked out once for each. */
function textOf(release: ReleaseRecord, process: ProcessSpec): string {
  let text = texts.get(process);
  if (text === undefined) {
    // How many there are is not what each of them is.
    const { scaling: _, ...own } = process;
    text = canonicalJson({ digest: release.artifact.digest, process: own });
    texts.set(process, text);
  }
  return text;
}

const hashes = new Map<string, string>();
const HASHES_MAX = 50_000;

function hashOf(text: string): string {
  let hash = hashes.get(text);
  if (hash === undefined) {
    hash = createHash("sha256").update(text).digest("hex").slice(0, 32);
    if (hashes.size >= HASHES_MAX) hashes.clear();
    hashes.set(text, hash);
  }
  return hash;
}

const mountOf = ({ volumeId, mountPath, readOnly }: VolumeAttachmentRecord): InstanceMount => ({
  volumeId,
  mountPath,
  readOnly,
});

/** Undefined when nothing of this group shall run: the environment is gone, or nobody has deployed this process type. */
export function groupSpecOf(views: CatalogReader, envId: string, processType: string): GroupSpec | undefined {
  const env = views.record("env", envId);
  const desired = env !== undefined && Object.hasOwn(env.desired, processType) ? env.desired[processType] : undefined;
  const release = desired === undefined ? undefined : views.record("release", desired.releaseId);
  if (env === undefined || desired === undefined || release === undefined) return undefined;
  if (processOf(release, processType) === undefined) return undefined;
  const process = specOf(release, processType);
  const secretsVersionId = views.inGroup("secretBundle", groups.inEnv(envId))[0]?.versionId;
  // Only what the manifest mounts, in the order of paths.
  const paths = new Set(process.mounts.map(({ path }) => path));
  const mounts =
    paths.size === 0
      ? []
      : attachmentsOf(views, envId, processType)
          .filter(({ mountPath }) => paths.has(mountPath))
          .map(mountOf)
          .sort((left, right) => (left.mountPath < right.mountPath ? -1 : 1));
  const restarts = env.restarts[processType] ?? 0;
  const own = mounts.map(({ volumeId, mountPath, readOnly }) => `${volumeId}:${mountPath}:${readOnly}`).join(",");
  return {
    env,
    release,
    deployId: desired.deployId,
    processType,
    process,
    isolation: process.isolation ?? (release.artifact.source === "directory" ? "process" : "container"),
    count: desiredCount(env, release, processType),
    secretsVersionId,
    secretsMissing: process.secretsRequired && secretsVersionId === undefined,
    mounts,
    specHash: hashOf(`${textOf(release, process)}|${secretsVersionId ?? "none"}|${own}|${restarts}`),
  };
}
