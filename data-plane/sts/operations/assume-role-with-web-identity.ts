/** AssumeRoleWithWebIdentity: a role for whom an OpenID Connect provider vouches for; the token is the credential. */
import { providerArn } from "#data-plane/principals";
import type { CallContext } from "#data-plane/service";
import { validationError } from "../errors.ts";
import { type Assumption, assumptionOf, questionsOf } from "../rules/assumption.ts";
import { roleOfArn } from "../rules/role.ts";
import type { Definitions, InputOf } from "../service/define.ts";
import type { StsEnvironment } from "../service/environment.ts";
import { issueRoleSession } from "../service/issue-role-session.ts";
import type { ProviderKeys } from "../web-identity/provider-keys.ts";
import { type WebIdentity, webIdentityOf } from "../web-identity/web-identity.ts";

interface Vouched {
  readonly identity: WebIdentity;
  readonly assumption: Assumption;
}

type Input = InputOf<"AssumeRoleWithWebIdentity">;

export const assumeRoleWithWebIdentity = (
  tools: StsEnvironment,
  keys: ProviderKeys,
): Definitions<"AssumeRoleWithWebIdentity"> => {
  /** What was proven of a request's token, between the question and the work. */
  const proven = new WeakMap<Input, Vouched>();

  const prove = async (input: Input, now: number): Promise<Vouched> => {
    if (input.ProviderId !== undefined) {
      throw validationError(`The provider ${input.ProviderId} of OAuth 2.0 access tokens is not supported.`);
    }
    const { catalog } = tools;
    const role = roleOfArn(catalog, input.RoleArn);
    const identity = await webIdentityOf(catalog, keys, role.accountId, input.WebIdentityToken, now);
    const { provider, subject, audience } = identity;
    const arn = providerArn(role.accountId, provider.name);
    const assumption = assumptionOf({
      role,
      action: "sts:AssumeRoleWithWebIdentity",
      sessionName: input.RoleSessionName,
      passedTags: identity.tags,
      passedTransitive: identity.transitiveTags,
      sourceIdentity: identity.sourceIdentity,
      durationSeconds: input.DurationSeconds,
      conditions: identity.conditions,
      asker: { principal: { type: "web-identity", provider: arn }, id: `${arn}:${audience}:${subject}` },
      federated: { provider: provider.name, subject, audience },
    });
    return { identity, assumption };
  };

  return {
    AssumeRoleWithWebIdentity: {
      async access(input, { now }: CallContext) {
        const vouched = await prove(input, now);
        proven.set(input, vouched);
        return questionsOf(vouched.assumption);
      },
      handle(input, { now }) {
        const vouched = proven.get(input);
        if (vouched === undefined) throw new Error("the token of this request was not proven");
        const { provider, subject, audience } = vouched.identity;
        return {
          ...issueRoleSession(tools, vouched.assumption, input, now),
          SubjectFromWebIdentityToken: subject,
          Audience: audience,
          Provider: providerArn(provider.accountId, provider.name),
        };
      },
    },
  };
};
