/** Commands that read the audit logs. */
import { type Command, type CommandOption, ENDPOINT_OPTIONS } from "../../cli/command.ts";

const PLANE: CommandOption = { name: "plane", value: "PLANE", help: "Only the log of one plane: control or data" };

const FILTERS: readonly CommandOption[] = [
  { name: "actor", value: "ARN", help: "Who acted" },
  { name: "account", value: "ID", help: "The actor's account" },
  { name: "access-key", value: "ID", help: "The access key that was used" },
  { name: "action", value: "ACTION", help: "iam:CreateUser, or iam:* for all that begin so" },
  { name: "decision", value: "DECISION", help: "allowed, denied or failed" },
  { name: "category", value: "CATEGORY", help: "authentication, action, mutation or system" },
  { name: "resource", value: "ARN", help: "What the resource begins with" },
  { name: "request", value: "ID", help: "The request in which it happened" },
  { name: "since", value: "TIME", help: "Not before: 15m, 12h, 7d ago, a date, or a time with its zone" },
  { name: "until", value: "TIME", help: "Before: as --since" },
];

export const AUDIT_COMMAND: Command = {
  name: "audit",
  summary: "Read and verify the log of who did what, and why",
  commands: [
    {
      name: "tail",
      summary: "Show the last records, and follow new ones",
      options: [
        { name: "follow", short: "f", help: "Go on with new records until interrupted" },
        { name: "limit", short: "n", value: "COUNT", help: "How many of the last records to show (10)" },
        PLANE,
        ...ENDPOINT_OPTIONS,
      ],
      notes: [
        "The logs of both planes, in the order of time.",
        "With --json: one record a line, as it stands in its log.",
      ],
      examples: [["biplane audit tail -f", "watch who does what"]],
      load: async () => (await import("./tail.ts")).auditTail,
    },
    {
      name: "query",
      summary: "Search the log",
      options: [
        ...FILTERS,
        { name: "limit", short: "n", value: "COUNT", help: "Most records to show (100)" },
        PLANE,
        ...ENDPOINT_OPTIONS,
      ],
      notes: [
        "The logs of both planes, the newest record first.",
        "With --json: one record a line, as it stands in its log.",
      ],
      examples: [
        ["biplane audit query --decision denied --since 1h", "what was refused lately"],
        ["biplane audit query --action 'iam:*' --account 000000000000", "what an account did to its identities"],
        ["biplane audit query --access-key AKIAIOSFODNN7EXAMPLE --json", "everything a key was used for"],
      ],
      load: async () => (await import("./query.ts")).auditQuery,
    },
    {
      name: "verify",
      summary: "Prove that nothing in the log was changed or removed",
      options: [
        {
          name: "checkpoint",
          value: "SEQ:HASH",
          help: "A checkpoint shown before: history must pass through it (with --plane)",
        },
        PLANE,
        ...ENDPOINT_OPTIONS,
      ],
      notes: [
        "Walks the chain of hashes of each plane's log and shows its checkpoint, the place and hash of the last record.",
        "Keep checkpoints elsewhere: only they tell a log that was cut short, or written anew as a whole, from the one that was written.",
        "Ends with 1 when a log is not what was written.",
      ],
      examples: [
        ["biplane audit verify", "verify, and show checkpoints to keep"],
        ["biplane audit verify --plane control --checkpoint 1204:9f86d0…", "verify against one kept earlier"],
      ],
      load: async () => (await import("./verify.ts")).auditVerify,
    },
  ],
};
