/** Commands for the data plane of a cloud, and for the nodes that run applications. */
import { type Command, ENDPOINT_OPTIONS } from "../../cli/command.ts";

export const NODES_COMMAND: Command = {
  name: "nodes",
  summary: "Nodes that run applications, and the data plane that holds what is in the cloud",
  commands: [
    {
      name: "list",
      summary: "Show which data plane is enrolled, and whether it is connected",
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./nodes.ts")).listNodes,
    },
    {
      name: "agents",
      summary: "List the nodes that run instances",
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./drain.ts")).listAgents,
    },
    {
      name: "show",
      summary: "Show a node, and what keeps it from being empty",
      parameters: ["NODE"],
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./drain.ts")).showAgent,
    },
    {
      name: "drain",
      summary: "Move everything that can move off a node, without losing a request",
      parameters: ["NODE"],
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./drain.ts")).drain,
    },
    {
      name: "activate",
      summary: "Let a node take instances",
      parameters: ["NODE"],
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./drain.ts")).activate,
    },
    {
      name: "disable",
      summary: "Take everything without volumes off a node at once",
      parameters: ["NODE"],
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./drain.ts")).disable,
    },
    {
      name: "remove",
      summary: "Remove a node that has nothing on it any more",
      parameters: ["NODE"],
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./drain.ts")).removeNode,
    },
    {
      name: "forget",
      summary: "Give up a data plane that is lost, so that another can take its place",
      parameters: ["ID"],
      options: ENDPOINT_OPTIONS,
      notes: [
        "A cloud has one data plane. What it holds is on its disk only: objects, messages and items do not come to another one, while buckets, queues and tables stay known.",
        "The next data plane that registers is enrolled. A data plane that is connected is not lost and cannot be forgotten.",
      ],
      examples: [
        ["biplane nodes forget dp-0198a1c2-…", "after its disk has died; then start another with biplane node"],
      ],
      load: async () => (await import("./nodes.ts")).forgetNode,
    },
  ],
};
