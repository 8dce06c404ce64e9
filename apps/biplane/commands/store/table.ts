/** Commands for the key-value store. */
import { AWS_ENDPOINT_OPTIONS, type Command, type CommandOption } from "../../cli/command.ts";

const KEY_FILE: CommandOption = {
  name: "key-file",
  value: "FILE",
  help: "What all nodes and clients share: a file of 32 bytes or more (BIPLANE_STORE_KEY_FILE)",
};

const CLUSTER_OPTIONS: readonly CommandOption[] = [
  {
    name: "coordinators",
    value: "LIST",
    help: "The coordinators, NAME=HOST:PORT with commas between them (BIPLANE_STORE_COORDINATORS)",
  },
  KEY_FILE,
];

const CONFIG_OPTIONS: readonly CommandOption[] = [
  { name: "logs", value: "N", help: "How many logs keep each commit" },
  { name: "replicas", value: "N", help: "How many storage servers keep each key" },
  { name: "proxies", value: "N", help: "How many commit proxies there are" },
  { name: "resolvers", value: "N", help: "How many resolvers there are" },
];

export const STORE_COMMAND: Command = {
  name: "store",
  summary: "A strictly serializable key-value store: run its nodes, look at it, change it",
  commands: [
    {
      name: "serve",
      summary: "Run a node of a cluster, and its coordinator when it is named as one",
      options: [
        { name: "node", value: "NAME", help: "This node's name, unique in the cluster" },
        { name: "listen", value: "HOST:PORT", help: "Where others reach it; for a coordinator the list says so" },
        { name: "bind", value: "HOST", help: "Listen at this host instead, for example 0.0.0.0" },
        ...CLUSTER_OPTIONS,
        ...CONFIG_OPTIONS,
        { name: "capabilities", value: "LIST", help: "What it may hold: log, storage, transaction (all of them)" },
        { name: "share-nodes", help: "Allow several logs and copies on one node, to try things out" },
        { name: "log-level", value: "LEVEL", help: "debug, info, warn or error (info)" },
      ],
      notes: [
        "A coordinator uses its port for calls and the next one for consensus.",
        "How many logs, replicas, proxies and resolvers there are is taken from the first start; afterwards from `biplane store configure`.",
        "Beyond loopback addresses a key file is needed. It proves who calls; it does not hide what is said.",
      ],
      examples: [
        ["biplane store serve --node n1 --coordinators n1=127.0.0.1:7000", "run a store of one node"],
        [
          "biplane store serve --node n1 --coordinators n1=127.0.0.1:7000,n2=127.0.0.1:7010,n3=127.0.0.1:7020",
          "run the first of three",
        ],
      ],
      load: async () => (await import("./serve.ts")).serve,
    },
    {
      name: "status",
      summary: "Show the epoch, what runs where, and what a recovery waits for",
      options: CLUSTER_OPTIONS,
      load: async () => (await import("./status.ts")).status,
    },
    {
      name: "configure",
      summary: "Change how many logs, copies, proxies and resolvers there are",
      options: [...CLUSTER_OPTIONS, ...CONFIG_OPTIONS],
      notes: ["The transaction system is made anew by it, which takes about as long as the recovery from a lost node."],
      load: async () => (await import("./configure.ts")).configure,
    },
    {
      name: "recover",
      summary: "End the running epoch, so that the next one begins",
      options: CLUSTER_OPTIONS,
      load: async () => (await import("./configure.ts")).recover,
    },
    {
      name: "get",
      summary: "Print the value of a key",
      parameters: ["KEY"],
      options: CLUSTER_OPTIONS,
      notes: ["Keys are text; \\x and two digits stand for a byte."],
      load: async () => (await import("./data.ts")).get,
    },
    {
      name: "set",
      summary: "Give a key a value",
      parameters: ["KEY", "VALUE"],
      options: CLUSTER_OPTIONS,
      load: async () => (await import("./data.ts")).set,
    },
    {
      name: "clear",
      summary: "Remove a key",
      parameters: ["KEY"],
      options: CLUSTER_OPTIONS,
      load: async () => (await import("./data.ts")).clear,
    },
    {
      name: "list",
      summary: "Print the keys with a prefix, and their values",
      parameters: ["[PREFIX]"],
      options: [...CLUSTER_OPTIONS, { name: "limit", value: "N", help: "At most so many (100)" }],
      load: async () => (await import("./data.ts")).list,
    },
    {
      name: "backup",
      summary: "Copy everything in the store, as it is at one moment, while it goes on",
      options: [
        { name: "to", value: "PLACE", help: "An empty directory, or s3://BUCKET/PREFIX with nothing below it" },
        ...CLUSTER_OPTIONS,
        ...AWS_ENDPOINT_OPTIONS,
      ],
      notes: [
        "What was committed before the command began is in the backup. A place holds one backup.",
        "When the cluster recovers meanwhile, the copy is begun anew.",
      ],
      examples: [["biplane store backup --to s3://backups/store/monday", "back up to a bucket"]],
      load: async () => (await import("./backup.ts")).backup,
    },
    {
      name: "restore",
      summary: "Put a backup into an empty store",
      options: [
        { name: "from", value: "PLACE", help: "Where the backup is: a directory, or s3://BUCKET/PREFIX" },
        { name: "clear", help: "Remove everything that is in the store first" },
        ...CLUSTER_OPTIONS,
        ...AWS_ENDPOINT_OPTIONS,
      ],
      notes: [
        "The whole backup is checked before anything is written. Nobody should use the store meanwhile.",
        "When it was interrupted, run it again with --clear.",
      ],
      load: async () => (await import("./backup.ts")).restoreBackup,
    },
  ],
};
