/** Commands about the fleets of gateways that a control plane knows. */
import { type Command, type CommandOption, ORG_OPTIONS } from "../../../cli/command.ts";

const PROJECT: readonly CommandOption[] = [
  { name: "project", value: "PROJECT", help: "The project, by name or id (BIPLANE_PROJECT; yours, if there is one)" },
  ...ORG_OPTIONS,
];
const WATCH: CommandOption = {
  name: "watch",
  help: "Show how far it is until it has ended; ends with 1 if it was not completed",
};
const REASON: CommandOption = { name: "reason", value: "TEXT", help: "Why, for people" };

export const FLEET_COMMANDS: readonly Command[] = [
  {
    name: "specs",
    summary: "Descriptions that the control plane keeps and builds",
    commands: [
      {
        name: "push",
        summary: "Send descriptions with everything they refer to, and have them built",
        parameters: ["[SPEC]..."],
        options: [
          { name: "name", value: "NAME", help: "Name of the spec (that of its first file)" },
          { name: "message", value: "TEXT", help: "What is new, for people" },
          {
            name: "spec",
            short: "s",
            value: "FILES",
            help: "Descriptions, separated by commas; the same as naming them",
          },
          { name: "upstream", value: "URL", help: "Where operations go that say nothing about it" },
          { name: "allow-plaintext", help: "Let upstreams be addressed by http:" },
          { name: "provenance-commit", value: "COMMIT", help: "The revision it is made of, to be told later" },
          { name: "provenance-source", value: "TEXT", help: "Who made it, to be told later" },
          ...PROJECT,
        ],
        notes: [
          "SPEC is an OpenAPI or AsyncAPI document, or a folder of them; the folder specs unless given.",
          "The build has the same bytes as that of biplane gateway compile. When something is wrong, nothing is sent.",
        ],
        examples: [["biplane gateway specs push orders.yaml", "as the spec orders"]],
        load: async () => (await import("./specs.ts")).pushSpec,
      },
      {
        name: "list",
        summary: "List the specs",
        options: PROJECT,
        load: async () => (await import("./specs.ts")).listSpecs,
      },
      {
        name: "delete",
        summary: "Delete a spec with its revisions; what was built of it stays",
        parameters: ["SPEC"],
        options: PROJECT,
        load: async () => (await import("./specs.ts")).deleteSpec,
      },
    ],
  },
  {
    name: "builds",
    summary: "What was compiled by the control plane",
    commands: [
      {
        name: "list",
        summary: "List the builds, the newest first",
        options: PROJECT,
        load: async () => (await import("./builds.ts")).listBuilds,
      },
      {
        name: "show",
        summary: "Show a build with what the compiler says",
        parameters: ["BUILD"],
        options: PROJECT,
        load: async () => (await import("./builds.ts")).showBuild,
      },
      {
        name: "artifacts",
        summary: "List the artifacts, the newest first; the same as artifacts list",
        options: PROJECT,
        load: async () => (await import("./artifacts.ts")).listArtifacts,
      },
    ],
  },
  {
    name: "artifacts",
    summary: "What gateways run: compiled by the control plane, or elsewhere",
    commands: [
      {
        name: "list",
        summary: "List the artifacts, the newest first",
        options: PROJECT,
        load: async () => (await import("./artifacts.ts")).listArtifacts,
      },
      {
        name: "show",
        summary: "Show an artifact: where it comes from, and who has signed it",
        parameters: ["ARTIFACT"],
        options: PROJECT,
        load: async () => (await import("./artifacts.ts")).showArtifact,
      },
      {
        name: "upload",
        summary: "Upload an artifact that was compiled elsewhere",
        parameters: ["FILE"],
        options: [
          {
            name: "trusted-key",
            value: "FILES",
            help: "Public keys of which one must have signed it, separated by commas; otherwise nothing is sent",
          },
          ...PROJECT,
        ],
        notes: [
          "It is verified here, and again by the control plane, which takes what one of the project's trusted keys has signed; anything, when there are none.",
          "The same file again is the same artifact.",
        ],
        examples: [["biplane gateway artifacts upload shop.bca", "then deploy it"]],
        load: async () => (await import("./artifacts.ts")).uploadArtifact,
      },
      {
        name: "download",
        summary: "Fetch an artifact as the file that it is",
        parameters: ["ARTIFACT"],
        options: [{ name: "output", short: "o", value: "FILE", help: "Where to" }, ...PROJECT],
        load: async () => (await import("./artifacts.ts")).downloadArtifact,
      },
      {
        name: "delete",
        summary: "Delete an artifact that no gateway shall serve",
        parameters: ["ARTIFACT"],
        options: PROJECT,
        load: async () => (await import("./artifacts.ts")).deleteArtifact,
      },
    ],
  },
  {
    name: "trusted-keys",
    summary: "Keys that a project trusts to sign what was compiled elsewhere",
    commands: [
      {
        name: "list",
        summary: "List the keys",
        options: PROJECT,
        load: async () => (await import("./trusted-keys.ts")).listTrustedKeys,
      },
      {
        name: "put",
        summary: "Trust a key by a name; another one takes the place of the one before",
        parameters: ["NAME", "FILE"],
        options: PROJECT,
        notes: [
          "FILE is a public Ed25519 key in PEM: openssl genpkey -algorithm ed25519 -out key.pem; openssl pkey -in key.pem -pubout -out key.pub",
        ],
        examples: [["biplane gateway trusted-keys put ci key.pub", "from now on, what it has signed and nothing else"]],
        load: async () => (await import("./trusted-keys.ts")).putTrustedKey,
      },
      {
        name: "delete",
        summary: "Trust a key no more",
        parameters: ["NAME"],
        options: PROJECT,
        load: async () => (await import("./trusted-keys.ts")).deleteTrustedKey,
      },
    ],
  },
  {
    name: "deploy",
    summary: "Say what the gateways of a project shall serve, and how it is rolled out",
    parameters: ["[ARTIFACT]"],
    options: [
      { name: "stages", value: "STAGES", help: "Shares of all gateways and names of groups: canary,10%,100% (100%)" },
      { name: "bake", value: "TIME", help: "How long the gateways of a stage must do well before the next one (60s)" },
      { name: "max-error-rate", value: "SHARE", help: "Share of requests that may be answered with 500 or above: 1%" },
      { name: "min-requests", value: "COUNT", help: "Fewer requests in a stage prove nothing (0)" },
      { name: "halt", help: "When gateways do badly, halt and wait for people; otherwise it goes back by itself" },
      WATCH,
      ...PROJECT,
    ],
    notes: [
      "Without ARTIFACT the newest is deployed; without any of these options, everywhere at once. The last stage is always for all gateways.",
      "A gateway that refuses the artifact or does not take it ends the rollout, too. Names of groups joined by + make one stage.",
    ],
    examples: [
      ["biplane gateway deploy", "the newest artifact, everywhere"],
      ["biplane gateway deploy --stages 10%,50%,100% --bake 60s --max-error-rate 1% --watch", "carefully"],
    ],
    load: async () => (await import("./deployments.ts")).deploy,
  },
  {
    name: "rollback",
    summary: "Go back to what the gateways of a project served before, all at once",
    parameters: ["[ARTIFACT]"],
    options: [REASON, WATCH, ...PROJECT],
    examples: [["biplane gateway rollback --watch", "to what was before"]],
    load: async () => (await import("./deployments.ts")).rollback,
  },
  {
    name: "deployments",
    summary: "What was deployed to gateways, and how it went",
    commands: [
      {
        name: "list",
        summary: "List the deployments, the current one first",
        options: PROJECT,
        load: async () => (await import("./deployments.ts")).listDeployments,
      },
      {
        name: "show",
        summary: "Show a deployment, else the current one",
        parameters: ["[DEPLOYMENT]"],
        options: PROJECT,
        load: async () => (await import("./deployments.ts")).showDeployment,
      },
      {
        name: "watch",
        summary: "Show how far a deployment is until it has ended; ends with 1 if it was not completed",
        parameters: ["[DEPLOYMENT]"],
        options: PROJECT,
        load: async () => (await import("./deployments.ts")).followDeployment,
      },
      {
        name: "halt",
        summary: "Halt a rollout: it reaches no further gateway",
        parameters: ["[DEPLOYMENT]"],
        options: [REASON, ...PROJECT],
        load: async () => (await import("./deployments.ts")).haltDeployment,
      },
      {
        name: "resume",
        summary: "Go on with a rollout that has halted; its stage begins anew",
        parameters: ["[DEPLOYMENT]"],
        options: PROJECT,
        load: async () => (await import("./deployments.ts")).resumeDeployment,
      },
      {
        name: "advance",
        summary: "Take a rollout to its next stage, whatever its gateways say",
        parameters: ["[DEPLOYMENT]"],
        options: PROJECT,
        load: async () => (await import("./deployments.ts")).advanceDeployment,
      },
    ],
  },
  {
    name: "data-planes",
    summary: "The gateways of a project",
    commands: [
      {
        name: "list",
        summary: "List the gateways: whether they are connected, what they serve, how they do",
        options: PROJECT,
        load: async () => (await import("./data-planes.ts")).listDataPlanes,
      },
      {
        name: "show",
        summary: "Show a gateway",
        parameters: ["GATEWAY"],
        options: PROJECT,
        load: async () => (await import("./data-planes.ts")).showDataPlane,
      },
      {
        name: "group",
        summary: "Put a gateway into a group, or out of its group",
        parameters: ["GATEWAY", "[GROUP]"],
        options: [{ name: "none", help: "Out of its group" }, ...PROJECT],
        load: async () => (await import("./data-planes.ts")).groupDataPlane,
      },
      {
        name: "remove",
        summary: "Take a gateway away and end its connection; it serves on what it has",
        parameters: ["GATEWAY"],
        options: PROJECT,
        load: async () => (await import("./data-planes.ts")).removeDataPlane,
      },
    ],
  },
  {
    name: "groups",
    summary: "Groups of gateways, for rollouts by name",
    commands: [
      {
        name: "list",
        summary: "List the groups",
        options: PROJECT,
        load: async () => (await import("./data-planes.ts")).listGroups,
      },
      {
        name: "create",
        summary: "Make a group",
        parameters: ["NAME"],
        options: PROJECT,
        load: async () => (await import("./data-planes.ts")).createGroup,
      },
      {
        name: "delete",
        summary: "Delete a group that nothing needs",
        parameters: ["GROUP"],
        options: PROJECT,
        load: async () => (await import("./data-planes.ts")).deleteGroup,
      },
    ],
  },
  {
    name: "keys",
    summary: "Keys by which gateways connect",
    commands: [
      {
        name: "list",
        summary: "List the keys, those that are revoked too",
        options: PROJECT,
        load: async () => (await import("./keys.ts")).listKeys,
      },
      {
        name: "create",
        summary: "Make a key; it is shown once",
        parameters: ["NAME"],
        options: [
          {
            name: "group",
            value: "GROUP",
            help: "Gateways that register with it for the first time are of this group",
          },
          { name: "expires-in", value: "TIME", help: "How long it is good for, such as 90d (for ever)" },
          ...PROJECT,
        ],
        examples: [["biplane gateway keys create edges", "then start a gateway with it"]],
        load: async () => (await import("./keys.ts")).createKey,
      },
      {
        name: "rotate",
        summary: "Give a key another secret; the one before stays good for a while",
        parameters: ["KEY"],
        options: [{ name: "grace", value: "TIME", help: "How long, such as 1h (1d)" }, ...PROJECT],
        load: async () => (await import("./keys.ts")).rotateKey,
      },
      {
        name: "revoke",
        summary: "Revoke a key; gateways that use it are disconnected, and serve on",
        parameters: ["KEY"],
        options: PROJECT,
        load: async () => (await import("./keys.ts")).revokeKey,
      },
    ],
  },
];
