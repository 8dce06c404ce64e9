/**
 * Commands as they come from outside: JSON of any shape. What passes here has exactly the members of its type; what the members say is for the handlers.
 */
import {
  type ApplicationCommand,
  type Command,
  type CommandType,
  EXEC_END_REASONS,
  type GatewayCommand,
  IDENTITY_KINDS,
  INSTANCE_REASONS,
  INSTANCE_STATUSES,
  type KeyOwner,
  type NodeCommand,
  ORG_ROLES,
  type PlatformCommand,
  RESOURCE_KINDS,
  ROUTE_PROTOCOLS,
  type Subject,
  type VolumeCommand,
} from "#contracts";

/** Longest text of any member: a policy document (IAM: 131,072 characters). */
const TEXT_MAX = 131_072;

/** Longest JSON of a bucket's sections all together: 19 sections of 128 KiB, see `SECTION_BYTES_MAX` of resources. */
const JSON_CHARACTERS_MAX = 19 * 128 * 1024;

/** S3's structures nest 7 deep at most; a hostile one must not exhaust the stack. */
const JSON_DEPTH_MAX = 32;

/** Longest list of texts: scopes. */
const LIST_MAX = 100;

/** Takes a member; throws `Misshapen` when it is not what it must be. */
type Member = (value: unknown, name: string) => unknown;

class Misshapen extends Error {}

const text: Member = (value, name) => {
  if (typeof value !== "string") throw new Misshapen(`${name} must be text`);
  if (value.length > TEXT_MAX) throw new Misshapen(`${name} is longer than ${TEXT_MAX} characters`);
  if (!value.isWellFormed()) throw new Misshapen(`${name} is not well-formed Unicode`);
  return value;
};

/** Longest file of secrets: 256 KiB, as text of twice that when base64 is counted in. */
const LONG_TEXT_MAX = 512 * 1024;

const longText: Member = (value, name) => {
  if (typeof value !== "string") throw new Misshapen(`${name} must be text`);
  if (value.length > LONG_TEXT_MAX) throw new Misshapen(`${name} is longer than ${LONG_TEXT_MAX} characters`);
  if (!value.isWellFormed()) throw new Misshapen(`${name} is not well-formed Unicode`);
  return value;
};

const optional =
  (member: Member): Member =>
  (value, name) =>
    value === undefined ? undefined : member(value, name);

const nullable =
  (member: Member): Member =>
  (value, name) =>
    value === null ? null : member(value, name);

const flag: Member = (value, name) => {
  if (typeof value !== "boolean") throw new Misshapen(`${name} must be true or false`);
  return value;
};

const oneOf =
  (...choices: readonly string[]): Member =>
  (value, name) => {
    if (typeof value === "string" && choices.includes(value)) return value;
    throw new Misshapen(`${name} must be one of ${choices.join(", ")}`);
  };

const owner: Member = (value, name): KeyOwner => {
  const { type, userName } = membersOf(value, name);
  if (type === "root") return { type };
  if (type === "user") return { type, userName: text(userName, `${name}.userName`) as string };
  throw new Misshapen(`${name}.type must be root or user`);
};

const subject: Member = (value, name): Subject => {
  const { type, personId, principalId } = membersOf(value, name);
  if (type === "person") return { type, personId: text(personId, `${name}.personId`) as string };
  if (type === "servicePrincipal") return { type, principalId: text(principalId, `${name}.principalId`) as string };
  throw new Misshapen(`${name}.type must be person or servicePrincipal`);
};

const texts: Member = (value, name) => {
  if (!Array.isArray(value) || value.length > LIST_MAX) {
    throw new Misshapen(`${name} must be a list of ${LIST_MAX} texts at most`);
  }
  return value.map((element, index) => text(element, `${name}[${index}]`));
};

const members =
  (shape: Readonly<Record<string, Member>>): Member =>
  (value, name) => {
    const given = membersOf(value, name);
    return Object.fromEntries(Object.entries(shape).map(([key, take]) => [key, take(given[key], `${name}.${key}`)]));
  };

/** Any JSON, as a copy: the log holds JSON, so what is folded now must be what is read back later (dates as text, nothing undefined). */
const json: Member = (value, name) => {
  refuseDeep(value, name, JSON_DEPTH_MAX);
  let encoded: string | undefined;
  try {
    encoded = JSON.stringify(value);
  } catch {
    throw new Misshapen(`${name} is not JSON`);
  }
  if (encoded === undefined) throw new Misshapen(`${name} must be given; null removes it`);
  if (encoded.length > JSON_CHARACTERS_MAX) throw new Misshapen(`${name} is too large`);
  return JSON.parse(encoded);
};

const jsonMembers: Member = (value, name) => json(membersOf(value, name), name);

const revision: Member = (value, name) => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 1) return value;
  throw new Misshapen(`${name} must be a whole number from 1 up`);
};

/** A whole number from 0 up: sizes in bytes, counts, ports. */
const count: Member = (value, name) => {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Misshapen(`${name} must be a whole number from 0 up`);
};

const number: Member = (value, name) => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw new Misshapen(`${name} must be a number`);
};

/** Most entries of a mapping: process types, secrets, labels. */
const ENTRIES_MAX = 256;

/** Names to values of one form. */
const mapping =
  (take: Member): Member =>
  (value, name) => {
    const entries = Object.entries(membersOf(value, name));
    if (entries.length > ENTRIES_MAX) throw new Misshapen(`${name} must have ${ENTRIES_MAX} entries at most`);
    // Without a prototype, so that no name is special.
    const taken: Record<string, unknown> = Object.create(null);
    for (const [key, entry] of entries) taken[text(key, `a name in ${name}`) as string] = take(entry, `${name}.${key}`);
    return { ...taken };
  };

const list =
  (take: Member, most: number): Member =>
  (value, name) => {
    if (!Array.isArray(value) || value.length > most) throw new Misshapen(`${name} must be a list of ${most} at most`);
    return value.map((element, index) => take(element, `${name}[${index}]`));
  };

const PLACE = { accountId: text, region: text, name: text };

type Shape = Readonly<Record<string, Member>>;

/** The shapes of a family of commands, by the type of each: `queue.create` … */
function shapesOf<Kind extends string, Verb extends string>(
  kinds: readonly Kind[],
  shapes: Readonly<Record<Verb, Shape>>,
): { readonly [Type in `${Kind}.${Verb}`]: Shape } {
  const entries = kinds.flatMap((kind) => Object.entries(shapes).map(([verb, shape]) => [`${kind}.${verb}`, shape]));
  return Object.fromEntries(entries) as { readonly [Type in `${Kind}.${Verb}`]: Shape };
}

const RESOURCE_SHAPES = shapesOf(RESOURCE_KINDS, {
  create: { ...PLACE, sections: jsonMembers },
  configure: { resourceId: text, ...PLACE, sections: jsonMembers, ifRevision: optional(revision) },
  delete: { resourceId: text, ...PLACE },
});

const ENTITY = { accountId: text, entityId: text };
const IDENTITY_SHAPES = shapesOf(IDENTITY_KINDS, {
  create: { accountId: text, name: text, path: optional(text), sections: jsonMembers },
  configure: { ...ENTITY, sections: jsonMembers, ifRevision: optional(revision) },
  rename: { ...ENTITY, name: optional(text), path: optional(text) },
  delete: ENTITY,
});

const role = oneOf(...ORG_ROLES);
const PLATFORM_SHAPES: { readonly [Type in PlatformCommand["type"]]: Shape } = {
  "invitation.create": { accountId: text, email: text, role },
  "invitation.revoke": { accountId: text, invitationId: text },
  "invitation.accept": {
    invitationId: text,
    newPerson: optional(members({ name: text, passwordHash: text })),
    personId: optional(text),
  },
  "person.change": { personId: text, name: optional(text), passwordHash: optional(text), revokeTokens: optional(flag) },
  "member.change": { accountId: text, personId: text, role: optional(role), revokeSessions: optional(flag) },
  "member.remove": { accountId: text, personId: text },
  "servicePrincipal.create": { accountId: text, name: text, role, scopes: texts },
  "servicePrincipal.change": {
    accountId: text,
    principalId: text,
    name: optional(text),
    role: optional(role),
    scopes: optional(texts),
  },
  "servicePrincipal.rotate": { accountId: text, principalId: text },
  "servicePrincipal.delete": { accountId: text, principalId: text },
  "apiToken.create": {
    subject,
    name: text,
    scopes: texts,
    accountId: optional(text),
    lifetimeMs: optional(revision),
  },
  "apiToken.revoke": { tokenId: text },
  "session.open": { subject, clientName: text, scopes: texts, withRefreshToken: flag },
  "session.refresh": { sessionId: text, presentedHash: text },
  "session.end": { sessionId: text },
};

const OWNED = { accountId: text };
const EXPECTED = { expectedVersion: optional(revision) };
const IN_ENV = { ...OWNED, envId: text };
const APPLICATION_SHAPES: { readonly [Type in ApplicationCommand["type"]]: Shape } = {
  "project.create": { ...OWNED, name: text },
  "project.update": { ...OWNED, projectId: text, name: optional(text), ...EXPECTED },
  "project.delete": { ...OWNED, projectId: text, ...EXPECTED },
  "app.create": { ...OWNED, name: text, description: optional(text), projectId: optional(text) },
  "app.update": {
    ...OWNED,
    appId: text,
    name: optional(text),
    description: optional(nullable(text)),
    projectId: optional(nullable(text)),
    ...EXPECTED,
  },
  "app.delete": { ...OWNED, appId: text, ...EXPECTED },
  "env.create": { ...OWNED, appId: text, name: text },
  "env.update": { ...IN_ENV, name: optional(text), ...EXPECTED },
  "env.delete": { ...IN_ENV, ...EXPECTED },
  "env.scale": { ...IN_ENV, scale: mapping(count), ...EXPECTED },
  "env.restart": { ...IN_ENV, processTypes: optional(texts) },
  "env.confirmNoSecrets": IN_ENV,
  "release.create": {
    ...OWNED,
    appId: text,
    artifact: members({
      source: oneOf("directory", "image"),
      digest: text,
      resolvedDigests: optional(list(members({ os: text, architecture: text, digest: text }), 64)),
      reference: optional(text),
      sizeBytes: count,
    }),
    manifest: json,
    message: optional(text),
  },
  "deploy.create": {
    ...IN_ENV,
    deployKind: oneOf("deploy", "rollback"),
    releaseId: text,
    processTypes: optional(texts),
  },
  "route.create": {
    ...IN_ENV,
    protocol: oneOf(...ROUTE_PROTOCOLS),
    hostname: optional(text),
    path: optional(text),
    listenPort: optional(count),
    processType: text,
    port: count,
    proxyProtocol: optional(oneOf("off", "v2")),
    backendExpectsProxyProtocol: optional(flag),
  },
  "route.update": {
    ...OWNED,
    routeId: text,
    processType: optional(text),
    port: optional(count),
    proxyProtocol: optional(oneOf("off", "v2")),
    backendExpectsProxyProtocol: optional(flag),
    ...EXPECTED,
  },
  "route.delete": { ...OWNED, routeId: text, ...EXPECTED },
  "secrets.set": { ...IN_ENV, data: longText, ...EXPECTED },
  "secrets.patch": { ...IN_ENV, values: mapping(nullable(text)), ...EXPECTED },
  "quota.set": { ...OWNED, limits: mapping(nullable(count)) },
};

const allocatable = members({ memoryBytes: count, cpuCores: number, diskBytes: count });
const isolation = list(oneOf("process", "container", "microvm"), 3);
const NODE = { nodeId: text };
const NODE_SHAPES: { readonly [Type in NodeCommand["type"]]: Shape } = {
  "node.enroll": {
    ...NODE,
    name: text,
    keyHash: text,
    labels: mapping(text),
    allocatable,
    isolation,
    version: text,
    architecture: text,
  },
  "node.setIntent": { ...NODE, intent: oneOf("active", "draining", "disabled"), ...EXPECTED },
  "node.observe": { ...NODE, health: oneOf("online", "degraded", "offline"), reason: optional(text) },
  "node.remove": NODE,
  "instance.report": {
    ...NODE,
    instanceId: text,
    status: oneOf(...INSTANCE_STATUSES.filter((status) => status !== "pending")),
    address: optional(members({ host: text, ports: mapping(count) })),
    reason: optional(oneOf(...INSTANCE_REASONS)),
    detail: optional(text),
    exitCode: optional(number),
    restarts: count,
  },
  "instance.restart": { ...OWNED, instanceId: text },
  "execSession.grant": { ...IN_ENV, instanceId: text, command: texts, tty: flag },
  "execSession.connect": { execSessionId: text },
  "execSession.end": {
    execSessionId: text,
    exitCode: optional(number),
    endReason: oneOf(...EXEC_END_REASONS),
  },
  "drill.record": { backup: text, passed: flag, detail: text, events: count },
};

const VOLUME_SHAPES: { readonly [Type in VolumeCommand["type"]]: Shape } = {
  "volume.create": {
    ...OWNED,
    name: text,
    sizeBytes: count,
    backupEnabled: optional(flag),
    nodeId: optional(text),
  },
  "volume.delete": { ...OWNED, volumeId: text, ...EXPECTED },
  "volumeAttachment.create": {
    ...IN_ENV,
    volumeId: text,
    processType: text,
    mountPath: text,
    readOnly: optional(flag),
  },
  "volumeAttachment.delete": { ...OWNED, attachmentId: text },
  "snapshot.create": { ...OWNED, volumeId: text, note: optional(text) },
  "snapshot.delete": { ...OWNED, snapshotId: text },
  "restoreJob.create": { ...OWNED, snapshotId: text, newVolumeName: optional(text), nodeId: optional(text) },
  "volume.report": {
    ...NODE,
    volumeId: text,
    state: oneOf("available", "deleted", "error"),
    failedReason: optional(text),
  },
  "snapshot.report": {
    ...NODE,
    snapshotId: text,
    status: oneOf("running", "succeeded", "failed"),
    consistency: optional(oneOf("crash", "quiesced")),
    sizeBytes: optional(count),
    plaintextSha256: optional(text),
    chunks: optional(count),
    objectKey: optional(text),
    failedReason: optional(text),
  },
  "restoreJob.report": {
    ...NODE,
    restoreId: text,
    status: oneOf("running", "succeeded", "failed"),
    failedReason: optional(text),
  },
};

const IN_PROJECT = { ...OWNED, projectId: text };
const specContents = {
  files: list(members({ path: text, digest: text, sizeBytes: count }), 1_000),
  descriptions: list(text, 1_000),
  message: optional(text),
};
const diagnostics = list(
  members({
    code: text,
    level: oneOf("error", "warning", "note"),
    message: text,
    file: text,
    line: count,
    column: count,
    pointer: text,
    hint: optional(text),
  }),
  1_000,
);
const withoutUndefined =
  (take: Member): Member =>
  (value, name) =>
    Object.fromEntries(Object.entries(take(value, name) as object).filter(([, member]) => member !== undefined));
const strategy = withoutUndefined(
  members({
    stages: list(
      withoutUndefined(members({ percent: optional(number), groups: optional(texts), bakeSeconds: count })),
      100,
    ),
    errorRateMax: optional(number),
    requestsMin: optional(count),
    automaticRollback: flag,
  }),
);
const refusal = members({
  generation: count,
  digest: text,
  stage: oneOf("download", "verify", "apply"),
  reason: text,
  at_ms: number,
});
const DEPLOYMENT = { ...OWNED, deploymentId: text };
const GATEWAY_SHAPES: { readonly [Type in GatewayCommand["type"]]: Shape } = {
  "gatewaySpec.create": { ...IN_PROJECT, name: text, ...specContents },
  "gatewaySpec.revise": { ...OWNED, specId: text, ...specContents, ...EXPECTED },
  "gatewaySpec.delete": { ...OWNED, specId: text, ...EXPECTED },
  "gatewayBuild.request": {
    ...IN_PROJECT,
    revisions: texts,
    options: withoutUndefined(
      members({
        upstream: optional(text),
        allowPlaintext: optional(flag),
        commit: optional(text),
        source: optional(text),
      }),
    ),
  },
  "gatewayBuild.succeed": {
    buildId: text,
    artifact: members({ digest: text, contentDigest: text, sizeBytes: count, compiler: text, operations: count }),
    diagnostics,
    warnings: count,
  },
  "gatewayBuild.fail": { buildId: text, diagnostics, errors: count, warnings: count, message: optional(text) },
  "gatewayArtifact.upload": {
    ...IN_PROJECT,
    artifact: withoutUndefined(
      members({
        digest: text,
        contentDigest: text,
        sizeBytes: count,
        compiler: text,
        operations: count,
        commit: optional(text),
        source: optional(text),
      }),
    ),
    signatures: list(members({ keyId: text, verified: flag }), 100),
    uploadedBy: text,
  },
  "gatewayArtifact.delete": { ...OWNED, artifactId: text },
  "gatewayTrustedKey.put": { ...IN_PROJECT, name: text, publicKey: text },
  "gatewayTrustedKey.delete": { ...OWNED, trustedKeyId: text },
  "gatewayKey.create": {
    ...IN_PROJECT,
    name: text,
    scopes: optional(texts),
    groupId: optional(text),
    lifetimeMs: optional(revision),
  },
  "gatewayKey.rotate": { ...OWNED, keyId: text, graceSeconds: count },
  "gatewayKey.revoke": { ...OWNED, keyId: text },
  "gatewayGroup.create": { ...IN_PROJECT, name: text },
  "gatewayGroup.update": { ...OWNED, groupId: text, name: text, ...EXPECTED },
  "gatewayGroup.delete": { ...OWNED, groupId: text },
  "gateway.register": {
    projectId: text,
    keyId: text,
    instanceId: text,
    name: optional(text),
    metadata: members({ version: text, hostname: text }),
  },
  "gateway.report": {
    gatewayId: text,
    served: nullable(withoutUndefined(members({ digest: text, generation: optional(count) }))),
    refusal: nullable(refusal),
  },
  "gateway.update": { ...OWNED, gatewayId: text, groupId: nullable(text), ...EXPECTED },
  "gateway.remove": { ...OWNED, gatewayId: text },
  "gatewayDeployment.start": {
    ...IN_PROJECT,
    artifactId: text,
    strategy: optional(strategy),
    reach: optional(count),
  },
  "gatewayDeployment.rollback": {
    ...IN_PROJECT,
    artifactId: optional(text),
    deploymentId: optional(text),
    reason: optional(text),
  },
  "gatewayDeployment.advance": { ...DEPLOYMENT, stage: count, reach: optional(count) },
  "gatewayDeployment.halt": { ...DEPLOYMENT, reason: optional(text) },
  "gatewayDeployment.resume": DEPLOYMENT,
  "gatewayDeployment.complete": DEPLOYMENT,
};

const SHAPES: { readonly [Type in CommandType]: Shape } = {
  "account.create": { name: text, accountId: optional(text), ownerPersonId: optional(text) },
  "account.configure": { accountId: text, name: optional(text), alias: optional(nullable(text)) },
  "accessKey.create": { accountId: text, owner },
  "accessKey.update": { accountId: text, accessKeyId: text, status: oneOf("Active", "Inactive") },
  "accessKey.delete": { accountId: text, accessKeyId: text },
  "bucket.create": { accountId: text, name: text, region: text, objectLockEnabled: flag, sections: jsonMembers },
  "bucket.delete": { bucketId: text, name: text },
  "bucket.configure": { bucketId: text, name: text, section: text, value: json },
  "dataPlane.enroll": { dataPlaneId: text, name: text },
  "dataPlane.forget": { dataPlaneId: text },
  ...APPLICATION_SHAPES,
  ...GATEWAY_SHAPES,
  ...IDENTITY_SHAPES,
  ...NODE_SHAPES,
  ...PLATFORM_SHAPES,
  ...RESOURCE_SHAPES,
  ...VOLUME_SHAPES,
};

/** What `parseCommand` found. */
export type ParsedCommand =
  | { readonly ok: true; readonly command: Command }
  | { readonly ok: false; readonly problem: string };

/** Takes a command apart and puts it together again from the members its type has; others are dropped. */
export function parseCommand(value: unknown): ParsedCommand {
  try {
    const members = membersOf(value, "the command");
    const type = members.type;
    if (typeof type !== "string" || !Object.hasOwn(SHAPES, type)) {
      throw new Misshapen("type must be the type of a command");
    }
    const command: Record<string, unknown> = { type };
    for (const [name, member] of Object.entries(SHAPES[type as CommandType])) {
      const taken = member(members[name], name);
      if (taken !== undefined) command[name] = taken;
    }
    // Each member was checked against the shape of this very type.
    return { ok: true, command: command as Command };
  } catch (error) {
    if (error instanceof Misshapen) return { ok: false, problem: error.message };
    throw error;
  }
}

function membersOf(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Misshapen(`${name} must be a structure`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** Stops at the first branch that is too deep, so that a value that contains itself is no trap. */
function refuseDeep(value: unknown, name: string, levels: number): void {
  if (typeof value !== "object" || value === null) return;
  if (levels === 0) throw new Misshapen(`${name} nests deeper than ${JSON_DEPTH_MAX}`);
  for (const member of Object.values(value)) refuseDeep(member, name, levels - 1);
}
