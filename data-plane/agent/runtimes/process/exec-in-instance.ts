/** One command inside a running instance, at the supervisor's end: streams become frames and frames become streams. */
import { closeSync, createWriteStream, readFileSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { constants } from "node:os";
import { encodeFrame, encodeJsonFrame, FRAME, type Frame, frameJson } from "../rules/frames.ts";
import { isSignalName } from "../rules/signals.ts";
import type { Children } from "./children.ts";
import type { Entry } from "./enter.ts";
import type { Native } from "./native.ts";
import { type Entered, type EnteredOptions, spawnEntered } from "./spawn-entered.ts";

/** plfm, exec specification: a client that went away means hang-up, then terminate, then kill. */
const TERMINATE_AFTER_MS = 5_000;
const KILL_AFTER_MS = 30_000;
/** What a command left running in the background may hold its output open; the session does not wait for that longer than this. */
const LAST_OUTPUT_MS = 500;
/** End of transmission: what a terminal makes an end of file of. */
const END_OF_TRANSMISSION = 0x04;

export interface ExecRequest {
  readonly entry: Omit<Entry, "failureFile">;
  readonly tty?: { readonly columns: number; readonly rows: number } | undefined;
  /** Asked after the end, beside what entering itself has to say: why the command could not be started. */
  readonly failure?: () => string | undefined;
  /** What is started stands for the command, and ends with 128 and the number of the signal that has ended it. */
  readonly tellsSignalsAsCodes?: boolean;
  /** What is started starts the command, writes its number there, and goes: the command is ours then. */
  readonly pidFile?: string;
}

export interface ExecHost extends Pick<EnteredOptions, "directory" | "command" | "token"> {
  readonly native: Native;
  readonly children: Children;
}

export interface RunningExec {
  onFrame(frame: Frame): void;
  onClientGone(): void;
}

/** Starts the command. Its end is sent as an exit frame, after its output; then the socket is ended. */
export function execInInstance(host: ExecHost, request: ExecRequest, socket: Socket): RunningExec {
  const io =
    request.tty === undefined ? pipes(host, request, socket) : terminal(host, request.entry, request.tty, socket);
  const { subprocess } = io.entered;
  host.children.keep(subprocess);
  let running: number | undefined = subprocess.pid;
  // What comes while the command is not known yet, and may run already.
  let early: NodeJS.Signals[] | undefined = request.pidFile === undefined ? undefined : [];
  let sent: NodeJS.Signals | undefined;
  // It is the leader of a session and group of its own: its children in the foreground hear the signal too.
  const send = (signal: NodeJS.Signals): void => {
    if (running === undefined) return;
    if (early !== undefined) return void early.push(signal);
    sent = signal;
    try {
      process.kill(-running, signal);
    } catch {
      // Not a leader yet: it has not come as far as that.
      if (running === subprocess.pid) subprocess.kill(signal);
    }
  };
  const timers: ReturnType<typeof setTimeout>[] = [];
  let ended = false;
  void endOf(host, request, io.entered, (pid) => {
    running = pid;
    const waiting = early ?? [];
    early = undefined;
    waiting.forEach(send);
  }).then(async (end) => {
    running = undefined;
    for (const timer of timers) clearTimeout(timer);
    await Promise.race([io.outputEnded, Bun.sleep(LAST_OUTPUT_MS)]);
    ended = true;
    io.close();
    // Only of a signal that we have sent: a program may end with such a code by itself.
    const told =
      request.tellsSignalsAsCodes === true && sent !== undefined && end.code === 128 + constants.signals[sent];
    const exit =
      "failure" in end
        ? end
        : told
          ? { signal: sent }
          : end.signal === undefined
            ? { code: end.code ?? 0 }
            : { signal: end.signal };
    socket.end(encodeJsonFrame(FRAME.exit, exit));
  });
  return {
    onFrame(frame) {
      if (ended) return;
      if (frame.kind === FRAME.stdin) return io.write(frame.payload);
      if (frame.kind !== FRAME.control) return;
      const message = frameJson(frame);
      if (message.type === "resize") io.resize(Number(message.columns), Number(message.rows));
      else if (message.type === "close_input") io.closeInput();
      else if (message.type === "signal" && isSignalName(message.signal)) send(message.signal);
    },
    onClientGone() {
      if (ended) return;
      send("SIGHUP");
      timers.push(
        setTimeout(() => send("SIGTERM"), TERMINATE_AFTER_MS),
        setTimeout(() => send("SIGKILL"), KILL_AFTER_MS),
      );
    },
  };
}

type End = { readonly code?: number | undefined; readonly signal?: string | undefined } & { readonly failure?: string };

/** @param onRunning told of the number of the command, where it is another than that of what has started it */
async function endOf(
  { children }: ExecHost,
  { pidFile, failure }: ExecRequest,
  entered: Entered,
  onRunning: (pid: number) => void,
): Promise<End> {
  const { subprocess } = entered;
  // An orphan that ends at once must not be taken away before it is known whose it is.
  const release = pidFile === undefined ? undefined : children.hold();
  try {
    await subprocess.exited;
    const trouble = entered.failure() ?? failure?.();
    if (trouble !== undefined) return { failure: trouble };
    if (subprocess.signalCode !== null) return { signal: String(subprocess.signalCode) };
    if (pidFile === undefined || subprocess.exitCode !== 0) return { code: subprocess.exitCode ?? 0 };
    const pid = Number(readFileSync(pidFile, "utf8"));
    rmSync(pidFile);
    onRunning(pid);
    const exited = children.adopt(pid);
    release?.();
    return await exited;
  } catch (error) {
    return { failure: (error as Error).message };
  } finally {
    release?.();
  }
}

interface ExecIo {
  readonly entered: Entered;
  /** All output was handed to the socket. */
  readonly outputEnded: Promise<unknown>;
  write(bytes: Uint8Array): void;
  closeInput(): void;
  resize(columns: number, rows: number): void;
  close(): void;
}

function pipes(host: ExecHost, { entry, pidFile }: ExecRequest, socket: Socket): ExecIo {
  const out = host.native.pipe();
  const err = host.native.pipe();
  // The pipe that Bun makes is closed with what it has started, which need not be the command.
  const given = pidFile === undefined ? undefined : host.native.pipe();
  const entered = spawnEntered({ ...host, entry, stdio: [given?.readEnd ?? "pipe", out.writeEnd, err.writeEnd] });
  for (const fd of [given?.readEnd, out.writeEnd, err.writeEnd]) if (fd !== undefined) closeSync(fd);
  const input = given === undefined ? sinkInput(entered.subprocess.stdin as Bun.FileSink) : streamInput(given.writeEnd);
  const abort = new AbortController();
  const outputEnded = Promise.all([
    forward(out.readEnd, FRAME.stdout, socket, abort.signal),
    forward(err.readEnd, FRAME.stderr, socket, abort.signal),
  ]);
  let inputOpen = true;
  return {
    entered,
    outputEnded,
    write(bytes) {
      if (!inputOpen) return;
      // Reads no more from the client until the command has taken this much: a slow reader slows the writer down.
      const taken = input.write(Uint8Array.from(bytes));
      if (taken === undefined) return;
      socket.pause();
      void taken.finally(() => socket.resume());
    },
    closeInput() {
      inputOpen = false;
      input.end();
    },
    resize: () => {},
    close() {
      input.close();
      abort.abort();
    },
  };
}

/** Standard input of a command. A command that has closed it is no error. */
interface Input {
  /** @returns resolves when the bytes were taken; undefined: at once */
  write(bytes: Uint8Array): Promise<void> | undefined;
  end(): void;
  close(): void;
}

function sinkInput(sink: Bun.FileSink): Input {
  return {
    write(bytes) {
      sink.write(bytes);
      const flushed = sink.flush();
      return flushed instanceof Promise ? flushed.then(() => undefined).catch(() => undefined) : undefined;
    },
    end: () => void Promise.resolve(sink.end()).catch(() => {}),
    close: () => {},
  };
}

function streamInput(fd: number): Input {
  const stream = createWriteStream("", { fd });
  stream.on("error", () => {});
  return {
    write: (bytes) => new Promise<void>((resolve) => stream.write(bytes, () => resolve())),
    end: () => void stream.end(),
    close: () => void stream.destroy(),
  };
}

/** Reads from the program only when the client has taken what came before. */
async function forward(
  fd: number,
  kind: typeof FRAME.stdout | typeof FRAME.stderr,
  socket: Socket,
  aborted: AbortSignal,
): Promise<void> {
  const reader = Bun.file(fd).stream().getReader();
  aborted.addEventListener("abort", () => void reader.cancel().catch(() => {}));
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      await deliver(socket, encodeFrame(kind, value));
    }
  } finally {
    closeQuietly(fd);
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // The stream closed it with itself.
  }
}

/** Resolves when more may be written, or when there is nobody to write to any more: then output goes nowhere, and the command is not held up. */
function deliver(socket: Socket, frame: Uint8Array): Promise<void> {
  if (socket.destroyed || !socket.writable) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off("close", done);
      resolve();
    };
    socket.once("close", done);
    socket.write(frame, done);
  });
}

function terminal(
  host: ExecHost,
  entry: ExecRequest["entry"],
  size: { readonly columns: number; readonly rows: number },
  socket: Socket,
): ExecIo {
  const end = Promise.withResolvers<void>();
  const made = new Bun.Terminal({
    cols: size.columns,
    rows: size.rows,
    data: (_terminal, bytes) => {
      if (!socket.destroyed && socket.writable) socket.write(encodeFrame(FRAME.stdout, bytes));
    },
    exit: () => end.resolve(),
  });
  const withName = { ...entry, terminal: true, env: { TERM: "xterm-256color", ...entry.env } };
  const entered = spawnEntered({ ...host, entry: withName, terminal: made });
  return {
    entered,
    outputEnded: end.promise,
    write: (bytes) => void made.write(Uint8Array.from(bytes)),
    closeInput: () => void made.write(Uint8Array.of(END_OF_TRANSMISSION)),
    resize: (columns, rows) => made.resize(columns, rows),
    close: () => made.close(),
  };
}
