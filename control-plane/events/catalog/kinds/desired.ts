/** Applications, nodes and volumes: one fold for all kinds, by the table of `contracts/desired-kinds.ts`. */
import { DESIRED_KINDS, type DesiredKind, type DesiredRecords, type EventEnvelope } from "#contracts";
import {
  digested,
  hashed,
  inEnv,
  named,
  namedInCloud,
  namedInProject,
  ofAccount,
  ofApp,
  ofBlob,
  ofDeploying,
  ofGatewayGroup,
  ofInstance,
  ofProcess,
  ofProject,
  ofRelease,
  ofSpec,
  ofVolume,
  onNode,
  routed,
  unfinished,
} from "../catalog-groups.ts";
import type { KindDefinition } from "../kind-definition.ts";

interface Options<Kind extends DesiredKind> {
  readonly label: string;
  readonly view: string;
  readonly groupsOf: (record: DesiredRecords[Kind]) => readonly string[];
}

type Happened = Pick<EventEnvelope, "occurredAt"> & { readonly payload: Readonly<Record<string, unknown>> };

function desiredKind<Kind extends DesiredKind>(kind: Kind, options: Options<Kind>): KindDefinition<Kind> {
  const { key: keyName, makes, changes, ends } = DESIRED_KINDS[kind];
  const key = (members: object): string => String((members as Readonly<Record<string, unknown>>)[keyName]);
  const events: Record<string, unknown> = {
    [`${kind}.${makes}`]: {
      version: 1,
      key,
      makes: ({ payload, occurredAt }: Happened) => ({
        kind,
        ...payload,
        createdAt: occurredAt,
        updatedAt: occurredAt,
        revision: 1,
      }),
    },
    [`${kind}.${ends}`]: { version: 1, key, ends: () => undefined },
  };
  for (const [verb, members] of Object.entries(changes as Readonly<Record<string, readonly string[]>>)) {
    events[`${kind}.${verb}`] = {
      version: 1,
      key,
      changes: ({ payload, occurredAt }: Happened, record: DesiredRecords[Kind]) =>
        patched(record, payload, members, occurredAt),
    };
  }
  // The names of the events are built from the table; the compiler does not follow that.
  return { ...options, kind, viewVersion: 1, keyOf: key, events } as unknown as KindDefinition<Kind>;
}

/** The record with the new values of those members that the event may change; `null` takes one away. */
function patched<Record extends { readonly revision: number }>(
  record: Record,
  payload: Readonly<{ [name: string]: unknown }>,
  members: readonly string[],
  updatedAt: number,
): Record {
  const next: { [name: string]: unknown } = { ...record, updatedAt, revision: record.revision + 1 };
  for (const member of members) {
    const value = payload[member];
    if (value === null) delete next[member];
    else if (value !== undefined) next[member] = value;
  }
  return next as Record;
}

export const DESIRED_DEFINITIONS: { readonly [Kind in DesiredKind]: KindDefinition<Kind> } = {
  project: desiredKind("project", {
    label: "project",
    view: "projects",
    groupsOf: ({ accountId, name }) => [ofAccount(accountId), named(accountId, name)],
  }),
  app: desiredKind("app", {
    label: "app",
    view: "apps",
    groupsOf: ({ accountId, name, projectId }) => [
      ofAccount(accountId),
      named(accountId, name),
      ...(projectId === undefined ? [] : [ofProject(projectId)]),
    ],
  }),
  env: desiredKind("env", {
    label: "environment",
    view: "envs",
    groupsOf: ({ accountId, appId }) => [ofAccount(accountId), ofApp(appId)],
  }),
  release: desiredKind("release", {
    label: "release",
    view: "releases",
    groupsOf: ({ appId }) => [ofApp(appId)],
  }),
  deploy: desiredKind("deploy", {
    label: "deploy",
    view: "deploys",
    groupsOf: ({ envId, appId, status, releaseId }) => [
      inEnv(envId),
      ofApp(appId),
      ofRelease(releaseId),
      ...(status === "queued" || status === "rolling" ? [ofDeploying()] : []),
    ],
  }),
  route: desiredKind("route", {
    label: "route",
    view: "routes",
    groupsOf: (route) => [ofAccount(route.accountId), inEnv(route.envId), routed(route)],
  }),
  secretBundle: desiredKind("secretBundle", {
    label: "secret bundle",
    view: "secretBundles",
    groupsOf: ({ envId }) => [inEnv(envId)],
  }),
  quota: desiredKind("quota", { label: "quota", view: "quotas", groupsOf: () => [] }),
  volume: desiredKind("volume", {
    label: "volume",
    view: "volumes",
    groupsOf: ({ accountId, name, homeNodeId }) => [ofAccount(accountId), named(accountId, name), onNode(homeNodeId)],
  }),
  volumeAttachment: desiredKind("volumeAttachment", {
    label: "volume attachment",
    view: "volumeAttachments",
    groupsOf: ({ accountId, volumeId, envId, processType }) => [
      ofAccount(accountId),
      ofVolume(volumeId),
      inEnv(envId),
      ofProcess(envId, processType),
    ],
  }),
  snapshot: desiredKind("snapshot", {
    label: "snapshot",
    view: "snapshots",
    groupsOf: ({ volumeId, nodeId, status }) => [
      ofVolume(volumeId),
      ...(status === "queued" || status === "running" ? [onNode(nodeId)] : []),
    ],
  }),
  restoreJob: desiredKind("restoreJob", {
    label: "restore",
    view: "restoreJobs",
    groupsOf: ({ accountId, newVolumeId }) => [ofAccount(accountId), ofVolume(newVolumeId)],
  }),
  instance: desiredKind("instance", {
    label: "instance",
    view: "instances",
    groupsOf: (instance) => [
      ofAccount(instance.accountId),
      inEnv(instance.envId),
      ofProcess(instance.envId, instance.processType),
      onNode(instance.nodeId),
    ],
  }),
  execSession: desiredKind("execSession", {
    label: "exec session",
    view: "execSessions",
    groupsOf: ({ accountId, instanceId, envId }) => [ofAccount(accountId), inEnv(envId), `instance ${instanceId}`],
  }),
  node: desiredKind("node", {
    label: "node",
    view: "nodes",
    groupsOf: ({ name }) => [namedInCloud(name)],
  }),
  drill: desiredKind("drill", { label: "restore drill", view: "drills", groupsOf: () => [] }),
  gatewaySpec: desiredKind("gatewaySpec", {
    label: "spec",
    view: "gatewaySpecs",
    groupsOf: ({ projectId, name }) => [ofProject(projectId), namedInProject(projectId, name)],
  }),
  gatewaySpecRevision: desiredKind("gatewaySpecRevision", {
    label: "revision of a spec",
    view: "gatewaySpecRevisions",
    groupsOf: ({ projectId, specId, files }) => [
      ofProject(projectId),
      ofSpec(specId),
      ...new Set(files.map(({ digest }) => ofBlob(digest))),
    ],
  }),
  gatewayBuild: desiredKind("gatewayBuild", {
    label: "build",
    view: "gatewayBuilds",
    groupsOf: ({ projectId, status }) => [ofProject(projectId), ...(status === "queued" ? [unfinished()] : [])],
  }),
  gatewayArtifact: desiredKind("gatewayArtifact", {
    label: "artifact",
    view: "gatewayArtifacts",
    groupsOf: ({ projectId, digest, contentDigest }) => [
      ofProject(projectId),
      digested(projectId, digest),
      ofBlob(contentDigest),
    ],
  }),
  gatewayTrustedKey: desiredKind("gatewayTrustedKey", {
    label: "trusted key",
    view: "gatewayTrustedKeys",
    groupsOf: ({ projectId, name }) => [ofProject(projectId), namedInProject(projectId, name)],
  }),
  gatewayKey: desiredKind("gatewayKey", {
    label: "gateway key",
    view: "gatewayKeys",
    groupsOf: ({ projectId, name, hash, previous, groupId, revokedAt }) => [
      ofProject(projectId),
      hashed(hash),
      ...(previous === undefined ? [] : [hashed(previous.hash)]),
      ...(revokedAt === undefined ? [namedInProject(projectId, name)] : []),
      ...(groupId === undefined || revokedAt !== undefined ? [] : [ofGatewayGroup(groupId)]),
    ],
  }),
  gatewayGroup: desiredKind("gatewayGroup", {
    label: "group of gateways",
    view: "gatewayGroups",
    groupsOf: ({ projectId, name }) => [ofProject(projectId), namedInProject(projectId, name)],
  }),
  gateway: desiredKind("gateway", {
    label: "gateway",
    view: "gateways",
    groupsOf: ({ projectId, instanceId, groupId }) => [
      ofProject(projectId),
      ofInstance(projectId, instanceId),
      ...(groupId === undefined ? [] : [ofGatewayGroup(groupId)]),
    ],
  }),
  gatewayDeployment: desiredKind("gatewayDeployment", {
    label: "gateway deployment",
    view: "gatewayDeployments",
    groupsOf: ({ projectId, status }) => [
      ofProject(projectId),
      ...(status === "rolling" || status === "halted" ? [unfinished()] : []),
    ],
  }),
};
