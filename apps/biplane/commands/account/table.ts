/** Commands about oneself: signing in and out, tokens, sessions, devices, AWS credentials. */
import { type Command, type CommandOption, ENDPOINT_OPTIONS, ORG_OPTIONS, SHELL_OPTION } from "../../cli/command.ts";

const SCOPES: CommandOption = {
  name: "scopes",
  value: "A,B",
  help: "What it may be used for, such as orgs:read,logs:read (biplane whoami --json shows all)",
};

export const ACCOUNT_COMMANDS: readonly Command[] = [
  {
    name: "login",
    summary: "Sign in to a cloud as a person",
    options: [
      { ...SCOPES, help: "Only for these scopes (everything that your role allows)" },
      { name: "name", value: "DEVICE", help: "What this device calls itself (biplane on HOST)" },
      ...ENDPOINT_OPTIONS.map((option) => ({
        ...option,
        help: "Sign in at this control API (the cloud that runs here)",
      })),
    ],
    notes: [
      "Prints an address and a code: open the one in a browser, on any device, and compare the other. Who has no account yet asks a member for an invitation (biplane members invite).",
      "The login is kept in $XDG_CONFIG_HOME/biplane/credentials.json and renews itself until a month has passed without use. Commands about orgs use it from then on; --data means the operator.",
    ],
    examples: [["biplane login --endpoint https://cloud.example:4580", "then: biplane whoami"]],
    load: async () => (await import("./login.ts")).login,
  },
  {
    name: "logout",
    summary: "Sign out, here and at the cloud",
    options: ENDPOINT_OPTIONS,
    load: async () => (await import("./login.ts")).logout,
  },
  {
    name: "whoami",
    summary: "Show who you are, and your orgs",
    options: ENDPOINT_OPTIONS,
    load: async () => (await import("./whoami.ts")).whoami,
  },
  {
    name: "tokens",
    summary: "API tokens of yours, for programs that act as you",
    commands: [
      {
        name: "list",
        summary: "List your API tokens, never the tokens themselves",
        options: ENDPOINT_OPTIONS,
        load: async () => (await import("./tokens.ts")).listTokens,
      },
      {
        name: "create",
        summary: "Make an API token; it is shown once",
        parameters: ["NAME"],
        options: [
          SCOPES,
          { name: "org", value: "ORG", help: "Good for this org only (all of yours)" },
          { name: "expires", value: "TIME", help: "After this time, such as 12h or 30d (never)" },
          ...ENDPOINT_OPTIONS,
        ],
        examples: [["biplane tokens create ci --scopes deploys:write,logs:read --expires 90d", "for a pipeline"]],
        load: async () => (await import("./tokens.ts")).createToken,
      },
      {
        name: "revoke",
        summary: "Revoke an API token, by its id or by itself",
        parameters: ["TOKEN"],
        options: ENDPOINT_OPTIONS,
        load: async () => (await import("./tokens.ts")).revokeToken,
      },
    ],
  },
  {
    name: "sessions",
    summary: "Devices and browsers on which you are signed in",
    commands: [
      {
        name: "list",
        summary: "List them",
        options: ENDPOINT_OPTIONS,
        load: async () => (await import("./tokens.ts")).listSessions,
      },
      {
        name: "end",
        summary: "Sign one out",
        parameters: ["ID"],
        options: ENDPOINT_OPTIONS,
        load: async () => (await import("./tokens.ts")).endSession,
      },
    ],
  },
  {
    name: "devices",
    summary: "Devices that wait to be let in",
    commands: [
      {
        name: "approve",
        summary: "Let a device in by the code that it shows, as its page does",
        parameters: ["CODE"],
        options: [
          { name: "person", value: "EMAIL", help: "Whose device it is; for the operator" },
          ...ENDPOINT_OPTIONS,
        ],
        load: async () => (await import("./tokens.ts")).approveDevice,
      },
    ],
  },
  {
    name: "aws-credentials",
    summary: "Get temporary AWS credentials for an org of yours",
    options: [
      { name: "duration", value: "TIME", help: "How long they are good, 15m to 12h (1h)" },
      SHELL_OPTION,
      ...ORG_OPTIONS,
    ],
    notes: [
      "They allow what your role in the org does, and end with your membership. With --json it prints what credential_process of an AWS profile wants.",
    ],
    examples: [['eval "$(biplane aws-credentials --org team-a)"', "let AWS tools in this shell use them"]],
    load: async () => (await import("./aws-credentials.ts")).awsCredentials,
  },
];
