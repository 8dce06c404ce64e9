/** The account as a whole (IAM API Reference: CreateAccountAlias, DeleteAccountAlias, ListAccountAliases, GetAccountSummary). */
import { noSuchEntity } from "../errors.ts";
import { accountSummary } from "../rules/account-summary.ts";
import { accountOf, type Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { execute } from "../service/execute.ts";
import { pageOf } from "../service/paging.ts";
import { question } from "../service/questions.ts";

type Names = "CreateAccountAlias" | "DeleteAccountAlias" | "ListAccountAliases" | "GetAccountSummary";

export function account(tools: IamEnvironment): Definitions<Names> {
  const { catalog } = tools;
  return {
    // One that there is gives way (IAM User Guide, "Using an alias for your AWS account ID").
    CreateAccountAlias: {
      access: (_input, context) => [question("CreateAccountAlias", context)],
      async handle({ AccountAlias: alias }, context) {
        await execute(tools, context, { type: "account.configure", accountId: accountOf(context), alias });
        return {};
      },
    },

    DeleteAccountAlias: {
      access: (_input, context) => [question("DeleteAccountAlias", context)],
      async handle({ AccountAlias: alias }, context) {
        const accountId = accountOf(context);
        if (catalog.account(accountId)?.alias !== alias) {
          throw noSuchEntity(`The account alias ${alias} cannot be found.`);
        }
        await execute(tools, context, { type: "account.configure", accountId, alias: null });
        return {};
      },
    },

    ListAccountAliases: {
      access: (_input, context) => [question("ListAccountAliases", context)],
      handle(input, context) {
        const alias = catalog.account(accountOf(context))?.alias;
        const aliases = alias === undefined ? [] : [alias];
        const { items, end } = pageOf(aliases, (each) => each, input, "ListAccountAliases");
        return { AccountAliases: items, ...end };
      },
    },

    GetAccountSummary: {
      access: (_input, context) => [question("GetAccountSummary", context)],
      handle(_input, context) {
        const accountId = accountOf(context);
        const policies = catalog.entitiesOf("managedPolicy", accountId);
        return {
          SummaryMap: accountSummary({
            users: catalog.entitiesOf("user", accountId).length,
            groups: catalog.entitiesOf("group", accountId).length,
            roles: catalog.entitiesOf("role", accountId).length,
            instanceProfiles: catalog.entitiesOf("instanceProfile", accountId).length,
            oidcProviders: catalog.entitiesOf("oidcProvider", accountId).length,
            policies: policies.length,
            policyVersions: policies.reduce(
              (sum, { sections }) => sum + Object.keys(sections.versions ?? {}).length,
              0,
            ),
            rootKeys: catalog.accessKeysOf(accountId, { type: "root" }).length,
          }),
        };
      },
    },
  };
}
