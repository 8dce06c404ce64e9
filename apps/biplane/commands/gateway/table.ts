/** Commands about gateways. Those that are here need no cloud. */
import { GATEWAY_OPTIONS } from "#apps/gateway/options";
import type { Command, CommandOption } from "../../cli/command.ts";
import { FLEET_COMMANDS } from "./fleet/table.ts";

const SPEC_OPTIONS: readonly CommandOption[] = [
  { name: "spec", short: "s", value: "FILES", help: "Descriptions, separated by commas; the same as naming them" },
  { name: "upstream", value: "URL", help: "Where operations go that say nothing about it" },
  { name: "allow-plaintext", help: "Let upstreams be addressed by http:" },
];
const SPEC_NOTE = "SPEC is an OpenAPI or AsyncAPI document, or a folder of them; the folder specs unless given.";

export const GATEWAY_COMMAND: Command = {
  name: "gateway",
  summary: "Make a gateway of an OpenAPI document, and run it",
  commands: [
    {
      name: "init",
      summary: "Write a description to begin with",
      parameters: ["[FOLDER]"],
      examples: [["biplane gateway init shop", "then cd shop, and biplane gateway dev"]],
      load: async () => (await import("./init.ts")).gatewayInit,
    },
    {
      name: "dev",
      summary: "Serve descriptions, and what becomes of them while they are edited",
      parameters: ["[SPEC]..."],
      options: [
        ...SPEC_OPTIONS,
        { name: "listen", value: "HOST:PORT", help: "Where to listen (127.0.0.1:8080); port 0 for any free one" },
        { name: "secrets-dir", value: "DIR", help: "Folder below which file:// secrets are read" },
      ],
      notes: [SPEC_NOTE, "When something is wrong it is told, and what was served before goes on."],
      examples: [
        ["biplane gateway dev", "serve the folder specs"],
        ["biplane gateway dev petstore.yaml --upstream https://petstore3.swagger.io/api/v3", "in front of a server"],
      ],
      load: async () => (await import("./dev.ts")).gatewayDev,
    },
    {
      name: "validate",
      summary: "Say everything that is wrong with descriptions",
      parameters: ["[SPEC]..."],
      options: [...SPEC_OPTIONS, { name: "format", value: "FORMAT", help: "text, json or sarif (text)" }],
      notes: [SPEC_NOTE, "Ends with 1 when something is wrong."],
      examples: [
        ["biplane gateway validate", "check the folder specs"],
        ["biplane gateway validate --format sarif > problems.sarif", "for code scanning"],
      ],
      load: async () => (await import("./validate.ts")).gatewayValidate,
    },
    {
      name: "compile",
      summary: "Seal descriptions into an artifact",
      parameters: ["[SPEC]..."],
      options: [
        ...SPEC_OPTIONS,
        { name: "output", short: "o", value: "FILE", help: "The artifact; its name usually ends in .bca" },
        { name: "provenance-commit", value: "COMMIT", help: "The revision it is made of, to be told later" },
        { name: "provenance-source", value: "TEXT", help: "Who made it, to be told later" },
      ],
      notes: [
        SPEC_NOTE,
        "The same descriptions give the same bytes. BIPLANE_SIGNING_KEY names a file with an Ed25519 key in PEM to sign with.",
      ],
      examples: [["biplane gateway compile -o shop.bca", "compile the folder specs"]],
      load: async () => (await import("./compile.ts")).gatewayCompile,
    },
    {
      name: "serve",
      summary: "Run an artifact",
      options: GATEWAY_OPTIONS,
      notes: [
        "Another artifact in the file is served at once, on open connections too; SIGHUP reads it again. One that cannot be used is refused, and the old one goes on.",
        "In a fleet the control plane says what is served. Without it the gateway serves on, and starts with what it served last; until it has something to serve it answers 503.",
        "Ends with 13 when a secret is not there.",
      ],
      examples: [
        ["biplane gateway serve --artifact shop.bca", "on port 8080"],
        [
          "biplane gateway serve --control-plane https://ops.example --project-id PROJECT --api-key-file key --state-dir state",
          "as one of a fleet",
        ],
      ],
      load: async () => (await import("./serve.ts")).gatewayServe,
    },
    {
      name: "inspect",
      summary: "Show what is in an artifact",
      parameters: ["ARTIFACT"],
      examples: [["biplane gateway inspect shop.bca", "operations, and what they pass through"]],
      load: async () => (await import("./inspect.ts")).gatewayInspect,
    },
    {
      name: "verify",
      summary: "Check that nothing of an artifact was changed, and who signed it",
      parameters: ["ARTIFACT"],
      options: [
        {
          name: "trusted-key",
          value: "FILES",
          help: "Public keys of which one must have signed it, separated by commas",
        },
      ],
      examples: [["biplane gateway verify shop.bca --trusted-key key.pub", "before it is served"]],
      load: async () => (await import("./verify.ts")).gatewayVerify,
    },
    {
      name: "diff",
      summary: "Say what callers would notice between two artifacts",
      parameters: ["BEFORE", "AFTER"],
      notes: ["Ends with 1 when a caller that was right before may be refused."],
      examples: [["biplane gateway diff old.bca new.bca", "before a release"]],
      load: async () => (await import("./diff.ts")).gatewayDiff,
    },
    {
      name: "explain",
      summary: "Say more about the code of a problem",
      parameters: ["CODE"],
      examples: [["biplane gateway explain E1023", "what it means, with an example"]],
      load: async () => (await import("./explain.ts")).gatewayExplain,
    },
    ...FLEET_COMMANDS,
  ],
};
