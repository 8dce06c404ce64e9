/**
 * A stream of frames: gathers what is written in one turn into one write, and bounds what waits to be written.
 */
import { ByteWriter } from "#foundation/binary";
import type { ByteStream } from "#foundation/runtime";
import { type Frame, FrameReader, PREAMBLE, PROTOCOL_VERSION, writeFrame } from "./frames.ts";
import { RpcError } from "./rpc-error.ts";

/** Beyond this a peer that does not read is cut off. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024;

/** Both directions of one connection. It ends once, with the error that ended it. */
export class FramedStream {
  private writer = new ByteWriter();
  private writing = false;
  private failure: RpcError | undefined;

  constructor(
    private readonly stream: ByteStream,
    private readonly on: {
      readonly frame: (frame: Frame) => void;
      readonly end: (error: RpcError) => void;
    },
  ) {
    this.writer.raw(PREAMBLE);
    this.scheduleWrite();
  }

  /** Reads until the stream ends. Never rejects: how it ended is told to `on.end`. */
  async read(): Promise<void> {
    const reader = new FrameReader();
    try {
      for (;;) {
        const piece = await this.stream.read();
        if (piece === undefined) throw new RpcError("unreachable", "The other side has closed the connection.");
        for (const frame of this.cut(reader, piece)) {
          if (this.failure !== undefined) return;
          this.on.frame(frame);
        }
      }
    } catch (error) {
      this.end(asRpcError(error));
    }
  }

  /** @throws RangeError when the frame is too long; nothing of it is written then */
  send(kind: number, content: (writer: ByteWriter) => void): void {
    if (this.failure !== undefined) return;
    // A frame that cannot be written leaves the others alone: it is tried on paper of its own.
    const writer = this.writer;
    const before = writer.size;
    try {
      writeFrame(writer, kind, content);
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
    this.stream.reset();
    this.on.end(error);
  }

  private cut(reader: FrameReader, piece: Uint8Array): readonly Frame[] {
    let frames: readonly Frame[];
    try {
      frames = reader.push(piece);
    } catch (error) {
      throw new RpcError("malformed", `The other side broke the protocol: ${(error as Error).message}.`);
    }
    if (reader.peerVersion !== undefined && reader.peerVersion !== PROTOCOL_VERSION) {
      throw new RpcError(
        "incompatible",
        `The other side speaks version ${reader.peerVersion} of the protocol, this one ${PROTOCOL_VERSION}.`,
      );
    }
    return frames;
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
        await this.stream.write(full.finish());
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
