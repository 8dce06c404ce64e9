/** Commands for queues and the messages in them. They speak SQS like any other client. */
import { AWS_ENDPOINT_OPTIONS, type Command, type CommandOption } from "../../cli/command.ts";

const SETTINGS: readonly CommandOption[] = [
  {
    name: "visibility",
    value: "TIME",
    help: "How long a received message is hidden from others: 30s, 5m, 12h at most",
  },
  { name: "delay", value: "TIME", help: "How long a new message waits before anybody gets it: 15m at most" },
  { name: "retention", value: "TIME", help: "How long a message is kept: 60s to 14d" },
  { name: "wait", value: "TIME", help: "How long receivers wait for a message unless they say: 20s at most" },
  { name: "max-size", value: "BYTES", help: "Largest message: 1024 to 1048576" },
  { name: "dead-letters", value: "QUEUE", help: "Where messages go that were received too often; none for nowhere" },
  { name: "max-receives", value: "N", help: "How often is not yet too often (with --dead-letters): 1 to 1000" },
  { name: "attributes", value: "JSON", help: 'Other attributes by SQS\'s names: {"Policy": "…"}; @FILE for a file' },
];

export const QUEUES_COMMAND: Command = {
  name: "queues",
  summary: "Queues and the messages in them",
  notes: ["QUEUE is the name of one of your queues, or the URL of any queue."],
  commands: [
    {
      name: "list",
      summary: "List your queues with the number of their messages",
      options: [{ name: "prefix", value: "TEXT", help: "Only names that begin with this" }, ...AWS_ENDPOINT_OPTIONS],
      load: async () => (await import("./list-queues.ts")).listQueues,
    },
    {
      name: "create",
      summary: "Make a queue",
      parameters: ["NAME"],
      options: [
        { name: "fifo", help: "Keep order and drop duplicates; .fifo is added to NAME" },
        { name: "deduplicate", help: "FIFO: by the body, unless a message says otherwise" },
        ...SETTINGS,
        ...AWS_ENDPOINT_OPTIONS,
      ],
      examples: [
        ["biplane queues create jobs --visibility 5m", "workers have five minutes for a message"],
        ["biplane queues create jobs --dead-letters jobs-failed --max-receives 5", "set aside what fails five times"],
      ],
      load: async () => (await import("./queues.ts")).createQueue,
    },
    {
      name: "delete",
      summary: "Delete a queue with everything in it",
      parameters: ["QUEUE"],
      options: AWS_ENDPOINT_OPTIONS,
      load: async () => (await import("./queues.ts")).deleteQueue,
    },
    {
      name: "attributes",
      summary: "Show how a queue is configured, and how many messages it has",
      parameters: ["QUEUE"],
      options: AWS_ENDPOINT_OPTIONS,
      load: async () => (await import("./queues.ts")).showAttributes,
    },
    {
      name: "set",
      summary: "Configure a queue",
      parameters: ["QUEUE"],
      options: [...SETTINGS, ...AWS_ENDPOINT_OPTIONS],
      examples: [
        ["biplane queues set jobs --visibility 10m", "give workers more time"],
        ["biplane queues set jobs --dead-letters none", "let what fails come back for ever"],
      ],
      load: async () => (await import("./queues.ts")).setAttributes,
    },
    {
      name: "send",
      summary: "Send a message, or every line of a file",
      parameters: ["QUEUE", "[BODY]"],
      options: [
        { name: "lines", value: "FILE", help: "Send every line as a message; - for standard input" },
        { name: "delay", value: "TIME", help: "How long nobody gets it: 15m at most" },
        { name: "group", value: "ID", help: "Message group; FIFO queues need one" },
        {
          name: "deduplication-id",
          value: "ID",
          help: "FIFO: what is sent under the same id within 5 minutes is dropped",
        },
        {
          name: "attributes",
          value: "JSON",
          help: 'Message attributes: {"kind": "urgent", "tries": 3}; @FILE for a file',
        },
        ...AWS_ENDPOINT_OPTIONS,
      ],
      notes: ["Without BODY the message is read from standard input."],
      examples: [
        ["biplane queues send jobs '{\"id\": 7}'", "one message"],
        ["seq 1000 | biplane queues send jobs --lines -", "a thousand"],
      ],
      load: async () => (await import("./send.ts")).send,
    },
    {
      name: "receive",
      summary: "Take messages, as a worker does",
      parameters: ["QUEUE"],
      options: [
        { name: "max", value: "N", help: "Most messages to take: 1 to 10 (1)" },
        { name: "wait", value: "TIME", help: "How long to wait for the first: 20s at most" },
        { name: "visibility", value: "TIME", help: "How long they are hidden from others: 12h at most" },
        { name: "delete", help: "Delete them when they are printed" },
        ...AWS_ENDPOINT_OPTIONS,
      ],
      notes: [
        "Bodies are printed as they are, one after the other. With --json each message is an object with its receipt handle.",
        "Messages that are not deleted come back when their visibility timeout ends. To look without taking, use peek.",
      ],
      examples: [["biplane queues receive jobs --wait 20s --delete", "wait for one message and keep it"]],
      load: async () => (await import("./receive.ts")).receive,
    },
    {
      name: "peek",
      summary: "Look at messages without taking them",
      parameters: ["QUEUE"],
      options: [{ name: "limit", value: "N", help: "Most messages to show: 1 to 100 (10)" }, ...AWS_ENDPOINT_OPTIONS],
      notes: ["Only on the data plane's own machine. Nothing is counted, and nobody notices."],
      load: async () => (await import("./peek.ts")).peek,
    },
    {
      name: "purge",
      summary: "Remove every message of a queue",
      parameters: ["QUEUE"],
      options: AWS_ENDPOINT_OPTIONS,
      notes: ["At most once a minute for each queue, as on AWS."],
      load: async () => (await import("./queues.ts")).purgeQueue,
    },
    {
      name: "redrive",
      summary: "Move messages out of a dead-letter queue, back to where they came from",
      parameters: ["QUEUE"],
      options: [
        { name: "to", value: "QUEUE", help: "Move them to this queue instead" },
        { name: "rate", value: "N", help: "At most so many messages a second: 1 to 500" },
        { name: "no-wait", help: "Start only; the move goes on by itself" },
        { name: "cancel", help: "End the move that runs" },
        { name: "status", help: "Show the latest moves" },
        ...AWS_ENDPOINT_OPTIONS,
      ],
      examples: [["biplane queues redrive jobs-failed --rate 10", "try again what failed, ten a second"]],
      load: async () => (await import("./redrive.ts")).redrive,
    },
  ],
};
