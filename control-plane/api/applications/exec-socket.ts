/** `/v1/exec-sessions/{id}/connect`: a person's terminal on one side, the node's channel on the other. */
import type { ChannelEnd, ExecEndReason, ExecExitMessage } from "#contracts";
import { EXEC_FRAME } from "#contracts";
import { secretHash } from "#control-plane/platform-identity";
import { channelOfSocket } from "#foundation/channel";
import { equalInConstantTime } from "#foundation/crypto";
import { type HttpRequest, ProblemError, type WebSocketAccept } from "#foundation/http";
import type { ApiEnvironment } from "../environment.ts";

const PATH = /^\/v1\/exec-sessions\/(exs_[0-9a-f]{24})\/connect$/;
const TOKEN = /^Bearer (bpx_[A-Za-z0-9_-]{43})$/;

export const isExecSocket = (path: string): boolean => PATH.test(path);

const refused = (detail: string): ProblemError =>
  new ProblemError({
    status: 401,
    code: "EXEC_SESSION_REFUSED",
    title: "This exec session cannot be connected.",
    detail,
  });

/** The token is good once, and for a minute. @throws ProblemError 401 */
export async function acceptExec(request: HttpRequest, environment: ApiEnvironment): Promise<WebSocketAccept> {
  const { core, plans, clock, logger } = environment;
  const execSessionId = PATH.exec(request.path)![1]!;
  const token = TOKEN.exec(request.headers.get("authorization") ?? "")?.[1];
  const session = core.views.record("execSession", execSessionId);
  if (session === undefined || token === undefined || !equalInConstantTime(session.tokenHash, secretHash(token))) {
    throw refused("There is no such session, or the token is not its own.");
  }
  if (session.status !== "granted" || session.expiresAt <= clock.now()) {
    throw refused("The session has been used, or has expired: ask for another one.");
  }
  const origin = { actor: `exec:${execSessionId}`, requestId: request.id };
  // Whoever comes second with the same token is refused here, whatever the order of arrival.
  const outcome = await core.execute({ type: "execSession.connect", execSessionId }, origin);
  if (!outcome.ok) throw refused(outcome.message);
  const end = (endReason: ExecEndReason, exitCode?: number): void => {
    const code = exitCode === undefined ? {} : { exitCode };
    void core.execute({ type: "execSession.end", execSessionId, endReason, ...code }, origin);
  };
  const { instanceId, command, tty, nodeId } = session;
  let channel: ChannelEnd;
  try {
    channel = await plans.channels.open(nodeId, { type: "exec", execSessionId, instanceId, command, tty });
  } catch (error) {
    end("connect_timeout");
    const detail = error instanceof Error ? error.message : String(error);
    throw new ProblemError({
      status: 503,
      code: "NODE_UNREACHABLE",
      title: "The instance's node cannot be reached.",
      detail,
    });
  }
  return {
    kind: "accept",
    onOpen(connection) {
      const client = channelOfSocket(connection);
      let over = false;
      const finish = (reason: ExecEndReason, code?: number): void => {
        if (over) return;
        over = true;
        end(reason, code);
      };
      client.onMessage((message) => {
        if (typeof message !== "string") void channel.send(message);
      });
      channel.onMessage((message) => {
        if (typeof message === "string") return;
        void client.send(message);
        if (message[0] !== EXEC_FRAME.exit) return;
        const exit = JSON.parse(new TextDecoder().decode(message.subarray(1))) as ExecExitMessage;
        finish(exit.reason, exit.exit_code ?? undefined);
      });
      client.onClose(() => {
        finish("client_disconnect");
        channel.close();
      });
      channel.onClose(() => {
        finish("node_lost");
        client.close();
      });
      logger.info("an exec session was connected", { execSessionId, instanceId });
    },
  };
}
