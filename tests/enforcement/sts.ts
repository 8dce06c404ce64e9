import * as sdk from "@aws-sdk/client-sts";
import { STS_PERMISSIONS } from "#data-plane/sts";
import { commandSender } from "./sdk.ts";
import type { WalkedService } from "./walk.ts";

// A token of an outside provider is its credential, not a key: see `tests/clients/sdk-js/sts.test.ts`.
const { AssumeRoleWithWebIdentity: _, ...WITH_KEYS } = STS_PERMISSIONS;

export const STS: WalkedService = {
  name: "sts",
  permissions: WITH_KEYS,
  inputs: ({ accountId }) => ({
    AssumeRole: { RoleArn: `arn:aws:iam::${accountId}:role/walked`, RoleSessionName: "walk" },
    GetAccessKeyInfo: { AccessKeyId: "AKIAIOSFODNN7EXAMPLE" },
    GetCallerIdentity: {},
    GetFederationToken: { Name: "walked" },
    GetSessionToken: {},
  }),
  elsewhere: "arn:aws:*::*:*/elsewhere",
  client: (endpoint, credentials) =>
    commandSender(new sdk.STSClient({ endpoint, credentials, region: "us-east-1", maxAttempts: 1 }), sdk),
};
