/** Policies that are part of a user, group or role (IAM API Reference: PutUserPolicy, GetUserPolicy, ListUserPolicies, DeleteUserPolicy, and so for groups and roles). */
import { noSuchInlinePolicy } from "../errors.ts";
import { encodeDocument } from "../rules/documents.ts";
import type { PrincipalRecord } from "../service/attachments.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { patch } from "../service/execute.ts";
import { pageOf } from "../service/paging.ts";
import { forPrincipals } from "./principal-operations.ts";

/** @throws AwsError NoSuchEntity */
function expectDocument({ kind, sections }: PrincipalRecord, policyName: string): string {
  const { inlinePolicies = {} } = sections;
  const document = Object.hasOwn(inlinePolicies, policyName) ? inlinePolicies[policyName] : undefined;
  if (document === undefined) throw noSuchInlinePolicy(kind, policyName);
  return document;
}

export const inlinePolicies = (tools: IamEnvironment) => ({
  ...forPrincipals(tools, "Put{}Policy", {
    async handle(record, { PolicyName, PolicyDocument }, context) {
      await patch(tools, context, record, { inlinePolicies: { [PolicyName]: PolicyDocument } });
      return {};
    },
  }),

  ...forPrincipals(tools, "Get{}Policy", {
    handle(record, { PolicyName }, _context, noun) {
      const document = expectDocument(record, PolicyName);
      return { [`${noun}Name`]: record.name, PolicyName, PolicyDocument: encodeDocument(document) };
    },
  }),

  ...forPrincipals(tools, "List{}Policies", {
    handle(record, input) {
      const names = Object.keys(record.sections.inlinePolicies ?? {}).sort();
      const { items, end } = pageOf(names, (name) => name, input, `inline policies ${record.entityId}`);
      return { PolicyNames: items, ...end };
    },
  }),

  ...forPrincipals(tools, "Delete{}Policy", {
    async handle(record, { PolicyName }, context) {
      expectDocument(record, PolicyName);
      await patch(tools, context, record, { inlinePolicies: { [PolicyName]: null } });
      return {};
    },
  }),
});
