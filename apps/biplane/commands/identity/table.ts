/** Commands for accounts, users and access keys. */
import { type Command, type CommandOption, ENDPOINT_OPTIONS } from "../../cli/command.ts";

const ACCOUNT: CommandOption = { name: "account", value: "ID", help: "The account (the cloud's first)" };
const USER: CommandOption = { name: "user", value: "NAME", help: "Of this user (without it: of the account's root)" };
const OF_ACCOUNT: readonly CommandOption[] = [ACCOUNT, ...ENDPOINT_OPTIONS];

export const IDENTITY_COMMANDS: readonly Command[] = [
  {
    name: "accounts",
    summary: "Accounts: who owns things",
    commands: [
      {
        name: "list",
        summary: "List accounts",
        options: ENDPOINT_OPTIONS,
        load: async () => (await import("./accounts.ts")).listAccounts,
      },
      {
        name: "create",
        summary: "Make an account",
        parameters: ["NAME"],
        options: [
          { name: "id", value: "ID", help: "Its twelve digits (chosen by the control plane)" },
          ...ENDPOINT_OPTIONS,
        ],
        examples: [["biplane accounts create team-b", "then: biplane keys create --account …"]],
        load: async () => (await import("./accounts.ts")).createAccount,
      },
    ],
  },
  {
    name: "users",
    summary: "IAM users and what they may do",
    commands: [
      {
        name: "list",
        summary: "List users",
        options: [{ ...ACCOUNT, help: "Only of this account (all)" }, ...ENDPOINT_OPTIONS],
        load: async () => (await import("./users.ts")).listUsers,
      },
      {
        name: "create",
        summary: "Make a user",
        parameters: ["NAME"],
        options: [{ name: "path", value: "PATH", help: "Path in its ARN (/)" }, ...OF_ACCOUNT],
        load: async () => (await import("./users.ts")).createUser,
      },
      {
        name: "delete",
        summary: "Delete a user; its keys and policies go first",
        parameters: ["NAME"],
        options: OF_ACCOUNT,
        load: async () => (await import("./users.ts")).deleteUser,
      },
      {
        name: "policy",
        summary: "Policies of a user",
        commands: [
          {
            name: "put",
            summary: "Set a policy of a user",
            parameters: ["USER", "POLICY", "DOCUMENT"],
            options: OF_ACCOUNT,
            notes: ["DOCUMENT is the policy itself, @FILE for a file that holds it, or - for standard input."],
            examples: [["biplane users policy put ada readers @readers.json", "from a file"]],
            load: async () => (await import("./user-policies.ts")).putPolicy,
          },
          {
            name: "delete",
            summary: "Remove a policy of a user",
            parameters: ["USER", "POLICY"],
            options: OF_ACCOUNT,
            load: async () => (await import("./user-policies.ts")).deletePolicy,
          },
          {
            name: "show",
            summary: "Print a policy of a user",
            parameters: ["USER", "POLICY"],
            options: OF_ACCOUNT,
            load: async () => (await import("./user-policies.ts")).showPolicy,
          },
        ],
      },
    ],
  },
  {
    name: "keys",
    summary: "Access keys",
    commands: [
      {
        name: "list",
        summary: "List access keys, never their secrets",
        options: [
          { ...ACCOUNT, help: "Only of this account (all)" },
          { ...USER, help: "Only of this user" },
          ...ENDPOINT_OPTIONS,
        ],
        load: async () => (await import("./keys.ts")).listKeys,
      },
      {
        name: "create",
        summary: "Make an access key; its secret is shown once",
        options: [USER, ...OF_ACCOUNT],
        load: async () => (await import("./keys.ts")).createKey,
      },
      {
        name: "activate",
        summary: "Switch an access key on",
        parameters: ["KEY"],
        options: OF_ACCOUNT,
        load: async () => (await import("./keys.ts")).activateKey,
      },
      {
        name: "deactivate",
        summary: "Switch an access key off",
        parameters: ["KEY"],
        options: OF_ACCOUNT,
        load: async () => (await import("./keys.ts")).deactivateKey,
      },
      {
        name: "delete",
        summary: "Delete an access key",
        parameters: ["KEY"],
        options: OF_ACCOUNT,
        load: async () => (await import("./keys.ts")).deleteKey,
      },
    ],
  },
];
