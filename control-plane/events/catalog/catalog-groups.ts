/** The names of groups by which records are found besides their key. Pure. */
import type { AccountId, KeyOwner, Region, ResourceKind, RouteRecord, Subject } from "#contracts";

/** Everything of an account. */
export const ofAccount = (accountId: AccountId): string => `account ${accountId}`;

/** A name that is unique in its account without regard to case. */
export const named = (accountId: AccountId, name: string): string => `name ${accountId} ${name.toLowerCase()}`;

/** A name, or an e-mail address, that is unique in the cloud without regard to case. */
export const namedInCloud = (name: string): string => `name ${name.toLowerCase()}`;

export const aliased = (alias: string): string => `alias ${alias}`;

/** Access keys. */
export const ofOwner = (accountId: AccountId, owner: KeyOwner): string =>
  owner.type === "root" ? `owner ${accountId}` : `owner ${accountId} ${owner.userName}`;

/** IAM entities whose section refers to something: to a managed policy by ARN, to a group or a role by id. */
export const referringTo = (section: string, target: string): string => `${section} ${target}`;

/** Regional resources. */
export const inRegion = (kind: ResourceKind, accountId: AccountId, region: Region): string =>
  `${kind} ${accountId} ${region}`;

/** Memberships of a person. */
export const ofPerson = (personId: string): string => `person ${personId}`;

/** Tokens and sessions. */
export const ofSubject = (subject: Subject): string =>
  subject.type === "person" ? `person ${subject.personId}` : `program ${subject.principalId}`;

/** What is found by the hash of its secret. */
export const hashed = (hash: string): string => `hash ${hash}`;

/** Of what belongs to a project. */
export const ofProject = (projectId: string): string => `project ${projectId}`;

/** Environments, releases and deploys of an app. */
export const ofApp = (appId: string): string => `app ${appId}`;

/** A name that is unique in its project without regard to case. */
export const namedInProject = (projectId: string, name: string): string => `name ${projectId} ${name.toLowerCase()}`;

/** Artifacts by what they say that they are. */
export const digested = (projectId: string, digest: string): string => `digest ${projectId} ${digest}`;

/** Whatever names a blob. */
export const ofBlob = (digest: string): string => `blob ${digest}`;

/** Gateways by their own names for themselves. */
export const ofInstance = (projectId: string, instanceId: string): string => `instance ${projectId} ${instanceId}`;

/** Gateways and keys of a group. */
export const ofGatewayGroup = (groupId: string): string => `group ${groupId}`;

/** Revisions of a spec. */
export const ofSpec = (specId: string): string => `spec ${specId}`;

/** Builds without an outcome, and rollouts that are under way. */
export const unfinished = (): string => "unfinished";

/** Deploys that use a release. */
export const ofRelease = (releaseId: string): string => `release ${releaseId}`;

/** Everything of an environment. */
export const inEnv = (envId: string): string => `env ${envId}`;

/** Instances and attachments of one process type. */
export const ofProcess = (envId: string, processType: string): string => `process ${envId} ${processType}`;

/** Deploys that are under way. */
export const ofDeploying = (): string => "deploying";

/** Attachments, snapshots and restores of a volume. */
export const ofVolume = (volumeId: string): string => `volume ${volumeId}`;

/** Instances, volumes, and snapshots that are under way. */
export const onNode = (nodeId: string): string => `node ${nodeId}`;

/** Routes that want the same traffic. */
export const routed = (route: Pick<RouteRecord, "protocol" | "hostname" | "path" | "listenPort">): string =>
  route.protocol === "tcp_raw" ? `port ${route.listenPort}` : `host ${route.hostname}`;
