/** Commands for applications. */
import { type Command, type CommandOption, ORG_OPTIONS } from "../../cli/command.ts";
import { APP_OPTION, ENV_OPTION } from "./options.ts";
import { VOLUME_COMMANDS } from "./volumes-table.ts";

const APP = [APP_OPTION, ...ORG_OPTIONS];
const ENV = [APP_OPTION, ENV_OPTION, ...ORG_OPTIONS];
const PROCESS: CommandOption = { name: "process", short: "p", value: "PROCESS", help: "Only this process type" };
const NO_WAIT: CommandOption = { name: "no-wait", help: "Return as soon as it has begun" };
const WAIT_TIMEOUT: CommandOption = {
  name: "wait-timeout",
  value: "SECONDS",
  help: "Wait no longer than this (600)",
};
const WAIT: readonly CommandOption[] = [NO_WAIT, WAIT_TIMEOUT];

export const APP_COMMANDS: readonly Command[] = [
  {
    name: "deploy",
    summary: "Deploy a directory or an image, and wait until it serves",
    parameters: ["[DIR|IMAGE]"],
    options: [
      ...ENV,
      { name: "process", short: "p", value: "NAMES", help: "Only these process types, separated by commas" },
      { name: "manifest", value: "FILE", help: "Another manifest than the directory's biplane.toml" },
      { name: "message", short: "m", value: "TEXT", help: "What this release is about" },
      { name: "command", value: "COMMAND", help: "Of an image without a manifest: what to run" },
      { name: "port", value: "PORT", help: "Of an image without a manifest: the port it listens on" },
      { name: "memory", value: "SIZE", help: "Of an image without a manifest: its limit (256Mi)" },
      { name: "dry-run", help: "Check the manifest, change nothing" },
      ...WAIT,
    ],
    notes: [
      "A directory is packed with what .biplaneignore (or else .gitignore) leaves; an image comes from a registry, an OCI layout or a `docker save` archive.",
      "Old instances go only when new ones are ready, so no request is lost. When a deploy fails, what ran before runs on.",
    ],
    examples: [
      ["biplane deploy examples/hello", "a directory with a biplane.toml"],
      ["biplane deploy --env staging -m 'try the new cart'", "the working directory, to another environment"],
    ],
    load: async () => (await import("./deploy.ts")).deploy,
  },
  {
    name: "rollback",
    summary: "Deploy an earlier release again",
    parameters: ["[RELEASE]"],
    options: [...ENV, ...WAIT],
    examples: [
      ["biplane rollback", "to what ran before"],
      ["biplane rollback 3", "to release 3"],
    ],
    load: async () => (await import("./releases.ts")).rollback,
  },
  {
    name: "wait",
    summary: "Wait until a deploy has come to its end",
    parameters: ["[DEPLOY]"],
    options: [...ENV, WAIT_TIMEOUT],
    notes: [
      "Without a name it is the last deploy. Exit code 0: it serves; 1: it has failed; 5: a later one took its place; 6: it is not done yet.",
    ],
    examples: [["biplane deploy --no-wait && biplane wait", "begin now, look later"]],
    load: async () => (await import("./deploys.ts")).waitForEnd,
  },
  {
    name: "scale",
    summary: "Set how many instances of processes run",
    parameters: ["PROCESS=NUMBER..."],
    options: [...ENV, NO_WAIT],
    examples: [["biplane scale web=3 worker=0", "three of one, none of the other"]],
    load: async () => (await import("./releases.ts")).scale,
  },
  {
    name: "restart",
    summary: "Replace all instances by new ones of the same release, one by one",
    parameters: ["[PROCESS...]"],
    options: [...ENV, NO_WAIT],
    load: async () => (await import("./releases.ts")).restart,
  },
  {
    name: "ps",
    summary: "Show how an environment is: releases, instances, routes",
    options: ENV,
    load: async () => (await import("./instances.ts")).envStatus,
  },
  {
    name: "why",
    summary: "Why is it not served, not as wanted, started again; what has changed",
    options: ENV,
    load: async () => (await import("./instances.ts")).why,
  },
  {
    name: "logs",
    summary: "What instances print",
    options: [
      { name: "follow", short: "f", help: "Go on with new lines" },
      PROCESS,
      { name: "instance", value: "INSTANCE", help: "Only this instance" },
      { name: "since", value: "TIME", help: "Only from then on: 10m, 2h, or a time in ISO 8601" },
      { name: "tail", value: "LINES", help: "So many of the last lines (200)" },
      ...ENV,
    ],
    load: async () => (await import("./instances.ts")).logs,
  },
  {
    name: "exec",
    summary: "Run a command inside an instance",
    parameters: ["COMMAND..."],
    options: [
      PROCESS,
      { name: "instance", value: "INSTANCE", help: "In this instance (the newest that runs)" },
      { name: "tty", short: "t", help: "With a terminal, also where there is none here" },
      { name: "no-tty", help: "Without a terminal" },
      ...ENV,
    ],
    notes: ["Ends with the command's own exit code."],
    examples: [["biplane exec -- sh", "look around"]],
    load: async () => (await import("./exec.ts")).exec,
  },
  {
    name: "use",
    summary: "Remember which app and environment commands are about",
    parameters: ["APP", "[ENV]"],
    load: async () => (await import("./apps.ts")).use,
  },
  {
    name: "apps",
    summary: "Applications of the org",
    commands: [
      {
        name: "list",
        summary: "List the apps",
        options: ORG_OPTIONS,
        load: async () => (await import("./apps.ts")).listApps,
      },
      {
        name: "create",
        summary: "Make an app; deploy does it too",
        parameters: ["NAME"],
        options: [{ name: "description", value: "TEXT", help: "What it is for" }, ...ORG_OPTIONS],
        load: async () => (await import("./apps.ts")).createApp,
      },
      {
        name: "delete",
        summary: "Delete an app that has no environments, with its releases",
        parameters: ["NAME"],
        options: ORG_OPTIONS,
        load: async () => (await import("./apps.ts")).deleteApp,
      },
    ],
  },
  {
    name: "projects",
    summary: "Names under which apps belong together",
    commands: [
      {
        name: "list",
        summary: "List the projects",
        options: ORG_OPTIONS,
        load: async () => (await import("./apps.ts")).listProjects,
      },
      {
        name: "create",
        summary: "Make a project",
        parameters: ["NAME"],
        options: ORG_OPTIONS,
        load: async () => (await import("./apps.ts")).createProject,
      },
    ],
  },
  {
    name: "envs",
    summary: "Environments of an app",
    commands: [
      {
        name: "list",
        summary: "List the environments",
        options: APP,
        load: async () => (await import("./apps.ts")).listEnvs,
      },
      {
        name: "create",
        summary: "Make an environment; deploy does it too",
        parameters: ["NAME"],
        options: APP,
        load: async () => (await import("./apps.ts")).createEnv,
      },
      {
        name: "delete",
        summary: "Delete an environment and everything that runs in it",
        parameters: ["NAME"],
        options: APP,
        load: async () => (await import("./apps.ts")).deleteEnv,
      },
    ],
  },
  {
    name: "releases",
    summary: "What was deployed, and can be again",
    commands: [
      {
        name: "list",
        summary: "List the releases, the newest first",
        options: APP,
        load: async () => (await import("./releases.ts")).listReleases,
      },
      {
        name: "show",
        summary: "Show a release with its manifest",
        parameters: ["RELEASE"],
        options: APP,
        load: async () => (await import("./releases.ts")).showRelease,
      },
      {
        name: "diff",
        summary: "Show how two releases differ",
        parameters: ["FROM", "TO"],
        options: APP,
        load: async () => (await import("./releases.ts")).diffReleases,
      },
    ],
  },
  {
    name: "deploys",
    summary: "Deploys of an environment",
    commands: [
      {
        name: "list",
        summary: "List the deploys, the newest first",
        options: ENV,
        load: async () => (await import("./deploys.ts")).listDeploys,
      },
      {
        name: "show",
        summary: "Show a deploy",
        parameters: ["DEPLOY"],
        options: ENV,
        load: async () => (await import("./deploys.ts")).showDeploy,
      },
    ],
  },
  {
    name: "routes",
    summary: "Host names and ports that lead to an environment",
    commands: [
      {
        name: "list",
        summary: "List the routes",
        options: ENV,
        load: async () => (await import("./routes.ts")).listRoutes,
      },
      {
        name: "add",
        summary: "Add a host name (with a path) or a port",
        parameters: ["HOST[/PATH]|PORT"],
        options: [
          { name: "process", short: "p", value: "PROCESS", help: "Where it leads (web)" },
          { name: "to-port", value: "PORT", help: "A port that the process declares" },
          { name: "protocol", value: "PROTOCOL", help: "http, tls_passthrough or tcp_raw (by what is given)" },
          { name: "proxy-protocol", help: "Tell the program who connects, with a PROXY header of version 2" },
          ...ENV,
        ],
        examples: [["biplane routes add shop.example.com --to-port 8080", "a name of your own"]],
        load: async () => (await import("./routes.ts")).addRoute,
      },
      {
        name: "remove",
        summary: "Take a route away",
        parameters: ["ROUTE"],
        options: ENV,
        load: async () => (await import("./routes.ts")).removeRoute,
      },
    ],
  },
  {
    name: "secrets",
    summary: "Secrets of an environment: set, and never shown",
    commands: [
      {
        name: "set",
        summary: "Set some and keep the others",
        parameters: ["NAME=VALUE|NAME=@FILE|NAME..."],
        options: ENV,
        notes: [
          "Every process of the machine can read a command line: NAME alone takes the value from standard input, NAME=@FILE from a file.",
          "Programs find them in the file that BIPLANE_SECRETS_FILE names.",
        ],
        examples: [["biplane secrets set API_KEY < key.txt", "a value that no shell has seen"]],
        load: async () => (await import("./secrets.ts")).setSecrets,
      },
      {
        name: "unset",
        summary: "Take some away",
        parameters: ["NAME..."],
        options: ENV,
        load: async () => (await import("./secrets.ts")).unsetSecrets,
      },
      {
        name: "import",
        summary: "Replace all of them by those of a file",
        parameters: ["FILE"],
        options: ENV,
        load: async () => (await import("./secrets.ts")).importSecrets,
      },
      {
        name: "list",
        summary: "List the names",
        options: ENV,
        load: async () => (await import("./secrets.ts")).listSecrets,
      },
      {
        name: "confirm",
        summary: "Say that none are needed",
        options: [{ name: "none", help: "None are needed" }, ...ENV],
        load: async () => (await import("./secrets.ts")).confirmNone,
      },
    ],
  },
  VOLUME_COMMANDS,
  {
    name: "instances",
    summary: "Instances of an environment",
    commands: [
      {
        name: "list",
        summary: "List the instances, those that ended lately too",
        options: ENV,
        load: async () => (await import("./instances.ts")).listInstances,
      },
      {
        name: "show",
        summary: "Show an instance",
        parameters: ["INSTANCE"],
        options: ENV,
        load: async () => (await import("./instances.ts")).showInstance,
      },
      {
        name: "restart",
        summary: "Take an instance away; another one takes its place",
        parameters: ["INSTANCE"],
        options: ENV,
        load: async () => (await import("./instances.ts")).restartInstance,
      },
    ],
  },
  {
    name: "quotas",
    summary: "What the org may use, and uses",
    options: ORG_OPTIONS,
    load: async () => (await import("./apps.ts")).quotas,
  },
];
