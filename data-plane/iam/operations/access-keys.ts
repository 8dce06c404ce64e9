/** Access keys of users and of the root user (IAM API Reference: CreateAccessKey, ListAccessKeys, UpdateAccessKey, DeleteAccessKey, GetAccessKeyLastUsed). */
import type { AccessKeyRecord, KeyOwner } from "#contracts";
import type { CallContext } from "#data-plane/service";
import { noSuchAccessKey, validationError } from "../errors.ts";
import { accountOf, type Definitions } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { execute } from "../service/execute.ts";
import type { CatalogOnly } from "../service/find.ts";
import { byKey, pageOf } from "../service/paging.ts";
import { namedQuestion, question } from "../service/questions.ts";
import { ownerOf, personQuestion, rootArn, rootName } from "../service/self.ts";

type Names = "CreateAccessKey" | "ListAccessKeys" | "UpdateAccessKey" | "DeleteAccessKey" | "GetAccessKeyLastUsed";

/** What IAM writes where a key was never used. */
const NEVER = "N/A";

const idOf = ({ accessKeyId }: AccessKeyRecord): string => accessKeyId;

/** A key of this owner; somebody else's is as good as none. @throws AwsError NoSuchEntity */
function expectKey({ catalog }: CatalogOnly, context: CallContext, owner: KeyOwner, accessKeyId: string) {
  const key = catalog.accessKeysOf(accountOf(context), owner).find((each) => each.accessKeyId === accessKeyId);
  if (key === undefined) throw noSuchAccessKey(accessKeyId);
  return key;
}

export function accessKeys(tools: IamEnvironment): Definitions<Names> {
  const { catalog, uses } = tools;
  /** One of the account's keys. */
  const keyOf = (context: CallContext, accessKeyId: string): AccessKeyRecord | undefined => {
    const key = catalog.accessKey(accessKeyId);
    return key?.accountId === accountOf(context) ? key : undefined;
  };
  return {
    CreateAccessKey: {
      access: (input, context) => [personQuestion(tools, "CreateAccessKey", context, input.UserName)],
      async handle(input, context) {
        const accountId = accountOf(context);
        const owner = ownerOf(tools, context, input.UserName);
        const created = await execute(tools, context, { type: "accessKey.create", accountId, owner });
        const { accessKeyId, secretAccessKey } = created;
        const createdAt = catalog.accessKey(accessKeyId)?.createdAt ?? context.now;
        return {
          AccessKey: {
            UserName: owner.type === "user" ? owner.userName : rootName(tools, accountId),
            AccessKeyId: accessKeyId,
            Status: "Active",
            SecretAccessKey: secretAccessKey,
            CreateDate: new Date(createdAt),
          },
        };
      },
    },

    ListAccessKeys: {
      access: (input, context) => [personQuestion(tools, "ListAccessKeys", context, input.UserName)],
      handle(input, context) {
        const accountId = accountOf(context);
        const owner = ownerOf(tools, context, input.UserName);
        const keys = [...catalog.accessKeysOf(accountId, owner)].sort(byKey(idOf));
        const userName = owner.type === "user" ? owner.userName : undefined;
        const { items, end } = pageOf(keys, idOf, input, `ListAccessKeys ${accountId} ${userName ?? "root"}`);
        return {
          AccessKeyMetadata: items.map(({ accessKeyId, status, createdAt }) => ({
            ...(userName === undefined ? {} : { UserName: userName }),
            AccessKeyId: accessKeyId,
            Status: status,
            CreateDate: new Date(createdAt),
          })),
          ...end,
        };
      },
    },

    UpdateAccessKey: {
      access: (input, context) => [personQuestion(tools, "UpdateAccessKey", context, input.UserName)],
      async handle({ UserName, AccessKeyId, Status }, context) {
        const { accessKeyId } = expectKey(tools, context, ownerOf(tools, context, UserName), AccessKeyId);
        // The model knows this word for other credentials.
        if (Status === "Expired") throw validationError("The status of an access key is Active or Inactive.");
        const accountId = accountOf(context);
        await execute(tools, context, { type: "accessKey.update", accountId, accessKeyId, status: Status });
        return {};
      },
    },

    DeleteAccessKey: {
      access: (input, context) => [personQuestion(tools, "DeleteAccessKey", context, input.UserName)],
      async handle({ UserName, AccessKeyId }, context) {
        const { accessKeyId } = expectKey(tools, context, ownerOf(tools, context, UserName), AccessKeyId);
        await execute(tools, context, { type: "accessKey.delete", accountId: accountOf(context), accessKeyId });
        return {};
      },
    },

    GetAccessKeyLastUsed: {
      access(input, context) {
        const owner = keyOf(context, input.AccessKeyId)?.owner;
        if (owner === undefined) return [question("GetAccessKeyLastUsed", context)];
        return owner.type === "root"
          ? [question("GetAccessKeyLastUsed", context, rootArn(accountOf(context)))]
          : [namedQuestion(tools, "GetAccessKeyLastUsed", context, "user", owner.userName)];
      },
      handle({ AccessKeyId }, context) {
        const key = keyOf(context, AccessKeyId);
        if (key === undefined) throw noSuchAccessKey(AccessKeyId);
        const { owner, accountId } = key;
        const use = uses.lastUseOf(AccessKeyId);
        return {
          UserName: owner.type === "user" ? owner.userName : rootName(tools, accountId),
          AccessKeyLastUsed: {
            ...(use === undefined ? {} : { LastUsedDate: new Date(use.at) }),
            ServiceName: use?.service ?? NEVER,
            Region: use?.region ?? NEVER,
          },
        };
      },
    },
  };
}
