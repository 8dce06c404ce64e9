/** What people see and do inside instances: logs, and commands with their terminals. Each over a channel that the agent has dialled. */
import {
  type ChannelEnd,
  type ChannelLogLine,
  type ChannelPurpose,
  EXEC_FRAME,
  type ExecControl,
  type ExecEndReason,
  type ExecExitMessage,
} from "#contracts";
import type { Timers } from "#foundation/runtime";
import { type ExecSession, isSignalName, type LogLine, type Runtime } from "./runtimes/index.ts";
import type { SystemLines } from "./system-lines.ts";

/** An instance as people look into it. */
export interface VisibleInstance {
  readonly instanceId: string;
  readonly processType: string;
  readonly runtime: Runtime;
  readonly system: SystemLines;
}

/** Default size of a terminal that nobody has given one. */
const TERMINAL = { columns: 80, rows: 24 } as const;

/** A session that is longer than this is somebody's forgotten one. */
const SESSION_MS_MAX = 3_600_000;

const TAIL_LINES_MAX = 10_000;
const TAIL_LINES_DEFAULT = 200;

/** Sends the lines of several instances, merged by time as far as they are there already, then as they come. */
export async function serveLogs(
  channel: ChannelEnd,
  purpose: Extract<ChannelPurpose, { readonly type: "logs" }>,
  find: (instanceId: string) => VisibleInstance | undefined,
): Promise<void> {
  const gone = new AbortController();
  channel.onClose(() => gone.abort());
  const instances = purpose.instanceIds.flatMap((instanceId) => find(instanceId) ?? []);
  const tail = Math.min(purpose.tailLines ?? TAIL_LINES_DEFAULT, TAIL_LINES_MAX);
  const since = purpose.since === undefined ? {} : { since: purpose.since };
  const until = purpose.until ?? Number.POSITIVE_INFINITY;
  try {
    const old = await Promise.all(instances.map((instance) => linesOf(instance, { tail, ...since })));
    const lines = old
      .flat()
      .filter(({ ts }) => ts <= until)
      .sort((left, right) => left.ts - right.ts)
      .slice(-tail);
    for (const line of lines) await channel.send(JSON.stringify(line));
    if (purpose.follow) {
      const last = new Map(lines.map(({ instanceId, ts }) => [instanceId, ts]));
      await Promise.all(
        instances.map((instance) => follow(channel, instance, last.get(instance.instanceId), gone.signal)),
      );
    }
    channel.close();
  } catch (error) {
    channel.close(error instanceof Error ? error.message : String(error));
  }
}

function lineOf({ instanceId, processType }: VisibleInstance, line: LogLine): ChannelLogLine {
  return {
    ts: line.time,
    instanceId,
    processType,
    stream: line.stream,
    line: new TextDecoder().decode(line.bytes),
    ...(line.truncated ? { truncated: true } : {}),
  };
}

async function linesOf(
  instance: VisibleInstance,
  query: { readonly tail: number; readonly since?: number },
): Promise<ChannelLogLine[]> {
  const lines: ChannelLogLine[] = [];
  for await (const line of instance.runtime.logs(instance.instanceId, query)) lines.push(lineOf(instance, line));
  for (const line of instance.system.since(query.since)) lines.push(lineOf(instance, line));
  return lines;
}

/** What comes from now on, also from the runs that follow this one. */
async function follow(
  channel: ChannelEnd,
  instance: VisibleInstance,
  lastSeen: number | undefined,
  signal: AbortSignal,
): Promise<void> {
  let since = lastSeen === undefined ? Date.now() : lastSeen + 1;
  const deaf = instance.system.onLine((line) => void channel.send(JSON.stringify(lineOf(instance, line))));
  signal.addEventListener("abort", deaf, { once: true });
  while (!signal.aborted) {
    for await (const line of instance.runtime.logs(instance.instanceId, { follow: true, since, signal })) {
      since = Math.max(since, line.time + 1);
      await channel.send(JSON.stringify(lineOf(instance, line)));
    }
    if (signal.aborted) return;
    // The run has ended: the next one may come.
    await Bun.sleep(200);
  }
}

/** Runs a command in an instance, with the frames of the exec protocol. */
export async function serveExec(
  channel: ChannelEnd,
  purpose: Extract<ChannelPurpose, { readonly type: "exec" }>,
  find: (instanceId: string) => VisibleInstance | undefined,
  timers: Timers,
): Promise<void> {
  const exit = (reason: ExecEndReason, code: number | null, message?: string): void => {
    const said: ExecExitMessage = {
      type: "exit",
      exit_code: code,
      reason,
      ...(message === undefined ? {} : { message }),
    };
    void channel.send(frame(EXEC_FRAME.exit, Buffer.from(JSON.stringify(said))));
    channel.close();
  };
  const instance = find(purpose.instanceId);
  if (instance === undefined) return exit("node_lost", null, "the instance is not on this node any more");
  const size = { columns: purpose.columns ?? TERMINAL.columns, rows: purpose.rows ?? TERMINAL.rows };
  let session: ExecSession;
  try {
    session = await instance.runtime.exec(purpose.instanceId, {
      argv: purpose.command,
      ...(purpose.tty ? { tty: size } : {}),
    });
  } catch (error) {
    // As a shell answers for what it cannot start.
    return exit("exited", 127, error instanceof Error ? error.message : String(error));
  }
  let ended: ExecEndReason | undefined;
  const limit = timers.after(SESSION_MS_MAX, () => {
    ended = "timeout";
    session.close();
  });
  channel.onClose(() => {
    ended ??= "client_disconnect";
    session.close();
  });
  channel.onMessage((message) => {
    if (typeof message !== "string") void take(session, message);
  });
  const pump = async (kind: number, stream: ReadableStream<Uint8Array>): Promise<void> => {
    for await (const bytes of stream) await channel.send(frame(kind, bytes));
  };
  try {
    const output = Promise.all([pump(EXEC_FRAME.stdout, session.stdout), pump(EXEC_FRAME.stderr, session.stderr)]);
    const { code, signal } = await session.exited;
    await output;
    exit(ended ?? (signal === undefined ? "exited" : "killed"), code ?? (signal === undefined ? null : 128));
  } catch (error) {
    exit(ended ?? "node_lost", null, error instanceof Error ? error.message : String(error));
  } finally {
    limit.cancel();
  }
}

async function take(session: ExecSession, message: Uint8Array): Promise<void> {
  const body = message.subarray(1);
  if (message[0] === EXEC_FRAME.stdin) {
    if (body.length === 0) session.closeInput();
    else await session.write(body);
    return;
  }
  if (message[0] !== EXEC_FRAME.control) return;
  let control: ExecControl;
  try {
    control = JSON.parse(new TextDecoder().decode(body)) as ExecControl;
  } catch {
    return;
  }
  if (control.type === "resize" && isSize(control.columns) && isSize(control.rows)) {
    session.resize(control.columns, control.rows);
  } else if (control.type === "signal") {
    const name = `SIG${control.signal}`;
    if (isSignalName(name)) session.signal(name);
  } else if (control.type === "close") session.close();
}

const isSize = (value: unknown): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0 && value < 10_000;

function frame(kind: number, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 1);
  bytes[0] = kind;
  bytes.set(body, 1);
  return bytes;
}
