/** Commands about the manifest of an application. They need no cloud. */
import type { Command } from "../../cli/command.ts";

const FILE_NOTE =
  "FILE is biplane.toml in this directory unless given; a directory stands for the biplane.toml in it, - for standard input.";

export const MANIFEST_COMMAND: Command = {
  name: "manifest",
  summary: "Check and lay out biplane.toml, the manifest of an application",
  commands: [
    {
      name: "validate",
      summary: "Say everything that is wrong with a manifest",
      parameters: ["[FILE]"],
      notes: [
        FILE_NOTE,
        "Ends with 1 when something is wrong. With --json: the problems, or the manifest with its defaults and its hash.",
        "The cloud holds manifests to the same rules.",
      ],
      examples: [
        ["biplane manifest validate", "check the manifest of this directory"],
        ["biplane manifest validate --json | jq .manifest", "see it with all defaults"],
      ],
      load: async () => (await import("./validate.ts")).manifestValidate,
    },
    {
      name: "fmt",
      summary: "Lay a manifest out in its canonical form",
      parameters: ["[FILE]"],
      options: [
        { name: "check", help: "Print nothing; end with 1 when the layout is another" },
        { name: "write", short: "w", help: "Change the file instead of printing" },
      ],
      notes: [FILE_NOTE, "Order and layout change; meaning and comments do not."],
      examples: [
        ["biplane manifest fmt --write", "lay the file out"],
        ["biplane manifest fmt --check", "in continuous integration"],
      ],
      load: async () => (await import("./fmt.ts")).manifestFmt,
    },
    {
      name: "schema",
      summary: "Print the JSON Schema of the manifest, for editors",
      examples: [["biplane manifest schema > biplane.schema.json", "keep it where an editor finds it"]],
      load: async () => (await import("./schema.ts")).manifestSchema,
    },
  ],
};
