/** People, memberships, programs, tokens, sessions, invitations. */
import {
  type EventEnvelope,
  PLATFORM_KINDS,
  type PlatformEventPayloads,
  type PlatformKind,
  type PlatformRecords,
} from "#contracts";
import { hashed, named, namedInCloud, ofAccount, ofPerson, ofSubject } from "../catalog-groups.ts";
import type { KindDefinition } from "../kind-definition.ts";

type Happened<Kind extends PlatformKind, Verb extends keyof PlatformEventPayloads<PlatformKind>> = {
  readonly payload: PlatformEventPayloads<Kind>[Verb];
} & Pick<EventEnvelope, "occurredAt">;

interface PlatformKindOptions<Kind extends PlatformKind> {
  readonly label: string;
  readonly view: string;
  readonly groupsOf: (record: PlatformRecords[Kind]) => readonly string[];
}

/** A kind whose records are made whole, have some members that change, and end. */
function platformKind<Kind extends PlatformKind>(kind: Kind, options: PlatformKindOptions<Kind>): KindDefinition<Kind> {
  const names: readonly string[] = PLATFORM_KINDS[kind].key;
  const changeable: readonly string[] = PLATFORM_KINDS[kind].changes;
  const key = (members: object): string => {
    const values: Readonly<Record<string, unknown>> = { ...members };
    return names.map((name) => String(values[name])).join("/");
  };
  const definition = {
    ...options,
    kind,
    viewVersion: 1,
    keyOf: key,
    events: {
      [`${kind}.created`]: {
        version: 1,
        key,
        makes: ({ payload, occurredAt }: Happened<Kind, "created">) => ({ kind, ...payload, createdAt: occurredAt }),
      },
      [`${kind}.changed`]: {
        version: 1,
        key,
        changes({ payload }: Happened<Kind, "changed">, record: PlatformRecords[Kind]) {
          const changes = Object.entries(payload.changes).filter(([name]) => changeable.includes(name));
          return { ...record, ...Object.fromEntries(changes) };
        },
      },
      [`${kind}.ended`]: { version: 1, key, ends: () => undefined },
    },
  };
  // The names of the events are built from the kind; the compiler does not follow that.
  return definition as unknown as KindDefinition<Kind>;
}

export const personKind = platformKind("person", {
  label: "person",
  view: "people",
  groupsOf: ({ email }) => [namedInCloud(email)],
});

export const memberKind = platformKind("member", {
  label: "member",
  view: "members",
  groupsOf: ({ accountId, personId }) => [ofAccount(accountId), ofPerson(personId)],
});

export const servicePrincipalKind = platformKind("servicePrincipal", {
  label: "service principal",
  view: "servicePrincipals",
  groupsOf: ({ accountId, name }) => [ofAccount(accountId), named(accountId, name)],
});

export const apiTokenKind = platformKind("apiToken", {
  label: "API token",
  view: "apiTokens",
  groupsOf: ({ subject, hash }) => [ofSubject(subject), hashed(hash)],
});

export const sessionKind = platformKind("session", {
  label: "session",
  view: "sessions",
  groupsOf: ({ subject }) => [ofSubject(subject)],
});

export const invitationKind = platformKind("invitation", {
  label: "invitation",
  view: "invitations",
  groupsOf: ({ accountId, hash }) => [ofAccount(accountId), hashed(hash)],
});
