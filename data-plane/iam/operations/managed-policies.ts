/** Managed policies (IAM API Reference: CreatePolicy, GetPolicy, ListPolicies, DeletePolicy). */
import type { AccountId } from "#contracts";
import { noSuch } from "../errors.ts";
import { briefPolicy, fullPolicy, type PolicyUses } from "../rules/policy-answers.ts";
import { tagsOf } from "../rules/tags.ts";
import { countBearers, sortKeyOf } from "../service/attachments.ts";
import { accountOf, type Definitions, type InputOf } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import type { CatalogOnly } from "../service/find.ts";
import { create, remove } from "../service/life-cycle.ts";
import { byKey, pageOf } from "../service/paging.ts";
import {
  awsPolicyViews,
  expectOwnPolicy,
  expectPolicy,
  type PolicyView,
  viewOfRecord,
} from "../service/policy-view.ts";
import { createQuestions, listQuestion, policyQuestion } from "../service/questions.ts";

type Names = "CreatePolicy" | "GetPolicy" | "ListPolicies" | "DeletePolicy";

const KIND = "managedPolicy";

export const usesOf = (tools: CatalogOnly, accountId: AccountId, { arn }: PolicyView): PolicyUses => ({
  attached: countBearers(tools, accountId, arn, "attachedPolicies"),
  asBoundary: countBearers(tools, accountId, arn, "boundary"),
});

export function managedPolicyOperations(tools: IamEnvironment): Definitions<Names> {
  return {
    CreatePolicy: {
      access: ({ PolicyName: name, Path: path, Tags = [] }, context) =>
        createQuestions("Policy", context, { kind: KIND, name, path }, tagsOf(KIND, Tags)),
      async handle({ PolicyName: name, Path: path, PolicyDocument, Description, Tags }, context) {
        const record = await create(
          tools,
          context,
          KIND,
          { name, path },
          {
            ...(Description === undefined || Description === "" ? {} : { description: Description }),
            // The time of versions is the control plane's to say.
            versions: { v1: { document: PolicyDocument, createdAt: context.now } },
            defaultVersion: "v1",
            ...(Tags === undefined ? {} : { tags: tagsOf(KIND, Tags) }),
          },
        );
        if (record === undefined) throw noSuch(KIND, name);
        return { Policy: fullPolicy(viewOfRecord(record), { attached: 0, asBoundary: 0 }) };
      },
    },

    GetPolicy: {
      access: (input, context) => [policyQuestion(tools, "GetPolicy", context, input.PolicyArn)],
      handle(input, context) {
        const view = expectPolicy(tools, context, input.PolicyArn);
        return { Policy: fullPolicy(view, usesOf(tools, accountOf(context), view)) };
      },
    },

    ListPolicies: {
      access: (input, context) => [listQuestion("ListPolicies", context, KIND, input.PathPrefix)],
      handle(input, context) {
        const accountId = accountOf(context);
        const found = listed(tools, accountId, input);
        const scope = `ListPolicies ${accountId} ${input.PathPrefix ?? "/"} ${input.Scope ?? "All"}`;
        const { items, end } = pageOf(found, sortKeyOf, input, scope);
        return { Policies: items.map((view) => briefPolicy(view, usesOf(tools, accountId, view))), ...end };
      },
    },

    DeletePolicy: {
      access: (input, context) => [policyQuestion(tools, "DeletePolicy", context, input.PolicyArn)],
      async handle(input, context) {
        await remove(tools, context, expectOwnPolicy(tools, context, input.PolicyArn));
        return {};
      },
    },
  };
}

function listed(tools: CatalogOnly, accountId: AccountId, input: InputOf<"ListPolicies">): readonly PolicyView[] {
  const { Scope = "All", PathPrefix = "/", OnlyAttached = false, PolicyUsageFilter } = input;
  const wanted = (view: PolicyView): boolean => {
    if (!view.path.startsWith(PathPrefix)) return false;
    if (PolicyUsageFilter === undefined && !OnlyAttached) return true;
    const { attached, asBoundary } = usesOf(tools, accountId, view);
    const asPolicy = PolicyUsageFilter !== "PermissionsBoundary" && attached > 0;
    return asPolicy || (PolicyUsageFilter !== "PermissionsPolicy" && asBoundary > 0);
  };
  return [
    ...(Scope === "AWS" ? [] : tools.catalog.entitiesOf(KIND, accountId).map(viewOfRecord)),
    ...(Scope === "Local" ? [] : awsPolicyViews()),
  ]
    .filter(wanted)
    .sort(byKey(sortKeyOf));
}
