/** Commands for the data plane of a cloud. */
import { type Command, ENDPOINT_OPTIONS } from "../../cli/command.ts";

export const NODES_COMMAND: Command = {
  name: "nodes",
  summary: "The data plane that holds what is in the cloud",
  commands: [
    {
      name: "list",
      summary: "Show which data plane is enrolled, and whether it is connected",
      options: ENDPOINT_OPTIONS,
      load: async () => (await import("./nodes.ts")).listNodes,
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
