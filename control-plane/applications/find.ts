/** Finds what belongs to an org, by id or by name. What is another's is not there. Pure. */
import type {
  AccountId,
  AppRecord,
  DesiredKind,
  DesiredRecords,
  EnvRecord,
  ManifestProcess,
  ReleaseRecord,
  VolumeAttachmentRecord,
} from "#contracts";
import { type CatalogReader, groups, type Refusal, refuse } from "#control-plane/events";
import { type ProcessSpec, processSpec } from "#foundation/manifest";

/** Kinds whose records belong to an org. */
type OwnedKind = Exclude<DesiredKind, "node" | "drill">;

/** A record by its id, of this org only. */
export function owned<Kind extends OwnedKind>(
  views: CatalogReader,
  kind: Kind,
  accountId: AccountId,
  id: string,
): DesiredRecords[Kind] | undefined {
  const record = views.record(kind, id) as DesiredRecords[Kind] | undefined;
  return record?.accountId === accountId ? record : undefined;
}

export function appOf(views: CatalogReader, accountId: AccountId, idOrName: string): AppRecord | undefined {
  return owned(views, "app", accountId, idOrName) ?? views.inGroup("app", groups.named(accountId, idOrName))[0];
}

export function envOf(views: CatalogReader, app: AppRecord, idOrName: string): EnvRecord | undefined {
  const byId = owned(views, "env", app.accountId, idOrName);
  if (byId !== undefined) return byId.appId === app.appId ? byId : undefined;
  return views.inGroup("env", groups.ofApp(app.appId)).find(({ name }) => name === idOrName);
}

export const releasesOf = (views: CatalogReader, appId: string): readonly ReleaseRecord[] =>
  [...views.inGroup("release", groups.ofApp(appId))].sort((left, right) => right.number - left.number);

/** A process of a release's manifest; undefined where it has none of that name. */
export function processOf({ manifest }: ReleaseRecord, processType: string): ManifestProcess | undefined {
  return Object.hasOwn(manifest.processes, processType) ? manifest.processes[processType] : undefined;
}

/** How many instances of a process type there shall be: what was said, or else what the release's manifest says. */
export function desiredCount(env: EnvRecord, release: ReleaseRecord, processType: string): number {
  if (Object.hasOwn(env.scale, processType)) return env.scale[processType]!;
  return processOf(release, processType)?.scaling.min ?? 0;
}

export const attachmentsOf = (
  views: CatalogReader,
  envId: string,
  processType: string,
): readonly VolumeAttachmentRecord[] => views.inGroup("volumeAttachment", groups.ofProcess(envId, processType));

const specs = new WeakMap<ReleaseRecord, Map<string, ProcessSpec>>();

/** What a process type of a release is; worked out once for each record, which never changes. @throws Error when there is no such process type */
export function specOf(release: ReleaseRecord, processType: string): ProcessSpec {
  let known = specs.get(release);
  if (known === undefined) {
    known = new Map();
    specs.set(release, known);
  }
  let spec = known.get(processType);
  if (spec === undefined) {
    spec = processSpec(release.manifest, processType);
    known.set(processType, spec);
  }
  return spec;
}

/** What each instance of a process type costs. */
export function costOf(release: ReleaseRecord, processType: string) {
  const { memoryBytes, cpu } = specOf(release, processType);
  return { memoryBytes, cpuMillis: Math.ceil(cpu * 1000) };
}

/** Ports that processes of a type declare, in any release that could run now: those desired, or else the latest. */
export function declaredPorts(
  views: CatalogReader,
  env: EnvRecord,
  processType: string,
): readonly number[] | undefined {
  const desired = Object.hasOwn(env.desired, processType) ? env.desired[processType] : undefined;
  const release = desired === undefined ? releasesOf(views, env.appId)[0] : views.record("release", desired.releaseId);
  return release === undefined ? undefined : processOf(release, processType)?.ports.map(({ internal }) => internal);
}

export const noSuch = (what: string): Refusal => refuse("NoSuchResource", `There is no such ${what}`);

/** The refusal when the caller has seen another version of a record. */
export function versionProblem(
  record: { readonly revision: number },
  { expectedVersion }: { readonly expectedVersion?: number },
): Refusal | undefined {
  if (expectedVersion === undefined || expectedVersion === record.revision) return undefined;
  return refuse(
    "RevisionMismatch",
    `expected_version is ${expectedVersion}, and the current version is ${record.revision}: look at it again`,
    { current_version: record.revision },
  );
}
