/**
 * Commands as they come from outside: JSON of any shape. What passes here has exactly the members of its type; what the members say is for the handlers.
 */
import {
  type Command,
  type CommandType,
  IDENTITY_KINDS,
  type KeyOwner,
  ORG_ROLES,
  type PlatformCommand,
  RESOURCE_KINDS,
  type Subject,
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
  ...IDENTITY_SHAPES,
  ...PLATFORM_SHAPES,
  ...RESOURCE_SHAPES,
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
