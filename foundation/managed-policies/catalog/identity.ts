/** Policies about IAM. */

import { allow, each, type ManagedPolicySource } from "../source.ts";

const oneself = "arn:aws:iam::*:user/${aws:username}";

export const identityPolicies: readonly ManagedPolicySource[] = [
  {
    name: "/IAMFullAccess",
    id: "ANPAI7XKCFMBPM3QQRRVQ",
    version: 2,
    dates: ["2015-02-06T18:40:38", "2019-06-21T19:40:00"],
    description: "Everything about users, groups, roles and policies.",
    statements: [
      allow(`
        iam:*
        ${each("organizations:Describe", "Account Organization OrganizationalUnit Policy")}
        ${each("organizations:List", "Children Parents Policies PoliciesForTarget Roots TargetsForPolicy")}
      `),
    ],
  },
  {
    name: "/IAMReadOnlyAccess",
    id: "ANPAJKSO7NDY4T57MWDSQ",
    version: 4,
    dates: ["2015-02-06T18:40:39", "2018-01-25T19:11:27"],
    description: "Reading users, groups, roles and policies, and simulating what they may do.",
    statements: [
      allow(`
        ${each("iam:", "GenerateCredentialReport GenerateServiceLastAccessedDetails Get* List*")}
        iam:SimulateCustomPolicy iam:SimulatePrincipalPolicy
      `),
    ],
  },
  {
    name: "/IAMUserChangePassword",
    id: "ANPAJ4L4MM2A7QIEB56MS",
    version: 5,
    dates: ["2016-11-15T00:25:16", "2026-02-12T17:58:57"],
    description: "A user's changing its own password.",
    statements: [
      allow("iam:ChangePassword", [oneself, "arn:aws:iam::*:user/*/${aws:username}"]),
      allow("iam:GetAccountPasswordPolicy"),
    ],
  },
  {
    name: "/IAMUserSSHKeys",
    id: "ANPAJTSHUA4UXGXU7ANUA",
    version: 1,
    dates: ["2015-07-09T17:08:54", "2015-07-09T17:08:54"],
    description: "A user's managing its own SSH public keys.",
    statements: [
      allow(
        "iam:DeleteSSHPublicKey iam:GetSSHPublicKey iam:ListSSHPublicKeys iam:UpdateSSHPublicKey iam:UploadSSHPublicKey",
        oneself,
      ),
    ],
  },
  {
    name: "/IAMSelfManageServiceSpecificCredentials",
    id: "ANPAI4VT74EMXK2PMQJM2",
    version: 1,
    dates: ["2016-12-22T17:25:18", "2016-12-22T17:25:18"],
    description: "A user's managing its own credentials for single services.",
    statements: [
      allow(
        `iam:CreateServiceSpecificCredential iam:DeleteServiceSpecificCredential iam:ListServiceSpecificCredentials
         iam:ResetServiceSpecificCredential iam:UpdateServiceSpecificCredential`,
        oneself,
      ),
    ],
  },
];
