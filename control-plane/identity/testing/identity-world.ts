/** Two accounts, the handlers of identity, and short ways to command them. */
import type { AccountId, IdentityCommand, IdentityKind, IdentityPatch } from "#contracts";
import type { Decision } from "#control-plane/events";
import { ACCOUNT, createDecidingViews, OCCURRED_AT } from "#control-plane/events/testing";
import { managedPolicy } from "#foundation/managed-policies";
import { parsePolicy, requireVersion } from "#foundation/policy";
import type { IdentityDependencies } from "../dependencies.ts";
import { createIdentityHandlers } from "../index.ts";
import { IDENTITY_LIMITS, type IdentityLimits } from "../limits.ts";

export const OTHER = "999988887777" as AccountId;
export const AWS_MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess";
export const SERVICE_LINKED = "arn:aws:iam::aws:policy/aws-service-role/AWSApplicationAutoscalingDynamoDBTablePolicy";

export function document(statement: object = {}): string {
  const allow = { Effect: "Allow", Action: "s3:*", Resource: "*" };
  return JSON.stringify({ Version: "2012-10-17", Statement: [{ ...allow, ...statement }] });
}

export const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "sts:AssumeRole", Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }],
});

/** A sound document of so many characters, white space not counted. */
export function documentOfSize(characters: number, spaces = 0): string {
  const sized = (filler: string): string => document({ Sid: filler });
  return sized("x".repeat(characters - sized("").length)) + " ".repeat(spaces);
}

/** What an entity of each kind is made with at least. */
export const LEAST: { readonly [Kind in IdentityKind]: Readonly<Record<string, unknown>> } = {
  user: {},
  group: {},
  role: { trustPolicy: TRUST },
  managedPolicy: { versions: { v1: { document: document() } }, defaultVersion: "v1" },
  instanceProfile: {},
  oidcProvider: { url: "https://thing.example" },
};

/** A name that every kind takes. */
export const NAME = "thing.example";

export function createIdentityWorld(limits: Partial<IdentityLimits> = {}) {
  let drawn = 0;
  const draw = (prefix: string): string => `${prefix}${++drawn}`;
  const dependencies: IdentityDependencies = {
    names: {
      accountId: () => String(100_000_000_000 + ++drawn) as AccountId,
      canonicalUserId: () => "c".repeat(64),
      // Users and roles have ids that policies may name.
      entityId: (kind) => draw(kind === "user" ? "AIDA00000000000" : kind === "role" ? "AROA00000000000" : `${kind}-`),
      accessKeyId: () => draw("AKIA"),
      secretAccessKey: () => draw("secret-"),
    },
    now: () => OCCURRED_AT,
    seal: (text, additionalData) => `sealed(${text},${additionalData})`,
    checkPolicy(text, place) {
      const policy = parsePolicy(text, place === "trust" ? "trust" : "identity");
      if (place === "managed") requireVersion(policy);
    },
    managedPolicy,
    limits: { ...IDENTITY_LIMITS, ...limits },
  };
  const world = createDecidingViews(createIdentityHandlers(dependencies));
  const { views, run } = world;
  run({ type: "account.create", name: "main", accountId: ACCOUNT });
  run({ type: "account.create", name: "other", accountId: OTHER });

  /** Commands come from a network, so tests may say anything. */
  const command = (type: string, members: object, accountId: AccountId = ACCOUNT): Decision<IdentityCommand["type"]> =>
    run({ type, accountId, ...members } as unknown as IdentityCommand);
  const create = (kind: IdentityKind, name: string, sections: object = {}, members: object = {}) => {
    const url = kind === "oidcProvider" ? { url: `https://${name}` } : {};
    return command(`${kind}.create`, { name, sections: { ...LEAST[kind], ...url, ...sections }, ...members });
  };
  return {
    ...world,
    dependencies,
    command,
    create,
    /** Creates what must be possible, and says its id. */
    made(kind: IdentityKind, name: string, sections: object = {}, members: object = {}): string {
      const decision = create(kind, name, sections, members);
      if (!decision.ok) throw new Error(decision.message);
      return (decision.result as { readonly entityId: string }).entityId;
    },
    configure: <Kind extends IdentityKind>(
      kind: Kind,
      entityId: string,
      sections: IdentityPatch<Kind>,
      more: object = {},
    ) => command(`${kind}.configure`, { entityId, sections, ...more }),
    rename: (kind: IdentityKind, entityId: string, to: object) => command(`${kind}.rename`, { entityId, ...to }),
    remove: (kind: IdentityKind, entityId: string) => command(`${kind}.delete`, { entityId }),
    sectionsOf: (kind: IdentityKind, entityId: string) => views.entity(kind, ACCOUNT, entityId)?.sections,
  };
}

export type IdentityWorld = ReturnType<typeof createIdentityWorld>;
