/** Service principals: programs of an org, which sign in with a client secret (RFC 6749 §4.4). */
import type { OrgRole, ServicePrincipalRecord, Subject } from "#contracts";
import { type CatalogReader, type CommandHandlers, groups, type NewEvent, refuse } from "#control-plane/events";
import type { PlatformDependencies } from "./dependencies.ts";
import { credentialsEnded } from "./endings.ts";
import { noSuchAccount, noSuchServicePrincipal, servicePrincipalOf } from "./find.ts";
import { programNameProblem } from "./names.ts";
import { grantedScopes, scopesProblem } from "./scopes.ts";

type ServicePrincipalCommands =
  | "servicePrincipal.create"
  | "servicePrincipal.change"
  | "servicePrincipal.rotate"
  | "servicePrincipal.delete";

type Described = Pick<ServicePrincipalRecord, "accountId" | "name" | "role" | "scopes">;

export function createServicePrincipalHandlers({
  secrets,
  now,
  limits,
}: PlatformDependencies): CommandHandlers<ServicePrincipalCommands> {
  return {
    "servicePrincipal.create"({ accountId, name, role, scopes }, views) {
      if (views.account(accountId) === undefined) return noSuchAccount(accountId);
      const problem = programNameProblem(name) ?? roleAndScopesProblem(role, scopes);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (isTaken(views, { accountId, name, role, scopes })) return nameTaken(name);
      const max = limits.servicePrincipalsPerOrg;
      if (views.countInGroup("servicePrincipal", groups.ofAccount(accountId)) >= max) {
        return refuse("LimitExceeded", `An org has at most ${max} service principals`);
      }
      const principalId = secrets.id("bsp_");
      const { text: clientSecret, hash: secretHash } = secrets.secret("bpc_");
      const payload = { principalId, accountId, name, role, scopes, secretHash };
      const created: NewEvent = {
        type: "servicePrincipal.created",
        aggregateId: principalId,
        org: accountId,
        payload,
      };
      return { ok: true, events: [created], result: { principalId, clientSecret } };
    },

    "servicePrincipal.change"({ accountId, principalId, ...given }, views) {
      const principal = servicePrincipalOf(views, accountId, principalId);
      if (principal === undefined) return noSuchServicePrincipal();
      const { name = principal.name, role = principal.role, scopes = principal.scopes } = given;
      const problem = programNameProblem(name) ?? roleAndScopesProblem(role, scopes);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      if (isTaken(views, { accountId, name, role, scopes }, principalId)) return nameTaken(name);
      const changes = {
        ...(name === principal.name ? {} : { name }),
        ...(role === principal.role ? {} : { role }),
        ...(sameScopes(scopes, principal.scopes) ? {} : { scopes }),
      };
      if (Object.keys(changes).length === 0) return { ok: true, events: [], result: {} };
      return { ok: true, events: [changed(principal, changes)], result: {} };
    },

    "servicePrincipal.rotate"({ accountId, principalId }, views) {
      const principal = servicePrincipalOf(views, accountId, principalId);
      if (principal === undefined) return noSuchServicePrincipal();
      const { text: clientSecret, hash: secretHash } = secrets.secret("bpc_");
      const rotated = changed(principal, { secretHash, rotatedAt: now() });
      const ended = credentialsEnded(views, subjectOf(principal), "the client secret was rotated");
      return { ok: true, events: [rotated, ...ended], result: { clientSecret } };
    },

    "servicePrincipal.delete"({ accountId, principalId }, views) {
      const principal = servicePrincipalOf(views, accountId, principalId);
      if (principal === undefined) return noSuchServicePrincipal();
      const ended: NewEvent = {
        type: "servicePrincipal.ended",
        aggregateId: principalId,
        org: accountId,
        payload: { principalId },
      };
      const others = credentialsEnded(views, subjectOf(principal), "the service principal was deleted");
      return { ok: true, events: [ended, ...others], result: {} };
    },
  };
}

type Changes = Extract<NewEvent, { readonly type: "servicePrincipal.changed" }>["payload"]["changes"];

function changed({ principalId, accountId }: ServicePrincipalRecord, changes: Changes): NewEvent {
  return {
    type: "servicePrincipal.changed",
    aggregateId: principalId,
    org: accountId,
    payload: { principalId, changes },
  };
}

function subjectOf({ principalId }: ServicePrincipalRecord): Subject {
  return { type: "servicePrincipal", principalId };
}

/** A program states what it needs, within its role: a scope beyond it would be a promise that is not kept. */
function roleAndScopesProblem(role: OrgRole, scopes: readonly string[]): string | undefined {
  const problem = scopesProblem(scopes);
  if (problem !== undefined) return problem;
  const granted: ReadonlySet<string> = grantedScopes(role, scopes);
  const beyond = scopes.find((scope) => !granted.has(scope));
  return beyond === undefined ? undefined : `The role ${role} does not have the scope ${beyond}`;
}

function isTaken(views: CatalogReader, { accountId, name }: Described, except?: string): boolean {
  const others = views.inGroup("servicePrincipal", groups.named(accountId, name));
  return others.some((other) => other.principalId !== except);
}

function nameTaken(name: string) {
  return refuse("ServicePrincipalAlreadyExists", `There is a service principal named ${name} already`);
}

function sameScopes(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((scope) => right.includes(scope));
}
