/** Versions of managed policies (IAM API Reference: CreatePolicyVersion, GetPolicyVersion, ListPolicyVersions, SetDefaultPolicyVersion, DeletePolicyVersion). */
import { noSuchPolicyVersion } from "../errors.ts";
import { briefVersion, fullVersion } from "../rules/policy-answers.ts";
import type { Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { patch, revise } from "../service/execute.ts";
import { pageOf } from "../service/paging.ts";
import { expectOwnPolicy, expectPolicy, versionOf } from "../service/policy-view.ts";
import { policyQuestion } from "../service/questions.ts";

type Names =
  | "CreatePolicyVersion"
  | "GetPolicyVersion"
  | "ListPolicyVersions"
  | "SetDefaultPolicyVersion"
  | "DeletePolicyVersion";

/** Keys ascend while versions stand newest first. */
const sortKeyOf = ({ id }: { readonly id: string }): string =>
  String(Number.MAX_SAFE_INTEGER - Number(id.slice(1))).padStart(16, "0");

export function policyVersions(tools: IamEnvironment): Definitions<Names> {
  return {
    CreatePolicyVersion: {
      access: (input, context) => [policyQuestion(tools, "CreatePolicyVersion", context, input.PolicyArn)],
      async handle({ PolicyArn, PolicyDocument: document, SetAsDefault = false }, context) {
        let versionId = "";
        await revise(tools, context, expectOwnPolicy(tools, context, PolicyArn), ({ sections }) => {
          versionId = `v${(sections.lastVersion ?? 0) + 1}`;
          return {
            // The time of versions is the control plane's to say.
            versions: { [versionId]: { document, createdAt: context.now } },
            ...(SetAsDefault ? { defaultVersion: versionId } : {}),
          };
        });
        const view = expectPolicy(tools, context, PolicyArn);
        const version = versionOf(view, versionId);
        if (version === undefined) throw noSuchPolicyVersion(PolicyArn, versionId);
        return { PolicyVersion: briefVersion(version, view) };
      },
    },

    GetPolicyVersion: {
      access: (input, context) => [policyQuestion(tools, "GetPolicyVersion", context, input.PolicyArn)],
      handle({ PolicyArn, VersionId }, context) {
        const view = expectPolicy(tools, context, PolicyArn);
        const version = versionOf(view, VersionId);
        if (version === undefined) throw noSuchPolicyVersion(PolicyArn, VersionId);
        return { PolicyVersion: fullVersion(version, view) };
      },
    },

    ListPolicyVersions: {
      access: (input, context) => [policyQuestion(tools, "ListPolicyVersions", context, input.PolicyArn)],
      handle(input, context) {
        const view = expectPolicy(tools, context, input.PolicyArn);
        const { items, end } = pageOf(view.versions, sortKeyOf, input, `ListPolicyVersions ${view.policyId}`);
        return { Versions: items.map((version) => briefVersion(version, view)), ...end };
      },
    },

    SetDefaultPolicyVersion: {
      access: (input, context) => [policyQuestion(tools, "SetDefaultPolicyVersion", context, input.PolicyArn)],
      async handle({ PolicyArn, VersionId }, context) {
        const record = expectOwnPolicy(tools, context, PolicyArn);
        if (versionOf(expectPolicy(tools, context, PolicyArn), VersionId) === undefined) {
          throw noSuchPolicyVersion(PolicyArn, VersionId);
        }
        await patch(tools, context, record, { defaultVersion: VersionId });
        return {};
      },
    },

    DeletePolicyVersion: {
      access: (input, context) => [policyQuestion(tools, "DeletePolicyVersion", context, input.PolicyArn)],
      async handle({ PolicyArn, VersionId }, context) {
        const record = expectOwnPolicy(tools, context, PolicyArn);
        if (versionOf(expectPolicy(tools, context, PolicyArn), VersionId) === undefined) {
          throw noSuchPolicyVersion(PolicyArn, VersionId);
        }
        await patch(tools, context, record, { versions: { [VersionId]: null } });
        return {};
      },
    },
  };
}
