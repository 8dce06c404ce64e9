/**
 * A stream of frames: gathers what is written in one turn into one write, and bounds what waits to be written.
 */
import { ByteWriter } from "#foundation/binary";
import type { ByteStream, Runtime, TimerHandle } from "#foundation/runtime";
import { CHALLENGE_BYTES, directionKeys, TAG_BYTES, Tags } from "./authentication.ts";
import {
  FRAME_BYTES_MAX,
  type Frame,
  FrameReader,
  PREAMBLE_BYTES,
  PROTOCOL_VERSION,
  preambleOf,
  readPreamble,
  writeFrame,
} from "./frames.ts";
import { RpcError } from "./rpc-error.ts";

/** Beyond this a peer that does not read is cut off. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;

/** Whoever calls shows first, and soon, that it has the key: until then a server holds next to nothing for it. */
const UNPROVED_FRAME_BYTES_MAX = 1_024;
const UNPROVED_MS_MAX = 10_000;

/** Frames that wait for the other side's challenge: at most as many as there are calls at once. */
interface Unsent {
  readonly kind: number;
  readonly content: (writer: ByteWriter) => void;
}

/** What a connection is. */
export interface FramedStreamOptions {
  readonly stream: ByteStream;
  readonly role: "caller" | "server";
  /** What both sides share; undefined where everybody may call. */
  readonly key: Uint8Array | undefined;
  readonly runtime: Pick<Runtime, "random" | "timers">;
  readonly onFrame: (frame: Frame) => void;
  readonly onEnd: (error: RpcError) => void;
}

/** Both directions of one connection. It ends once, with the error that ended it. */
export class FramedStream {
  private writer = new ByteWriter();
  private writing = false;
  private failure: RpcError | undefined;
  private readonly challenge: Uint8Array;
  private unsent: Unsent[] | undefined;
  private seal: ((frame: Uint8Array) => Uint8Array) | undefined;
  private peerTags: Tags | undefined;
  private readonly reader: FrameReader;
  /** Runs until a caller has shown that it has the key. */
  private unproved: TimerHandle | undefined;

  constructor(private readonly options: FramedStreamOptions) {
    const { key, role, runtime } = options;
    this.challenge = key === undefined ? new Uint8Array(0) : runtime.random.bytes(CHALLENGE_BYTES);
    this.reader = new FrameReader(
      PREAMBLE_BYTES + this.challenge.length,
      (greeting) => this.greet(greeting),
      (frame) => this.open(frame),
    );
    if (key !== undefined && role === "server") {
      this.reader.frameBytesMax = UNPROVED_FRAME_BYTES_MAX;
      const end = (): void =>
        this.end(new RpcError("unauthorized", "The other side has not shown that it has the key."));
      this.unproved = runtime.timers.after(UNPROVED_MS_MAX, end);
    }
    this.unsent = key === undefined ? undefined : [];
    this.writer.raw(preambleOf(key !== undefined));
    this.writer.raw(this.challenge);
    this.scheduleWrite();
  }

  /** Reads until the stream ends. Never rejects: how it ended is told to `onEnd`. */
  async read(): Promise<void> {
    try {
      for (;;) {
        const piece = await this.options.stream.read();
        if (piece === undefined) throw new RpcError("unreachable", "The other side has closed the connection.");
        for (const frame of cut(this.reader, piece)) {
          if (this.failure !== undefined) return;
          this.options.onFrame(frame);
        }
      }
    } catch (error) {
      this.end(asRpcError(error));
    }
  }

  /** @throws RangeError when the frame is too long, or holds what cannot be written; nothing of it is written then */
  send(kind: number, content: (writer: ByteWriter) => void): void {
    if (this.failure !== undefined) return;
    if (this.unsent !== undefined) {
      // Written once already, so that whoever sends hears at once what cannot be written.
      writeFrame(new ByteWriter(), kind, content);
      this.unsent.push({ kind, content });
      return;
    }
    const { writer } = this;
    const before = writer.size;
    try {
      writeFrame(writer, kind, content, this.seal);
    } catch (error) {
      writer.cutTo(before);
      throw error;
    }
    if (writer.size > WAITING_BYTES_MAX) {
      this.end(new RpcError("unreachable", "The other side does not read."));
      return;
    }
    this.scheduleWrite();
  }

  end(error: RpcError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.unproved?.cancel();
    this.options.stream.reset();
    this.options.onEnd(error);
  }

  private greet(greeting: Uint8Array): void {
    const { key, role } = this.options;
    const { version, keyed } = readPreamble(greeting);
    if (version !== PROTOCOL_VERSION) {
      const text = `The other side speaks version ${version} of the protocol, this one ${PROTOCOL_VERSION}.`;
      throw new RpcError("incompatible", text);
    }
    if (keyed !== (key !== undefined)) {
      throw new RpcError(
        "unauthorized",
        keyed ? "The other side wants a key." : "The other side has no key, and one is wanted.",
      );
    }
    if (key === undefined) return;
    // A view of what was read.
    const theirs = greeting.slice(PREAMBLE_BYTES);
    const [caller, server] = role === "caller" ? [this.challenge, theirs] : [theirs, this.challenge];
    const { own, peer } = directionKeys(key, role, caller, server);
    const tags = new Tags(own);
    this.seal = (frame) => tags.next(frame);
    this.peerTags = new Tags(peer);
    const waiting = this.unsent ?? [];
    this.unsent = undefined;
    for (const { kind, content } of waiting) this.send(kind, content);
  }

  private open(frame: Uint8Array): Uint8Array {
    if (this.peerTags === undefined) return frame;
    const end = Math.max(0, frame.length - TAG_BYTES);
    const content = frame.subarray(0, end);
    if (this.peerTags.holds(content, frame.subarray(end))) {
      this.unproved?.cancel();
      this.reader.frameBytesMax = FRAME_BYTES_MAX + TAG_BYTES;
      return content;
    }
    throw new RpcError("unauthorized", "The other side has not the key of this one.");
  }

  private scheduleWrite(): void {
    if (this.writing) return;
    this.writing = true;
    queueMicrotask(() => void this.writeAll());
  }

  private async writeAll(): Promise<void> {
    try {
      while (this.writer.size > 0 && this.failure === undefined) {
        const full = this.writer;
        this.writer = new ByteWriter();
        await this.options.stream.write(full.finish());
      }
      this.writing = false;
    } catch (error) {
      this.end(asRpcError(error));
    }
  }
}

function asRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  return new RpcError("unreachable", `The connection was lost: ${error instanceof Error ? error.message : error}`);
}

function cut(reader: FrameReader, piece: Uint8Array): readonly Frame[] {
  try {
    return reader.push(piece);
  } catch (error) {
    if (error instanceof RpcError) throw error;
    throw new RpcError("malformed", `The other side broke the protocol: ${(error as Error).message}.`);
  }
}
