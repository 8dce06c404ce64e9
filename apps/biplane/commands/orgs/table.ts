/** Commands for orgs, their members and their programs. */
import { type Command, type CommandOption, ENDPOINT_OPTIONS, ORG_OPTIONS } from "../../cli/command.ts";

const ROLE: CommandOption = { name: "role", value: "ROLE", help: "owner, admin, developer or readonly (developer)" };
const MEMBER_NOTE = "A member is named by e-mail address, or by id.";

export const ORG_COMMANDS: readonly Command[] = [
  {
    name: "orgs",
    summary: "Orgs: each is an AWS account with members",
    commands: [
      {
        name: "list",
        summary: "List your orgs; all of them for the operator",
        options: ENDPOINT_OPTIONS,
        load: async () => (await import("./orgs.ts")).listOrgs,
      },
      {
        name: "create",
        summary: "Make an org; whoever is signed in is its owner",
        parameters: ["NAME"],
        options: ENDPOINT_OPTIONS,
        load: async () => (await import("./orgs.ts")).createOrg,
      },
      {
        name: "leave",
        summary: "End your own membership",
        options: ORG_OPTIONS,
        load: async () => (await import("./orgs.ts")).leaveOrg,
      },
    ],
  },
  {
    name: "members",
    summary: "People in an org, and what they may do",
    commands: [
      {
        name: "list",
        summary: "List the members",
        options: ORG_OPTIONS,
        load: async () => (await import("./members.ts")).listMembers,
      },
      {
        name: "invite",
        summary: "Invite somebody; prints the link to send",
        parameters: ["EMAIL"],
        options: [ROLE, ...ORG_OPTIONS],
        examples: [["biplane members invite ada@example.com --role owner", "the first owner of a new cloud"]],
        load: async () => (await import("./members.ts")).inviteMember,
      },
      {
        name: "invitations",
        summary: "List the invitations that wait for an answer",
        options: ORG_OPTIONS,
        load: async () => (await import("./members.ts")).listInvitations,
      },
      {
        name: "uninvite",
        summary: "Take an invitation back",
        parameters: ["INVITATION"],
        options: ORG_OPTIONS,
        load: async () => (await import("./members.ts")).revokeInvitation,
      },
      {
        name: "role",
        summary: "Give a member another role",
        parameters: ["MEMBER", "ROLE"],
        options: ORG_OPTIONS,
        notes: [MEMBER_NOTE],
        load: async () => (await import("./members.ts")).setRole,
      },
      {
        name: "revoke-sessions",
        summary: "Refuse all AWS sessions that a member has got so far",
        parameters: ["MEMBER"],
        options: ORG_OPTIONS,
        notes: [MEMBER_NOTE],
        load: async () => (await import("./members.ts")).revokeSessions,
      },
      {
        name: "remove",
        summary: "End a membership, and everything that hangs on it",
        parameters: ["MEMBER"],
        options: ORG_OPTIONS,
        notes: [MEMBER_NOTE],
        load: async () => (await import("./members.ts")).removeMember,
      },
    ],
  },
  {
    name: "service-principals",
    summary: "Programs of an org, which sign in with a client secret",
    commands: [
      {
        name: "list",
        summary: "List the programs",
        options: ORG_OPTIONS,
        load: async () => (await import("./service-principals.ts")).listServicePrincipals,
      },
      {
        name: "create",
        summary: "Make a program; its secret is shown once",
        parameters: ["NAME"],
        options: [
          ROLE,
          { name: "scopes", value: "A,B", help: "What it may ask for, such as deploys:write,logs:read" },
          ...ORG_OPTIONS,
        ],
        load: async () => (await import("./service-principals.ts")).createServicePrincipal,
      },
      {
        name: "rotate",
        summary: "Give a program a new secret; the old one is void at once",
        parameters: ["NAME"],
        options: ORG_OPTIONS,
        load: async () => (await import("./service-principals.ts")).rotateServicePrincipal,
      },
      {
        name: "delete",
        summary: "Delete a program",
        parameters: ["NAME"],
        options: ORG_OPTIONS,
        load: async () => (await import("./service-principals.ts")).deleteServicePrincipal,
      },
    ],
  },
];
