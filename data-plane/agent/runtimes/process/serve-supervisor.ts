/** The supervisor's socket. One request a connection, in the first frame: `watch`, `follow`, `signal`, `stop` or `exec`. */
import { createServer, type Socket } from "node:net";
import { execArguments } from "../container/launch-container.ts";
import { RUNC_ENVIRONMENT, takeTrouble } from "../container/runc.ts";
import { encodeFrame, encodeJsonFrame, FRAME, type Frame, FrameReader, frameJson } from "../rules/frames.ts";
import { isSignalName, type SignalName } from "../rules/signals.ts";
import type { ExecSpec } from "../runtime.ts";
import type { Children } from "./children.ts";
import { type ExecRequest, execInInstance, type RunningExec } from "./exec-in-instance.ts";
import type { Supervision } from "./supervise.ts";

/** What the agent asks for. Checked by the agent; the socket lies in a folder that only it can enter. */
export type SupervisorRequest =
  | { readonly type: "watch" }
  | { readonly type: "follow" }
  | { readonly type: "signal"; readonly signal: SignalName }
  | { readonly type: "stop"; readonly graceMs: number }
  | ({ readonly type: "exec" } & ExecSpec);

export interface SupervisorHandlers {
  readonly supervision: Supervision;
  readonly children: Children;
  /** Undefined when the program does not run. */
  readonly mainPid: () => number | undefined;
  readonly signal: (signal: SignalName) => void;
  readonly stop: (graceMs: number) => void;
}

export interface SupervisorServer {
  /** Tells those who follow that lines were written. */
  readonly appended: () => void;
  /** Ends all connections, after what was written to them: that is the news that the run is over. */
  close(): Promise<void>;
}

/** Followers are told at most this often: they read whatever has come until then in one go. */
const APPENDED_PERIOD_MS = 10;

export async function serveSupervisor(handlers: SupervisorHandlers): Promise<SupervisorServer> {
  const sockets = new Set<Socket>();
  const followers = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      followers.delete(socket);
    });
    socket.on("error", () => socket.destroy());
    serveConnection(socket, handlers, followers);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    // The working directory is the instance's: see `InstanceFiles`.
    server.listen(handlers.supervision.files.socket, resolve);
  });
  let due: ReturnType<typeof setTimeout> | undefined;
  return {
    appended() {
      if (followers.size === 0 || due !== undefined) return;
      due = setTimeout(() => {
        due = undefined;
        // One who has not taken the last message yet will read these lines too when it does.
        for (const socket of followers) if (socket.writableLength === 0) socket.write(encodeFrame(FRAME.appended));
      }, APPENDED_PERIOD_MS);
    },
    async close() {
      clearTimeout(due);
      server.close();
      await Promise.all(
        [...sockets].map(
          (socket) =>
            new Promise<void>((resolve) => {
              socket.once("close", () => resolve());
              socket.end(() => socket.destroy());
            }),
        ),
      );
    },
  };
}

function serveConnection(socket: Socket, handlers: SupervisorHandlers, followers: Set<Socket>): void {
  const reader = new FrameReader();
  let exec: RunningExec | undefined;
  let asked = false;
  socket.on("data", (bytes: Buffer) => {
    try {
      for (const frame of reader.push(bytes)) {
        if (asked) exec?.onFrame(frame);
        else {
          asked = true;
          exec = answer(socket, requestOf(frame), handlers, followers);
        }
      }
    } catch (error) {
      socket.end(encodeJsonFrame(FRAME.control, { type: "error", message: (error as Error).message }));
    }
  });
  socket.on("close", () => exec?.onClientGone());
}

function requestOf(frame: Frame): SupervisorRequest {
  return frameJson(frame) as SupervisorRequest;
}

function answer(
  socket: Socket,
  request: SupervisorRequest,
  handlers: SupervisorHandlers,
  followers: Set<Socket>,
): RunningExec | undefined {
  const done = (): void => void socket.end(encodeJsonFrame(FRAME.control, { type: "done" }));
  if (request.type === "watch") return undefined;
  if (request.type === "follow") {
    followers.add(socket);
    // Lines may have come between the client's last look and now.
    socket.write(encodeFrame(FRAME.appended));
    return undefined;
  }
  if (request.type === "stop") {
    handlers.stop(request.graceMs);
    done();
    return undefined;
  }
  const pid = handlers.mainPid();
  if (pid === undefined) {
    socket.end(encodeJsonFrame(FRAME.control, { type: "not_running" }));
    return undefined;
  }
  if (request.type === "signal") {
    if (isSignalName(request.signal)) handlers.signal(request.signal);
    done();
    return undefined;
  }
  return startExec(socket, request, pid, handlers);
}

function startExec(socket: Socket, request: ExecSpec, pid: number, handlers: SupervisorHandlers): RunningExec {
  const { supervision, children } = handlers;
  const { plan, files, command, native } = supervision;
  const host = { native, command, token: plan.token, directory: files.directory, children };
  return execInInstance(host, { ...execEntry(supervision, request, pid), tty: request.tty }, socket);
}

let commands = 0;

function execEntry(supervision: Supervision, request: ExecSpec, pid: number): Omit<ExecRequest, "tty"> {
  const { entry, plan, files } = supervision;
  const cwd = request.cwd ?? entry.cwd;
  const inside = cwd.startsWith("/") ? cwd : `${entry.cwd}/${cwd}`;
  const env = { ...entry.env, ...request.env };
  if (plan.container === undefined) {
    const namespace = plan.mountNamespace ? { join: pid } : undefined;
    return { entry: { ...entry, argv: request.argv, env, cwd: inside, namespace } };
  }
  commands += 1;
  const at = (name: string): string => `${files.directory}/exec-${commands}.${name}`;
  const terminal = request.tty !== undefined;
  const variables = terminal ? { TERM: "xterm-256color", ...env } : env;
  const [log, pidFile] = [at("log"), at("pid")];
  const argv = execArguments(plan.container, {
    argv: request.argv,
    env: variables,
    cwd: inside,
    terminal,
    log,
    pidFile,
  });
  return {
    entry: { argv, env: RUNC_ENVIRONMENT, cwd: files.directory, umask: 0o022 },
    failure: () => takeTrouble(log),
    // With a terminal, runc stays and passes on what is typed and shown.
    ...(terminal ? { tellsSignalsAsCodes: true } : { pidFile }),
  };
}
