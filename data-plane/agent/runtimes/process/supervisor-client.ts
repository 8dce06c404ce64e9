/** The agent's end of a supervisor's socket. */
import { closeSync, openSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { RUNTIME_ERRORS } from "../errors.ts";
import { encodeFrame, encodeJsonFrame, FRAME, type Frame, FrameReader, frameJson } from "../rules/frames.ts";
import type { ExecExit, ExecSession, ExecSpec } from "../runtime.ts";
import type { SupervisorRequest } from "./serve-supervisor.ts";

/** Undefined when nobody listens: the run has ended, or its supervisor was lost. */
export async function connectSupervisor(
  directory: string,
  socketPath: string,
  request: SupervisorRequest,
): Promise<Socket | undefined> {
  // By way of an open folder, because the path of a socket may be 107 bytes long at most (unix(7)), and that of a data directory is longer easily.
  let folder: number;
  try {
    folder = openSync(directory, "r");
  } catch {
    return undefined;
  }
  try {
    const socket = createConnection(`/proc/self/fd/${folder}/${socketPath}`);
    await new Promise<void>((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    socket.on("error", () => socket.destroy());
    socket.write(encodeJsonFrame(FRAME.control, request));
    return socket;
  } catch {
    return undefined;
  } finally {
    closeSync(folder);
  }
}

/** Resolves when the supervisor hangs up. */
export function hangUp(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed) return resolve();
    socket.once("close", () => resolve());
    socket.resume();
  });
}

/** The answer to a request that has just one. Undefined when the supervisor hung up first. */
export async function onlyAnswer(socket: Socket): Promise<string | undefined> {
  const reader = new FrameReader();
  try {
    for await (const bytes of socket)
      for (const frame of reader.push(bytes as Buffer)) return String(frameJson(frame).type);
  } catch {
    // Cut off: as good as hung up.
  }
  return undefined;
}

/** News that lines were appended. */
export interface AppendedFeed {
  /** @returns false when there will be no more */
  next(): Promise<boolean>;
  close(): void;
}

export function appendedFeed(socket: Socket): AppendedFeed {
  let news = false;
  let over = false;
  let wake: (() => void) | undefined;
  const tell = (): void => {
    wake?.();
    wake = undefined;
  };
  socket.on("data", () => {
    news = true;
    tell();
  });
  socket.on("close", () => {
    over = true;
    tell();
  });
  return {
    async next() {
      while (!news && !over)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const more = news;
      news = false;
      return more;
    },
    close: () => socket.destroy(),
  };
}

/** Bytes of output that wait for a reader before the command is held up. */
const OUTPUT_WAITING_MAX = 256 * 1024;

/** An exec session over a socket on which the request was sent. */
export function execSession(socket: Socket, spec: ExecSpec): ExecSession {
  const frames = new FrameReader();
  const exited = Promise.withResolvers<ExecExit>();
  // Nobody may be waiting: a failure that nobody asked for is no reason to end the agent.
  exited.promise.catch(() => {});
  const outputs = [outputStream(() => resume()), outputStream(() => resume())] as const;
  const resume = (): void => {
    if (outputs.every((output) => output.hasRoom())) socket.resume();
  };
  const take = (frame: Frame): void => {
    if (frame.kind === FRAME.stdout) outputs[0].push(frame.payload);
    else if (frame.kind === FRAME.stderr) outputs[1].push(frame.payload);
    else if (frame.kind === FRAME.exit) {
      const { code, signal, failure } = frameJson(frame);
      if (typeof failure === "string") exited.reject(RUNTIME_ERRORS.error("ExecFailed", failure));
      else exited.resolve(typeof signal === "string" ? { signal } : { code: Number(code) });
    } else if (frame.kind === FRAME.control) {
      const { type, message } = frameJson(frame);
      exited.reject(
        type === "not_running"
          ? RUNTIME_ERRORS.error("NotRunning")
          : RUNTIME_ERRORS.error("ExecFailed", String(message)),
      );
    }
  };
  socket.on("data", (bytes: Buffer) => {
    for (const frame of frames.push(bytes)) take(frame);
    if (!outputs.every((output) => output.hasRoom())) socket.pause();
  });
  socket.on("close", () => {
    for (const output of outputs) output.end();
    exited.reject(RUNTIME_ERRORS.error("InstanceLost", "The instance ended before the command did."));
  });
  const send = (frame: Uint8Array): Promise<void> =>
    new Promise((resolve) => {
      if (socket.destroyed || !socket.writable) return resolve();
      const done = (): void => {
        socket.off("close", done);
        resolve();
      };
      socket.once("close", done);
      socket.write(frame, done);
    });
  const control = (message: Readonly<Record<string, unknown>>): void =>
    void send(encodeJsonFrame(FRAME.control, message));
  return {
    stdout: outputs[0].stream,
    stderr: outputs[1].stream,
    exited: exited.promise,
    async write(bytes) {
      for (let at = 0; at < bytes.length; at += OUTPUT_WAITING_MAX) {
        await send(encodeFrame(FRAME.stdin, bytes.subarray(at, at + OUTPUT_WAITING_MAX)));
      }
    },
    closeInput: () => control({ type: "close_input" }),
    resize: (columns, rows) => {
      if (spec.tty !== undefined) control({ type: "resize", columns, rows });
    },
    signal: (signal) => control({ type: "signal", signal }),
    close: () => socket.destroy(),
  };
}

function outputStream(onRoom: () => void) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let open = true;
  const stream = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given;
      },
      pull: onRoom,
      cancel() {
        open = false;
        onRoom();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: OUTPUT_WAITING_MAX }),
  );
  return {
    stream,
    hasRoom: (): boolean => !open || (controller?.desiredSize ?? 1) > 0,
    push(bytes: Uint8Array): void {
      if (open && bytes.length > 0) controller?.enqueue(Uint8Array.from(bytes));
    },
    end(): void {
      if (open) controller?.close();
      open = false;
    },
  };
}
