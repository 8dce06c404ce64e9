/** ARNs of IAM entities (Service Authorization Reference, "Resource types defined by AWS Identity and Access Management"). Pure. */

/** Kind of entity → what its ARN calls it. */
const ARN_TYPES = {
  user: "user",
  group: "group",
  role: "role",
  managedPolicy: "policy",
  instanceProfile: "instance-profile",
  oidcProvider: "oidc-provider",
} as const;

/** Kinds of IAM entities that have an ARN. */
export type EntityKind = keyof typeof ARN_TYPES;

/** What an entity's ARN is made of. */
export interface EntityPlace {
  readonly kind: EntityKind;
  /** 12 digits; `aws` for policies that AWS manages. */
  readonly accountId: string;
  /** `/` or `/team/`. */
  readonly path: string;
  /** Of an OpenID Connect provider: its URL without the scheme. */
  readonly name: string;
}

const KINDS_BY_TYPE: ReadonlyMap<string, EntityKind> = new Map(
  Object.entries(ARN_TYPES).map(([kind, type]) => [type, kind as EntityKind]),
);

/**
 * The ARN of an entity.
 *
 * @example
 * entityArn({ kind: "managedPolicy", accountId: "123456789012", path: "/team/", name: "read" }); // arn:aws:iam::123456789012:policy/team/read
 */
export function entityArn({ kind, accountId, path, name }: EntityPlace): string {
  return `arn:aws:iam::${accountId}:${ARN_TYPES[kind]}${path}${name}`;
}

/** Takes an ARN apart; undefined when it is not that of an IAM entity. What it names need not exist. */
export function parseEntityArn(arn: string): EntityPlace | undefined {
  const [, accountId, type, rest] = /^arn:aws:iam::(\d{12}|aws):([a-z-]+)\/([\x21-\x7e]+)$/.exec(arn) ?? [];
  const kind = KINDS_BY_TYPE.get(type ?? "");
  if (kind === undefined || accountId === undefined || rest === undefined) return undefined;
  // The name of a provider is a URL, slashes included; it has no path of its own.
  const nameAt = kind === "oidcProvider" ? 0 : rest.lastIndexOf("/") + 1;
  const name = rest.slice(nameAt);
  return name === "" ? undefined : { kind, accountId, path: `/${rest.slice(0, nameAt)}`, name };
}
