/** What a node needs to run an instance, from the records. Pure. */
import type { Assignment, InstanceRecord, WorkloadSpec } from "#contracts";
import { specOf } from "#control-plane/applications";
import { type CatalogReader, groups } from "#control-plane/events";

const DRAIN_GRACE_SECONDS = 10;

/** Undefined when its release is gone, which cannot be while it runs: releases in use are not deleted. */
export function workloadOf(views: CatalogReader, instance: InstanceRecord): WorkloadSpec | undefined {
  const release = views.record("release", instance.releaseId);
  if (release === undefined || !Object.hasOwn(release.manifest.processes, instance.processType)) return undefined;
  const spec = specOf(release, instance.processType);
  const { accountId, appId, envId, processType, releaseId, secretsVersionId, specHash } = instance;
  const { source, digest, resolvedDigests, sizeBytes } = release.artifact;
  const dataHash = secretsVersionId === undefined ? undefined : dataHashOf(views, instance);
  return {
    specVersion: 1,
    accountId,
    appId,
    appName: views.record("app", appId)?.name ?? appId,
    envId,
    envName: views.record("env", envId)?.name ?? envId,
    processType,
    releaseId,
    releaseNumber: release.number,
    image: { source, digest, sizeBytes, ...(resolvedDigests === undefined ? {} : { resolvedDigests }) },
    command: spec.command,
    ...(spec.workdir === undefined ? {} : { workdir: spec.workdir }),
    ...(spec.user === undefined ? {} : { user: spec.user }),
    vars: spec.vars,
    prestart: spec.prestart,
    ...(spec.isolation === undefined ? {} : { isolation: spec.isolation }),
    memoryBytes: instance.memoryBytes,
    cpuMillis: instance.cpuMillis,
    diskBytes: instance.diskBytes,
    ports: spec.ports.map(({ name, internal }) => ({ name, internal })),
    ...(spec.health === undefined ? {} : { health: spec.health }),
    restart: spec.restart,
    mounts: instance.mounts,
    secrets: {
      required: spec.secretsRequired,
      ...(secretsVersionId === undefined ? {} : { versionId: secretsVersionId }),
      ...(dataHash === undefined ? {} : { dataHash }),
    },
    specHash,
  };
}

/** Known only while the version is the bundle's current one; an older one is still checked by its seal. */
function dataHashOf(views: CatalogReader, { envId, secretsVersionId }: InstanceRecord): string | undefined {
  const bundle = views.inGroup("secretBundle", groups.inEnv(envId))[0];
  return bundle?.versionId === secretsVersionId ? bundle?.dataHash : undefined;
}

/** @param quiet whether no edge answers anything by this instance any more */
export function assignmentOf(
  views: CatalogReader,
  instance: InstanceRecord,
  quiet: (instanceId: string) => boolean,
): Assignment | undefined {
  const workload = workloadOf(views, instance);
  if (workload === undefined) return undefined;
  const { instanceId, desiredState, drainGraceSeconds = DRAIN_GRACE_SECONDS, drainingSince } = instance;
  return {
    instanceId,
    desiredState,
    drainGraceSeconds,
    ...(drainingSince === undefined ? {} : { drainingSince }),
    quiet: desiredState === "draining" && quiet(instanceId),
    workload,
  };
}
