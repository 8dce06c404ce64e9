/** API tokens: bearer tokens that live until they expire or are revoked. */
import type { AccountId, Subject } from "#contracts";
import { type CatalogReader, type CommandHandlers, type NewEvent, refuse } from "#control-plane/events";
import type { PlatformDependencies } from "./dependencies.ts";
import { tokenEnded, tokensOf } from "./endings.ts";
import { noSuchAccount, orgOfSubject, servicePrincipalOf } from "./find.ts";
import { TOKEN_LIFETIME_MS_MAX, TOKEN_LIFETIME_MS_MIN } from "./limits.ts";
import { tokenNameProblem } from "./names.ts";
import { scopesProblem } from "./scopes.ts";

type TokenCommands = "apiToken.create" | "apiToken.revoke";

export function createTokenHandlers({ secrets, now, limits }: PlatformDependencies): CommandHandlers<TokenCommands> {
  return {
    "apiToken.create"({ subject, name, scopes, accountId, lifetimeMs }, views) {
      const problem = tokenNameProblem(name) ?? scopesProblem(scopes) ?? lifetimeProblem(lifetimeMs);
      if (problem !== undefined) return refuse("ValidationFailed", problem);
      const owner = orgOfSubject(views, subject);
      if ("ok" in owner) return owner;
      if (accountId !== undefined && !belongsTo(views, subject, accountId)) return noSuchAccount(accountId);
      const ended: NewEvent[] = [];
      let living = 0;
      for (const token of tokensOf(views, subject)) {
        if (token.expiresAt !== undefined && token.expiresAt <= now()) {
          ended.push(tokenEnded(views, token, "expired"));
        } else living++;
      }
      const max = limits.apiTokensPerSubject;
      if (living >= max) return refuse("LimitExceeded", `There can be at most ${max} tokens; revoke one first`);
      const tokenId = secrets.id("tok_");
      const { text: token, hash } = secrets.secret("bpt_");
      const payload = {
        tokenId,
        subject,
        name,
        scopes,
        ...(accountId === undefined ? {} : { accountId }),
        hash,
        ...(lifetimeMs === undefined ? {} : { expiresAt: now() + lifetimeMs }),
      };
      const created: NewEvent = { type: "apiToken.created", aggregateId: tokenId, org: owner.org, payload };
      return { ok: true, events: [...ended, created], result: { tokenId, token } };
    },

    "apiToken.revoke"({ tokenId }, views) {
      const token = views.record("apiToken", tokenId);
      if (token === undefined) return refuse("NoSuchToken", "There is no such token");
      return { ok: true, events: [tokenEnded(views, token, "revoked")], result: {} };
    },
  };
}

function belongsTo(views: CatalogReader, subject: Subject, accountId: AccountId): boolean {
  if (subject.type === "person") return views.member(accountId, subject.personId) !== undefined;
  return servicePrincipalOf(views, accountId, subject.principalId) !== undefined;
}

function lifetimeProblem(lifetimeMs: number | undefined): string | undefined {
  if (lifetimeMs === undefined) return undefined;
  if (lifetimeMs >= TOKEN_LIFETIME_MS_MIN && lifetimeMs <= TOKEN_LIFETIME_MS_MAX) return undefined;
  return `lifetimeMs must lie between ${TOKEN_LIFETIME_MS_MIN} (a minute) and ${TOKEN_LIFETIME_MS_MAX} (ten years)`;
}
