/** Commands that look at a cloud. */
import { type Command, ENDPOINT_OPTIONS, SHELL_OPTION } from "../../cli/command.ts";

export const CLOUD_COMMANDS: readonly Command[] = [
  {
    name: "env",
    summary: "Print what a shell needs to use the cloud",
    options: [SHELL_OPTION],
    notes: ["With --json: one flat object with the same names."],
    examples: [
      ['eval "$(biplane env)"', "use the cloud in this shell"],
      ["biplane env --shell fish | source", "the same in fish"],
      ["biplane env --json", "for programs"],
    ],
    load: async () => (await import("./env.ts")).env,
  },
  {
    name: "status",
    summary: "Show what runs where",
    options: ENDPOINT_OPTIONS,
    examples: [["biplane status --json", "the same for programs"]],
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "events",
    summary: "Read the log of everything that was decided",
    commands: [
      {
        name: "tail",
        summary: "Show the last events, and follow new ones",
        options: [
          { name: "follow", short: "f", help: "Go on with new events until interrupted" },
          { name: "after", value: "ID", help: "Begin after this event instead of near the end" },
          { name: "limit", short: "n", value: "COUNT", help: "How many of the last events to show (10)" },
          ...ENDPOINT_OPTIONS,
        ],
        notes: ["With --json: one event a line, as it stands in the log."],
        examples: [
          ["biplane events tail -f", "watch what is decided"],
          ["biplane events tail --after 0 --json", "the whole log, for programs"],
        ],
        load: async () => (await import("./events-tail.ts")).eventsTail,
      },
    ],
  },
  {
    name: "doctor",
    summary: "Check this machine and the data directory",
    options: [
      { name: "port", value: "PORT", help: "Port of the AWS endpoint to check (4566)" },
      { name: "api-port", value: "PORT", help: "Port of the control API to check (4580)" },
    ],
    notes: ["Ends with 1 when something has to be mended before Biplane can run here; warnings do not count."],
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    name: "version",
    summary: "Show the version",
    load: async () => (await import("./version.ts")).version,
  },
  {
    name: "completion",
    summary: "Print a completion script for a shell",
    parameters: ["SHELL"],
    notes: ["SHELL is bash, zsh or fish."],
    examples: [
      ["source <(biplane completion bash)", "in bash; zsh likewise"],
      ["biplane completion fish | source", "in fish"],
    ],
    load: async () => (await import("./completion.ts")).completion,
  },
];
