/** Instances, what they print, and commands inside them. */
import { type ChannelLogLine, INSTANCE_REASONS, INSTANCE_STATUSES } from "#contracts";
import { owned } from "#control-plane/applications";
import { type CommandOf, groups } from "#control-plane/events";
import { json } from "#foundation/http";
import { readMembers } from "../body.ts";
import type { ApiEnvironment } from "../environment.ts";
import { execute } from "../execute.ts";
import { follow } from "../follow.ts";
import { named } from "../named-schemas.ts";
import { DONE, done, secretAnswer } from "../orgs/shared.ts";
import type { OrgCall, OrgRoute, QueryParameter } from "../route.ts";
import { count, moment, object, text } from "../schemas.ts";
import { followLines, type LogQuestion, recentLines } from "./logs.ts";
import * as present from "./present.ts";
import { answerOf, byNames, ENV, envAt, found, listSchema, PAGE, page, reads, recordSchema, writes } from "./shared.ts";

const INSTANCE = recordSchema(
  "Instance",
  {
    org_id: text,
    app_id: text,
    env_id: text,
    process_type: text,
    node_id: text,
    node: { type: ["string", "null"] },
    release_id: text,
    deploy_id: text,
    secrets_version_id: text,
    spec_hash: text,
    memory_bytes: count,
    cpu_millis: count,
    disk_bytes: count,
    mounts: { type: "array", items: object({ volume_id: text, mount_path: text, read_only: { type: "boolean" } }) },
    desired_state: { enum: ["running", "draining", "stopped"] },
    status: { enum: INSTANCE_STATUSES },
    address: object({ host: text, ports: byNames(count, "The port that listens, by the declared one.") }),
    reason: { enum: INSTANCE_REASONS },
    detail: text,
    exit_code: { type: "integer" },
    restarts: { ...count, description: "How often it was started again." },
    drain_grace_seconds: count,
    draining_since: moment,
    drain_reason: text,
    ready_since: moment,
    ended_at: moment,
  },
  [
    "secrets_version_id",
    "address",
    "reason",
    "detail",
    "exit_code",
    "drain_grace_seconds",
    "draining_since",
    "drain_reason",
    "ready_since",
    "ended_at",
  ],
);
const PROCESS: QueryParameter = {
  name: "process_type",
  description: "Only of this process type.",
  type: "string",
  pattern: "^[a-z][a-z0-9-]{0,31}$",
};
const LOG_QUERY: readonly QueryParameter[] = [
  PROCESS,
  { name: "instance_id", description: "Only of this instance.", type: "string", pattern: "^ins_[0-9a-f]{24}$" },
  { name: "since", description: "Only lines from then on: ISO 8601.", type: "string", pattern: "^[0-9T:.Z+-]{10,40}$" },
  { name: "until", description: "Only lines up to then: ISO 8601.", type: "string", pattern: "^[0-9T:.Z+-]{10,40}$" },
  {
    name: "tail_lines",
    description: "So many of the last lines at most.",
    type: "integer",
    minimum: 0,
    maximum: 10_000,
    default: 200,
  },
];
const MISSING_NODE = object({ node: text, reason: text });
const LINE = named(
  "LogLine",
  object({
    ts: moment,
    instance_id: text,
    process_type: text,
    stream: { enum: ["stdout", "stderr", "system"] },
    line: text,
  }),
);
const EXEC = object({ command: { type: "array", items: text }, tty: { type: "boolean" } }, ["tty"]);
const GRANT = named(
  "ExecSession",
  object({ session_id: text, connect_url: text, session_token: text, expires_in_seconds: count }),
);

export const INSTANCE_ROUTES: readonly OrgRoute[] = [
  reads({
    method: "GET",
    path: `${ENV}/instances`,
    operationId: "listInstances",
    summary: "Lists the instances of an environment, those that have ended lately too.",
    scope: "envs:read",
    query: [
      ...PAGE,
      PROCESS,
      { name: "status", description: "Only in this status.", type: "string", pattern: "^[a-z]{1,20}$" },
    ],
    answer: answerOf(listSchema(INSTANCE), "The newest first."),
    problems: ["NoSuchResource"],
    handle(call, environment) {
      const { envId } = envAt(call, environment);
      const { process_type: processType, status } = call.query;
      const instances = environment.core.views
        .inGroup("instance", groups.inEnv(envId))
        .filter((one) => processType === undefined || one.processType === processType)
        .filter((one) => status === undefined || one.status === status)
        .sort((left, right) => right.createdAt - left.createdAt || (left.instanceId < right.instanceId ? -1 : 1));
      return page(
        call,
        instances,
        ({ instanceId }) => instanceId,
        (one) => present.instance(one, environment.core.views),
      );
    },
  }),
  reads({
    method: "GET",
    path: `${ENV}/instances/{instance}`,
    operationId: "getInstance",
    summary: "Shows an instance.",
    scope: "envs:read",
    answer: answerOf(INSTANCE, "The instance."),
    problems: ["NoSuchResource"],
    handle: (call, environment) => json(present.instance(instanceAt(call, environment), environment.core.views)),
  }),
  writes({
    method: "POST",
    path: `${ENV}/instances/{instance}/restarts`,
    operationId: "restartInstance",
    summary: "Takes an instance away; another one is put in its place.",
    scope: "deploys:write",
    answer: DONE,
    problems: ["NoSuchResource", "ResourceInUse"],
    async handle(call, environment) {
      const { instanceId, accountId } = instanceAt(call, environment);
      await execute(call, environment, { type: "instance.restart", accountId, instanceId });
      return done();
    },
  }),
  writes({
    method: "POST",
    path: `${ENV}/instances/{instance}/exec`,
    operationId: "createExecSession",
    summary: "Grants one command inside an instance.",
    description:
      "Connect to `connect_url` as a WebSocket within a minute, with the token as bearer. Frames are binary: one byte of type, then the body: 0x01 standard input (empty: its end), 0x02 output, 0x03 error output, 0x10 JSON control (`resize`, `signal`, `close`), 0x11 JSON exit.",
    scope: "exec:write",
    requestBody: EXEC,
    answer: {
      status: 201,
      contentType: "application/json",
      schema: GRANT,
      description: "The token is shown here and never again.",
    },
    problems: ["NoSuchResource", "ResourceInUse", "QuotaExceeded", "ValidationFailed"],
    async handle(call, environment) {
      const { instanceId, envId, accountId } = instanceAt(call, environment);
      const { command: argv, tty = true } = await readMembers(call.request, EXEC);
      const command = { type: "execSession.grant", accountId, envId, instanceId, command: argv, tty };
      const granted = await execute(call, environment, command as CommandOf<"execSession.grant">);
      return secretAnswer({
        session_id: granted.execSessionId,
        connect_url: `/v1/exec-sessions/${granted.execSessionId}/connect`,
        session_token: granted.token,
        expires_in_seconds: Math.max(0, Math.round((granted.expiresAt - environment.clock.now()) / 1000)),
      });
    },
  }),
  reads({
    method: "GET",
    path: `${ENV}/logs`,
    operationId: "readLogs",
    summary: "The last lines that instances have printed.",
    scope: "logs:read",
    query: LOG_QUERY,
    answer: answerOf(
      object({
        items: { type: "array", items: LINE },
        incomplete: { type: "array", items: MISSING_NODE },
      }),
      "In order of time. `incomplete` names nodes that could not be asked.",
    ),
    problems: ["NoSuchResource"],
    async handle(call, environment) {
      const { lines, incomplete } = await recentLines(environment, questionOf(call, environment));
      return json({ items: lines.map(presentedLine), incomplete });
    },
  }),
  reads({
    method: "GET",
    path: `${ENV}/logs/stream`,
    operationId: "followLogs",
    summary: "The last lines, then those that come, one JSON object a line.",
    scope: "logs:read",
    query: LOG_QUERY,
    answer: {
      status: 200,
      contentType: "application/x-ndjson",
      schema: { anyOf: [LINE, object({ incomplete: MISSING_NODE })] },
      description: "Until the client hangs up: lines, and nodes that could not be asked. Empty lines mean nothing.",
    },
    problems: ["NoSuchResource", "TOO_MANY_FOLLOWERS"],
    handle(call, environment) {
      const question = questionOf(call, environment);
      return follow(call, environment, {
        tail: (signal) => followLines(environment, question, signal),
        linesOf: (item) => `${JSON.stringify("incomplete" in item ? item : presentedLine(item))}\n`,
        scope: "logs:read",
      });
    },
  }),
];

function instanceAt(call: OrgCall, environment: ApiEnvironment) {
  const { envId, accountId } = envAt(call, environment);
  const instance = owned(environment.core.views, "instance", accountId, call.params.instance!);
  return found(instance?.envId === envId ? instance : undefined, "instance");
}

function questionOf(call: OrgCall, environment: ApiEnvironment): LogQuestion {
  const { envId } = envAt(call, environment);
  const { process_type: processType, instance_id: instanceId, since, until, tail_lines: tailLines } = call.query;
  const at = (value: unknown): number | undefined => {
    const milliseconds = value === undefined ? Number.NaN : Date.parse(String(value));
    return Number.isNaN(milliseconds) ? undefined : milliseconds;
  };
  return {
    envId,
    processType: processType as string | undefined,
    instanceId: instanceId as string | undefined,
    tailLines: Number(tailLines),
    since: at(since),
    until: at(until),
  };
}

const presentedLine = ({ ts, instanceId, processType, stream, line, truncated }: ChannelLogLine) => ({
  ts: new Date(ts).toISOString(),
  instance_id: instanceId,
  process_type: processType,
  stream,
  line,
  ...(truncated === true ? { truncated } : {}),
});
