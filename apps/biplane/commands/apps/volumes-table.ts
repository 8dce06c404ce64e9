/** Commands for volumes. */
import { type Command, ORG_OPTIONS } from "../../cli/command.ts";
import { APP_OPTION, ENV_OPTION } from "./options.ts";

const ENV = [APP_OPTION, ENV_OPTION, ...ORG_OPTIONS];

export const VOLUME_COMMANDS: Command = {
  name: "volumes",
  summary: "Storage that outlives instances: on one node each, copied into object storage",
  commands: [
    {
      name: "list",
      summary: "List the volumes",
      options: ORG_OPTIONS,
      load: async () => (await import("./volumes.ts")).listVolumes,
    },
    {
      name: "create",
      summary: "Make a volume",
      parameters: ["NAME"],
      options: [
        { name: "size", value: "SIZE", help: "How much of the quota it takes (1Gi)" },
        { name: "node", value: "NODE", help: "Where; it stays there (the node with the most room)" },
        ...ORG_OPTIONS,
      ],
      load: async () => (await import("./volumes.ts")).createVolume,
    },
    {
      name: "delete",
      summary: "Delete a volume and what is on it",
      parameters: ["VOLUME"],
      options: ORG_OPTIONS,
      load: async () => (await import("./volumes.ts")).deleteVolume,
    },
    {
      name: "attach",
      summary: "Give a process a volume",
      parameters: ["VOLUME"],
      options: [
        { name: "process", short: "p", value: "PROCESS", help: "Which process (web)" },
        { name: "path", value: "PATH", help: "Where the process finds it, for example /data" },
        { name: "read-only", help: "The process cannot write to it" },
        ...ENV,
      ],
      notes: [
        "A process without a file system of its own finds /data in the directory that BIPLANE_MOUNT_DATA names, in a container it is /data too.",
      ],
      load: async () => (await import("./volumes.ts")).attachVolume,
    },
    {
      name: "detach",
      summary: "Take a volume away from a process that is scaled to 0",
      parameters: ["VOLUME"],
      options: ENV,
      load: async () => (await import("./volumes.ts")).detachVolume,
    },
    {
      name: "snapshot",
      summary: "Copy a volume that nothing uses, encrypted, into object storage",
      parameters: ["VOLUME"],
      options: [{ name: "message", short: "m", value: "TEXT", help: "A note for people" }, ...ORG_OPTIONS],
      load: async () => (await import("./volumes.ts")).snapshotVolume,
    },
    {
      name: "snapshots",
      summary: "List the snapshots of a volume",
      parameters: ["VOLUME"],
      options: ORG_OPTIONS,
      load: async () => (await import("./volumes.ts")).listSnapshots,
    },
    {
      name: "delete-snapshot",
      summary: "Delete a snapshot and its copy",
      parameters: ["VOLUME", "SNAPSHOT"],
      options: ORG_OPTIONS,
      load: async () => (await import("./volumes.ts")).deleteSnapshot,
    },
    {
      name: "restore",
      summary: "Make a new volume of a snapshot, verified before it can be used",
      parameters: ["VOLUME", "SNAPSHOT"],
      options: [
        { name: "name", value: "NAME", help: "Of the new volume" },
        { name: "node", value: "NODE", help: "Where (where the old one is)" },
        ...ORG_OPTIONS,
      ],
      load: async () => (await import("./volumes.ts")).restoreVolume,
    },
  ],
};
