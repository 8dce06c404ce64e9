/** Commands for operators. */
import { type Command, ENDPOINT_OPTIONS } from "../../cli/command.ts";

export const ADMIN_COMMAND: Command = {
  name: "admin",
  summary: "Look into the control plane, set right what is stuck, back it up",
  commands: [
    {
      name: "inspect",
      summary: "The events of one thing, and what each made of it",
      parameters: ["TYPE", "ID"],
      options: ENDPOINT_OPTIONS,
      examples: [["biplane admin inspect deploy dep_0123456789abcdef01234567", "what has happened to a deploy"]],
      load: async () => (await import("./inspect.ts")).inspect,
    },
    {
      name: "verify",
      summary: "Check the log, and every view against it",
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./views.ts")).verifyViews,
    },
    {
      name: "rebuild",
      summary: "Build views anew from the log, while everything goes on",
      parameters: ["[VIEW...]"],
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./views.ts")).rebuildViews,
    },
    {
      name: "stuck",
      summary: "What should have passed by itself and has not",
      options: ENDPOINT_OPTIONS,
      notes: ["Ends with 1 when there is something."],
      load: async () => (await import("./stuck.ts")).listStuck,
    },
    {
      name: "fix",
      summary: "Apply the remedies of findings",
      parameters: ["[FINDING...]"],
      options: [{ name: "all", help: "All that have one" }, ...ENDPOINT_OPTIONS],
      notes: ["What is done is an event, or several, with you as the actor: biplane audit query shows them."],
      load: async () => (await import("./stuck.ts")).fixStuck,
    },
    {
      name: "secret-keys",
      summary: "Keys that secrets are locked with",
      commands: [
        {
          name: "list",
          summary: "Which there are, and which is active",
          options: ENDPOINT_OPTIONS,
          load: async () => (await import("./secret-keys.ts")).listKeys,
        },
        {
          name: "rotate",
          summary: "Make a new key for everything from now on",
          options: ENDPOINT_OPTIONS,
          load: async () => (await import("./secret-keys.ts")).rotateKey,
        },
        {
          name: "rewrap",
          summary: "Lock everything older with the active key",
          options: ENDPOINT_OPTIONS,
          load: async () => (await import("./secret-keys.ts")).rewrap,
        },
      ],
    },
    {
      name: "backup",
      summary: "Copy the control plane's log and audit into a directory, also while it runs",
      parameters: ["DIR"],
      options: [{ name: "with-keys", help: "Also the keys: then the directory opens everything that is in it" }],
      notes: [
        "On the machine of the control plane. Objects, tables and queues are the data plane's, and are not part of it.",
        "Without --with-keys, keep control/master.key and control/secret-keys.json yourself, elsewhere.",
      ],
      load: async () => (await import("./backup.ts")).backup,
    },
    {
      name: "verify-backup",
      summary: "Prove a backup by restoring it aside, and put the drill on record",
      parameters: ["DIR"],
      options: [{ name: "no-record", help: "Do not tell the control plane" }, ...ENDPOINT_OPTIONS],
      load: async () => (await import("./backup.ts")).verify,
    },
    {
      name: "restore",
      summary: "Put a backup into a data directory that has no control plane",
      parameters: ["DIR"],
      options: [{ name: "keys", value: "DIR", help: "Where the keys are that the backup has not" }],
      load: async () => (await import("./backup.ts")).restore,
    },
    {
      name: "drills",
      summary: "Restores that were tried, and how they went",
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./backup.ts")).listDrills,
    },
  ],
};
