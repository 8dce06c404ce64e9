/** One command inside a running instance, at the supervisor's end: streams become frames and frames become streams. */
import { closeSync } from "node:fs";
import type { Socket } from "node:net";
import { encodeFrame, encodeJsonFrame, FRAME, type Frame, frameJson } from "../rules/frames.ts";
import { isSignalName } from "../rules/signals.ts";
import type { ExecExit } from "../runtime.ts";
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
  readonly tty?: { readonly columns: number; readonly rows: number };
}

export interface ExecHost extends Pick<EnteredOptions, "directory" | "command" | "token"> {
  readonly native: Native;
  /** Bun waits for it itself; the reaper keeps off. */
  readonly onChild: (subprocess: Bun.Subprocess) => void;
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
  host.onChild(subprocess);
  // enter() makes it the leader of a session and group of its own: its children in the foreground hear the signal too.
  const send = (signal: NodeJS.Signals): void => {
    if (subprocess.exitCode !== null || subprocess.signalCode !== null) return;
    try {
      process.kill(-subprocess.pid, signal);
    } catch {
      // Not a leader yet: it has not come as far as that.
      subprocess.kill(signal);
    }
  };
  const timers: ReturnType<typeof setTimeout>[] = [];
  let ended = false;
  void subprocess.exited.then(async () => {
    for (const timer of timers) clearTimeout(timer);
    await Promise.race([io.outputEnded, Bun.sleep(LAST_OUTPUT_MS)]);
    ended = true;
    io.close();
    const failure = io.entered.failure();
    const signal = subprocess.signalCode === null ? undefined : String(subprocess.signalCode);
    const exit: ExecExit = signal === undefined ? { code: subprocess.exitCode ?? 0 } : { signal };
    socket.end(encodeJsonFrame(FRAME.exit, failure === undefined ? exit : { failure }));
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

interface ExecIo {
  readonly entered: Entered;
  /** All output was handed to the socket. */
  readonly outputEnded: Promise<unknown>;
  write(bytes: Uint8Array): void;
  closeInput(): void;
  resize(columns: number, rows: number): void;
  close(): void;
}

function pipes(host: ExecHost, { entry }: ExecRequest, socket: Socket): ExecIo {
  const out = host.native.pipe();
  const err = host.native.pipe();
  const entered = spawnEntered({ ...host, entry, stdio: ["pipe", out.writeEnd, err.writeEnd] });
  closeSync(out.writeEnd);
  closeSync(err.writeEnd);
  const input = entered.subprocess.stdin as Bun.FileSink;
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
      input.write(Uint8Array.from(bytes));
      // Reads no more from the client until the command has taken this much: a slow reader slows the writer down.
      const flushed = input.flush();
      if (flushed instanceof Promise) {
        socket.pause();
        void flushed.catch(() => {}).finally(() => socket.resume());
      }
    },
    closeInput() {
      inputOpen = false;
      void Promise.resolve(input.end()).catch(() => {});
    },
    resize: () => {},
    close: () => abort.abort(),
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
