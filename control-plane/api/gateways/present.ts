/** Fleets of gateways as the REST API shows them. */
import type {
  GatewayArtifactRecord,
  GatewayBuildRecord,
  GatewayDeploymentRecord,
  GatewayGroupRecord,
  GatewayKeyRecord,
  GatewayRecord,
  GatewaySpecRecord,
  GatewaySpecRevisionRecord,
  GatewayTrustedKeyRecord,
  RolloutStrategy,
} from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";
import { desiredArtifact, type GatewayPresence } from "#control-plane/gateways/fleet";
import { iso, shown, snaked } from "../applications/present.ts";

export const spec = ({ latest, ...record }: GatewaySpecRecord) => ({
  ...shown(record, "specId"),
  latest_revision: { id: latest.revisionId, number: latest.number },
});

export const revision = ({ files, ...record }: GatewaySpecRevisionRecord) => ({
  ...shown(record, "revisionId"),
  files: files.map(snaked),
});

export const build = ({ revisions, options, ...record }: GatewayBuildRecord) => ({
  ...shown(record, "buildId"),
  revisions: revisions.map(snaked),
  options: snaked(options),
});

export const artifact = ({ revisions, signatures, contentDigest: _, ...record }: GatewayArtifactRecord) => ({
  ...shown(record, "artifactId"),
  origin: record.uploadedBy === undefined ? "build" : "upload",
  revisions: revisions.map(snaked),
  ...(signatures === undefined ? {} : { signatures: signatures.map(snaked) }),
});

export const trustedKey = (record: GatewayTrustedKeyRecord) => shown(record, "trustedKeyId");

/** Never its hash. */
export const key = ({ previous, ...record }: GatewayKeyRecord, now: number) => ({
  ...shown(record, "keyId"),
  ...(previous === undefined || previous.validUntil <= now
    ? {}
    : { previous_secret_valid_until: iso(previous.validUntil) }),
});

export const group = (record: GatewayGroupRecord) => shown(record, "groupId");

export function deployment({ strategy, baseline, reach: _, ...record }: GatewayDeploymentRecord, isCurrent: boolean) {
  return {
    ...shown(record, "deploymentId"),
    current: isCurrent,
    strategy: strategyOf(strategy),
    ...(baseline === undefined ? {} : { baseline: snaked(baseline) }),
  };
}

const strategyOf = ({ stages, ...strategy }: RolloutStrategy) => ({ ...snaked(strategy), stages: stages.map(snaked) });

/** A gateway: what the log knows of it, and what its connection says now. */
export function dataPlane(
  { served, refusal, ...record }: GatewayRecord,
  current: GatewayDeploymentRecord | undefined,
  presence: GatewayPresence,
  views: CatalogReader,
) {
  const now = presence.of(record.gatewayId);
  const online = now?.online === true;
  const digest = (online ? now.servedDigest : served?.digest) ?? null;
  const desired = desiredArtifact(current, record);
  const drift = desired !== undefined && desired.digest !== digest;
  const why = online ? (now.refusal ?? refusal) : refusal;
  // Those that differ in their signatures alone have one digest: then it is the one that it should be.
  const [alike] = digest === null ? [] : views.inGroup("gatewayArtifact", groups.digested(record.projectId, digest));
  const artifactId = desired !== undefined && !drift ? desired.artifact_id : alike?.artifactId;
  return {
    ...shown(record, "gatewayId"),
    status: online ? (drift && why === undefined ? "deploying" : "online") : "offline",
    connected_at: now === undefined ? null : iso(now.connectedAt),
    last_seen: now === undefined ? null : iso(now.lastSeenAt),
    ...(online && now.uptimeSeconds !== undefined ? { uptime_seconds: now.uptimeSeconds } : {}),
    ...(online && now.health !== undefined ? { health: now.health } : {}),
    artifact_digest: digest,
    artifact_id: artifactId ?? null,
    ...(served?.generation !== undefined && served.digest === digest ? { generation: served.generation } : {}),
    desired: desired ?? null,
    drift,
    ...(why === undefined || !drift ? {} : { refusal: why }),
  };
}
