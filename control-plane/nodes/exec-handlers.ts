/** Commands that people run inside instances: granted, connected once, ended (plfm exec specification). */
import type { ExecSessionRecord, InstanceRecord } from "#contracts";
import { quotaExceeded, quotaLimits } from "#control-plane/applications";
import { type CatalogReader, type CommandHandlers, groups, type NewEvent, refuse } from "#control-plane/events";
import type { NodeDependencies } from "./dependencies.ts";

export type ExecCommands = "execSession.grant" | "execSession.connect" | "execSession.end";

/** How long a grant is good for. */
const TOKEN_LIFETIME_MS = 60_000;
const SESSIONS_OF_ENV_MAX = 10;
const SESSIONS_OF_INSTANCE_MAX = 2;
const HOUR_MS = 3_600_000;

/** Sessions that ended longer ago than this are taken off the list, some at each grant. */
const KEPT_MS = HOUR_MS;
const COLLECTED_MAX = 50;

const COMMAND_CHARACTERS_MAX = 8_192;

const RUNNING: ReadonlySet<InstanceRecord["status"]> = new Set(["starting", "ready", "unready"]);

export function createExecHandlers({ newId, newToken, now }: NodeDependencies): CommandHandlers<ExecCommands> {
  return {
    "execSession.grant"({ accountId, envId, instanceId, command, tty }, views) {
      const instance = views.record("instance", instanceId);
      if (instance === undefined || instance.accountId !== accountId || instance.envId !== envId) {
        return refuse("NoSuchResource", "There is no such instance in this environment");
      }
      if (command.length === 0 || command[0] === "") {
        return refuse("ValidationFailed", "command must name a program");
      }
      if (command.join(" ").length > COMMAND_CHARACTERS_MAX || command.some((part) => part.includes("\0"))) {
        return refuse("ValidationFailed", `command must have ${COMMAND_CHARACTERS_MAX} characters at most, and no NUL`);
      }
      if (!RUNNING.has(instance.status) || instance.desiredState !== "running") {
        return refuse("ResourceInUse", `The instance is not running: it is ${instance.status}`, {
          status: instance.status,
        });
      }
      const at = now();
      const over = limitProblem(views, instance, at);
      if (over !== undefined) return over;
      const execSessionId = newId("exs_");
      const token = newToken();
      const expiresAt = at + TOKEN_LIFETIME_MS;
      const payload = {
        execSessionId,
        accountId,
        appId: instance.appId,
        envId,
        instanceId,
        nodeId: instance.nodeId,
        command,
        tty,
        tokenHash: token.hash,
        expiresAt,
        status: "granted",
      } as const;
      return {
        ok: true,
        events: [
          ...tidied(views, instance, at),
          { type: "execSession.granted", aggregateId: execSessionId, org: accountId, payload },
        ],
        result: { execSessionId, token: token.text, expiresAt },
      };
    },

    "execSession.connect"({ execSessionId }, views) {
      const session = views.record("execSession", execSessionId);
      const at = now();
      if (session === undefined) return refuse("NoSuchResource", "There is no such exec session");
      if (session.status !== "granted") return refuse("ResourceInUse", "The exec session was connected already");
      if (session.expiresAt <= at) return refuse("NoSuchResource", "The exec session has expired: ask for another one");
      const payload = { execSessionId, status: "connected", connectedAt: at } as const;
      return {
        ok: true,
        events: [{ type: "execSession.connected", aggregateId: execSessionId, org: session.accountId, payload }],
        result: {},
      };
    },

    "execSession.end"({ execSessionId, exitCode, endReason }, views) {
      const session = views.record("execSession", execSessionId);
      if (session === undefined) return refuse("NoSuchResource", "There is no such exec session");
      if (session.status === "ended") return { ok: true, events: [], result: {} };
      const payload = {
        execSessionId,
        status: "ended",
        endedAt: now(),
        endReason,
        ...(exitCode === undefined ? {} : { exitCode }),
      } as const;
      return {
        ok: true,
        events: [{ type: "execSession.ended", aggregateId: execSessionId, org: session.accountId, payload }],
        result: {},
      };
    },
  };
}

/** Whether a session may still do something: it is connected, or somebody may come with its token. */
const isOpen = ({ status, expiresAt }: ExecSessionRecord, at: number): boolean =>
  status === "connected" || (status === "granted" && expiresAt > at);

function limitProblem(views: CatalogReader, { accountId, envId, instanceId }: InstanceRecord, at: number) {
  const all = views.inGroup("execSession", groups.ofAccount(accountId));
  const open = all.filter((session) => isOpen(session, at));
  const limits = quotaLimits(views, accountId);
  const counts = [
    ["exec_sessions", limits.exec_sessions, open.length],
    ["exec_sessions", SESSIONS_OF_ENV_MAX, open.filter((session) => session.envId === envId).length],
    ["exec_sessions", SESSIONS_OF_INSTANCE_MAX, open.filter((session) => session.instanceId === instanceId).length],
    [
      "exec_sessions_per_hour",
      limits.exec_sessions_per_hour,
      all.filter(({ createdAt }) => createdAt > at - HOUR_MS).length,
    ],
  ] as const;
  const over = counts.find(([, limit, usage]) => usage >= limit);
  return over === undefined ? undefined : quotaExceeded(over[0], over[1], over[2], 1);
}

/** Old sessions are taken off the list; the log keeps them. */
function tidied(views: CatalogReader, { accountId, envId }: InstanceRecord, at: number): readonly NewEvent[] {
  return views
    .inGroup("execSession", groups.inEnv(envId))
    .filter((session) => !isOpen(session, at) && session.updatedAt < at - KEPT_MS)
    .slice(0, COLLECTED_MAX)
    .map(({ execSessionId }) => ({
      type: "execSession.collected",
      aggregateId: execSessionId,
      org: accountId,
      payload: { execSessionId },
    }));
}
