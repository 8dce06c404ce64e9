/** Random commands about accounts, IAM entities and access keys, made from the records as they are. Few names, so that commands meet. */
import fc from "fast-check";
import { type AccountId, type Command, IDENTITY_KINDS, type IdentityKind, type IdentityRecord } from "#contracts";
import { type CatalogReader, groups } from "#control-plane/events";
import { entityArn } from "#foundation/ids";

/** Makes a command from what there is. */
export type Step = (views: CatalogReader) => Command;

export const ACCOUNTS = ["100000000001", "100000000002"] as AccountId[];
const AWS_MANAGED = "arn:aws:iam::aws:policy/ReadOnlyAccess";

/** Two that exist and, rarely, one that does not. */
export const account = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...ACCOUNTS) },
  { weight: 1, arbitrary: fc.constant("100000000009" as AccountId) },
);

const index = fc.nat(5);
const userName = fc.constantFrom("ada", "Ada", "bob", "__proto__");
const policyName = fc.constantFrom("p", "constructor", "__proto__", "a b");
const document = fc.constantFrom("{}", '{"a":1}', "{ }", "no", 7);
/** Mostly puts. */
const present = fc.oneof(
  { weight: 3, arbitrary: fc.constant(true as const) },
  { weight: 1, arbitrary: fc.constant(null) },
);

export function nth<Item>(items: Iterable<Item>, at: number): Item | undefined {
  const all = [...items];
  return all[at % Math.max(1, all.length)];
}

function policyArn(own: Owned, at: number): string {
  const policy = own("managedPolicy", at);
  return at === 5 || policy === undefined ? AWS_MANAGED : entityArn(policy);
}

/** What names an access key. */
type KeyReference = { readonly accountId: AccountId; readonly accessKeyId: string };

/** One section's change, from what there is in the account. */
type Change = (own: Owned) => Readonly<Record<string, unknown>>;
type Owned = <Kind extends IdentityKind>(kind: Kind, at: number) => IdentityRecord<Kind> | undefined;

/** Entities of the account; each sixth time of any account. */
const ownedBy =
  (views: CatalogReader, accountId: AccountId): Owned =>
  (kind, at) =>
    at === 4 ? nth(views.records(kind), at) : nth(views.inGroup(kind, groups.ofAccount(accountId)), at);

const said = (arbitrary: fc.Arbitrary<Readonly<Record<string, unknown>>>): fc.Arbitrary<Change> =>
  arbitrary.map((change) => () => change);
const single = (section: string, member: fc.Arbitrary<string>, value: fc.Arbitrary<unknown>): fc.Arbitrary<Change> =>
  said(fc.tuple(member, value).map(([name, given]) => ({ [section]: Object.fromEntries([[name, given]]) })));

const inlinePolicies = single("inlinePolicies", policyName, fc.oneof(document, fc.constant(null)));
const tags = single("tags", fc.constantFrom("a", "A", "b", "__proto__"), fc.constantFrom("x", "y", "z", null, 7));
const attachedPolicies = fc.tuple(index, present).map(
  ([at, value]): Change =>
    (own) => ({ attachedPolicies: { [policyArn(own, at)]: value } }),
);
const boundary = fc.tuple(index, present).map(
  ([at, value]): Change =>
    (own) => ({ boundary: value && policyArn(own, at) }),
);
const reference = (section: string, kind: IdentityKind): fc.Arbitrary<Change> =>
  fc.tuple(index, present).map(([at, value]) => (own) => ({
    [section]: { [own(kind, at)?.entityId ?? "none"]: value },
  }));
const sessionsValidFrom = said(fc.constantFrom(0, 1_000, null, 1e15).map((time) => ({ sessionsValidFrom: time })));

const versions: fc.Arbitrary<Change> = fc.oneof(
  // The next one, of some policy or other; often of the one that is meant.
  fc.tuple(index, document, fc.boolean()).map(
    ([at, text, inForce]): Change =>
      (own) => {
        const next = `v${(own("managedPolicy", at)?.sections.lastVersion ?? 0) + 1}`;
        return { versions: { [next]: { document: text } }, ...(inForce ? { defaultVersion: next } : {}) };
      },
  ),
  single("versions", fc.constantFrom("v1", "v2", "v3"), fc.constant(null)),
  said(fc.constantFrom("v1", "v2", "v9", null).map((versionId) => ({ defaultVersion: versionId }))),
);

const CHANGES: Readonly<Record<IdentityKind, fc.Arbitrary<Change>>> = {
  user: fc.oneof(
    { weight: 2, arbitrary: fc.oneof(inlinePolicies, tags, sessionsValidFrom) },
    { weight: 1, arbitrary: attachedPolicies },
    { weight: 1, arbitrary: boundary },
    { weight: 3, arbitrary: reference("groups", "group") },
  ),
  group: fc.oneof(attachedPolicies, fc.oneof(inlinePolicies, tags)),
  role: fc.oneof(
    inlinePolicies,
    attachedPolicies,
    boundary,
    tags,
    sessionsValidFrom,
    said(fc.constantFrom("{}", "no", null).map((trustPolicy) => ({ trustPolicy }))),
    said(fc.constantFrom(3_600, 60, null).map((maxSessionDuration) => ({ maxSessionDuration }))),
  ),
  managedPolicy: fc.oneof({ weight: 4, arbitrary: versions }, { weight: 1, arbitrary: tags }),
  instanceProfile: fc.oneof(reference("roles", "role"), tags),
  oidcProvider: fc.oneof(
    single("clientIds", fc.constantFrom("a", "b", ""), present),
    said(fc.constantFrom([], ["a".repeat(40)], ["x"], null).map((thumbprints) => ({ thumbprints }))),
    tags,
  ),
};

const NAMES: Readonly<Record<IdentityKind, fc.Arbitrary<string>>> = {
  user: userName,
  group: fc.constantFrom("devs", "Devs", "ops", "qa"),
  role: fc.constantFrom("r", "R", "constructor", "s"),
  managedPolicy: fc.constantFrom("read", "READ", "write", "list"),
  instanceProfile: fc.constantFrom("web", "db", "app", "a b"),
  oidcProvider: fc.constantFrom("id.example", "id.example/x", "id.example/y", "?"),
};

/** What an entity is made with at least. */
const LEAST: Readonly<Record<IdentityKind, (name: string) => object>> = {
  user: () => ({}),
  group: () => ({}),
  role: () => ({ trustPolicy: "{}" }),
  managedPolicy: () => ({ versions: { v1: { document: "{}" } }, defaultVersion: "v1" }),
  instanceProfile: () => ({}),
  oidcProvider: (name) => ({ url: `https://${name}` }),
};

const path = fc.constantFrom(undefined, undefined, undefined, "/", "/team/", "/team/", "/a/b/", "team");

/** Which entity a command means: mostly one that there is, seldom as another account. */
const target = fc.record({ at: index, stranger: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, account) });

function stepsOf(kind: IdentityKind): fc.Arbitrary<Step> {
  const changes = fc.array(CHANGES[kind], { maxLength: 2 });
  const merged = (given: readonly Change[], views: CatalogReader, accountId: AccountId) =>
    Object.assign({}, ...given.map((change) => change(ownedBy(views, accountId))));
  const create = fc.tuple(account, NAMES[kind], path, changes).map(
    ([accountId, name, at, given]): Step =>
      (views) => {
        const sections = { ...LEAST[kind](name), ...merged(given, views, accountId) };
        return {
          type: `${kind}.create`,
          accountId,
          name,
          ...(at === undefined ? {} : { path: at }),
          sections,
        } as Command;
      },
  );
  /** A command about an entity, or one that makes the first. */
  const about = <Given>(
    verb: string,
    given: fc.Arbitrary<Given>,
    members: (given: Given, views: CatalogReader, accountId: AccountId) => object,
  ) =>
    fc.tuple(target, given, create).map(
      ([{ at, stranger }, said, otherwise]): Step =>
        (views) => {
          const entity = nth(views.records(kind), at);
          if (entity === undefined) return otherwise(views);
          const { entityId } = entity;
          const accountId = stranger ?? entity.accountId;
          return { type: `${kind}.${verb}`, accountId, entityId, ...members(said, views, entity.accountId) } as Command;
        },
    );
  const revision = fc.constantFrom({}, {}, {}, { ifRevision: 1 });
  return fc.oneof(
    { weight: 3, arbitrary: create },
    {
      weight: 6,
      arbitrary: about("configure", fc.tuple(changes, revision), ([given, ifRevision], views, accountId) => ({
        sections: merged(given, views, accountId),
        ...ifRevision,
      })),
    },
    {
      weight: 2,
      arbitrary: about("rename", fc.tuple(NAMES[kind], path), ([name, to]) =>
        to === undefined ? { name } : { name, path: to },
      ),
    },
    { weight: 2, arbitrary: about("delete", fc.constant({}), (nothing) => nothing) },
  );
}

/** A command about a key, mostly of its own account. */
const aboutKey = <Given>(given: fc.Arbitrary<Given>, make: (key: KeyReference, given: Given) => Command) =>
  fc.tuple(target, given).map(
    ([{ at, stranger }, said]): Step =>
      (views) => {
        const { accountId = ACCOUNTS[0]!, accessKeyId = "AKIANONE" } = nth(views.records("accessKey"), at) ?? {};
        return make({ accountId: stranger ?? accountId, accessKeyId }, said);
      },
  );

const keySteps: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({
      type: fc.constant("accessKey.create" as const),
      accountId: account,
      owner: fc.oneof(
        fc.constant({ type: "root" } as const),
        fc.record({ type: fc.constant("user" as const), userName }),
      ),
    })
    .map(
      (command): Step =>
        () =>
          command,
    ),
  aboutKey(fc.constantFrom("Active" as const, "Inactive" as const), (key, status) => ({
    type: "accessKey.update",
    ...key,
    status,
  })),
  aboutKey(fc.constant({}), (key) => ({ type: "accessKey.delete", ...key })),
);

const accountSteps: fc.Arbitrary<Step> = fc
  .record(
    {
      type: fc.constant("account.configure" as const),
      accountId: account,
      name: fc.constantFrom("one", "ONE", "two"),
      alias: fc.constantFrom("acme", "other", "a--b", null),
    },
    { requiredKeys: ["type", "accountId"] },
  )
  .map(
    (command): Step =>
      () =>
        command,
  );

/** Where references are, more happens. */
const WEIGHTS: Readonly<Record<IdentityKind, number>> = {
  user: 6,
  group: 4,
  role: 4,
  managedPolicy: 4,
  instanceProfile: 3,
  oidcProvider: 1,
};

export const identityStep: fc.Arbitrary<Step> = fc.oneof(
  ...IDENTITY_KINDS.map((kind) => ({ weight: WEIGHTS[kind], arbitrary: stepsOf(kind) })),
  { weight: 4, arbitrary: keySteps },
  { weight: 1, arbitrary: accountSteps },
);
