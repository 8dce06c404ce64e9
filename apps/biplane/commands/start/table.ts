/** Commands that start something and stay. */
import type { Command, CommandOption } from "../../cli/command.ts";

const HOST: CommandOption = { name: "host", value: "ADDRESS", help: "Listen on this address (127.0.0.1)" };
const PORT: CommandOption = {
  name: "port",
  value: "PORT",
  help: "Port of the AWS endpoint, 0 for any free one (4566)",
};
const API_PORT: CommandOption = {
  name: "api-port",
  value: "PORT",
  help: "Port of the control API, 0 for any free one (4580)",
};
const API_NAME: CommandOption = {
  name: "api-name",
  value: "NAMES",
  help: "Host names under which people reach the control API, separated by commas (this machine's)",
};
const REGION: CommandOption = { name: "region", value: "REGION", help: "Region of the endpoint (us-east-1)" };
const LOG_LEVEL: CommandOption = {
  name: "log-level",
  value: "LEVEL",
  help: "trace, debug, info, warn or error, to standard error (warn)",
};
const ACCESS_LOG: CommandOption = { name: "access-log", value: "FILE", help: "Append one JSON line for each request" };

const HTTP_PORT: CommandOption = {
  name: "http-port",
  value: "PORT",
  help: "Port of applications, 0 for any free one (8080)",
};
const HTTPS_PORT: CommandOption = {
  name: "https-port",
  value: "PORT",
  help: "The same in TLS, with certificates of a local authority (8443 with up)",
};
const TLS_PORT: CommandOption = {
  name: "tls-port",
  value: "PORT",
  help: "Port on which TLS is passed through unopened, by the name it asks for (none)",
};
const JOINING: readonly CommandOption[] = [
  { name: "control-plane", value: "URL", help: "The control API to join (the one of --data, where it runs here)" },
  { name: "join-token", value: "TOKEN", help: "Its join token (BIPLANE_JOIN_TOKEN, or its credentials file)" },
];

const DATABASE: readonly CommandOption[] = [
  {
    name: "database",
    value: "URL",
    help: "Keep the event log in this PostgreSQL (BIPLANE_DATABASE_URL), not in the data directory",
  },
  {
    name: "database-owner",
    value: "URL",
    help: "Make or update its schema first, as this role (BIPLANE_DATABASE_OWNER_URL)",
  },
];

const GATEWAY_HEARTBEAT: CommandOption = {
  name: "gateway-heartbeat",
  value: "SECONDS",
  help: "How often API gateways say how they do, which rollouts wait for (30)",
};

const ENFORCE_THROUGHPUT: CommandOption = {
  name: "enforce-throughput",
  help: "Throttle tables with provisioned throughput, as AWS does",
};

const AUDIT_DATA_EVENTS: CommandOption = {
  name: "audit-data-events",
  help: "Write calls on objects, items and messages into the audit log too",
};

export const START_COMMANDS: readonly Command[] = [
  {
    name: "up",
    summary: "Start a cloud: both planes in one process",
    options: [
      PORT,
      API_PORT,
      HTTP_PORT,
      HTTPS_PORT,
      TLS_PORT,
      API_NAME,
      HOST,
      REGION,
      GATEWAY_HEARTBEAT,
      ENFORCE_THROUGHPUT,
      AUDIT_DATA_EVENTS,
      ...DATABASE,
      LOG_LEVEL,
      ACCESS_LOG,
    ],
    notes: [
      "The data directory is --data, else BIPLANE_DATA, else .biplane in the clone that the program runs from, else ~/.biplane.",
      "Deleting it resets the cloud. SIGINT and SIGTERM stop it cleanly. Every option can be set as BIPLANE_PORT, BIPLANE_API_PORT …",
    ],
    examples: [
      ["biplane up", "start it on the usual ports"],
      ["biplane up --data /tmp/try --port 0", "a second cloud, on free ports"],
    ],
    load: async () => (await import("./up.ts")).up,
  },
  {
    name: "control",
    summary: "Start a control plane alone",
    options: [API_PORT, API_NAME, HOST, REGION, GATEWAY_HEARTBEAT, ...DATABASE, LOG_LEVEL],
    notes: [
      "A URL holds a password, and every process of the machine can read a command line: give it as BIPLANE_DATABASE_URL.",
    ],
    examples: [["biplane control --data /srv/control", "decide here, serve elsewhere"]],
    load: async () => (await import("./control.ts")).control,
  },
  {
    name: "node",
    summary: "Start a data plane alone, joined to a control plane",
    options: [
      ...JOINING,
      { name: "name", value: "NAME", help: "Name shown to operators (the machine's)" },
      PORT,
      HOST,
      REGION,
      ENFORCE_THROUGHPUT,
      AUDIT_DATA_EVENTS,
      LOG_LEVEL,
      ACCESS_LOG,
    ],
    notes: ["Once joined, it starts from its own disk when the control plane is away."],
    examples: [
      [
        "biplane node --data /srv/node --control-plane http://10.0.0.5:4580",
        "serve what that control plane decides (token from BIPLANE_JOIN_TOKEN)",
      ],
    ],
    load: async () => (await import("./node.ts")).node,
  },
  {
    name: "agent",
    summary: "Start an agent alone: run instances on this machine",
    options: [
      ...JOINING,
      { name: "name", value: "NAME", help: "Name of the node (the machine's)" },
      { name: "memory", value: "SIZE", help: "Memory for instances, such as 4Gi (the machine's, less a tenth)" },
      { name: "stop-instances", help: "Stop everything when the agent stops; otherwise instances run on" },
      HOST,
      LOG_LEVEL,
    ],
    notes: [
      "Instances run on when it stops or is killed, and the next agent of the same --data takes them over, with the control plane or without.",
    ],
    examples: [["biplane agent --data /srv/node1 --control-plane http://10.0.0.5:4580", "add this machine"]],
    load: async () => (await import("./agent.ts")).agent,
  },
  {
    name: "edge",
    summary: "Start an edge alone: take requests to instances",
    options: [...JOINING, HTTP_PORT, HTTPS_PORT, TLS_PORT, HOST, LOG_LEVEL, ACCESS_LOG],
    notes: [
      "A second one may be started on the same ports before the first is stopped: it takes over, and no request is lost.",
    ],
    examples: [["biplane edge --data /srv/edge --http-port 80", "serve on port 80"]],
    load: async () => (await import("./agent.ts")).edge,
  },
];
