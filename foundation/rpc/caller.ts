/**
 * The calling end of a connection: calls by number, what waits for an answer, and whether the other side still lives.
 */
import { type ByteReader, MalformedBytesError } from "#foundation/binary";
import type { ByteStream, Runtime, TimerHandle } from "#foundation/runtime";
import { parseAddress } from "./addresses.ts";
import { FramedStream } from "./framed-stream.ts";
import { type Frame, KIND } from "./frames.ts";
import { RpcError } from "./rpc-error.ts";
import type { CallOptions, Method } from "./service.ts";

export const CALL_TIMEOUT_MS = 5_000;
const CONNECT_TIMEOUT_MS = 2_000;
/** While calls wait, the other side is asked this often whether it lives, and given up after so much silence. */
const PING_MS = 500;
const SILENCE_MS = 2_000;
const CALLS_MAX = 0xffff_ffff;

interface Waiting {
  readonly settle: (reader: ByteReader) => void;
  readonly fail: (error: RpcError) => void;
}

/** A connection to one address, made when it is needed, and made anew after it is lost. */
export class Caller {
  private stream: FramedStream | undefined;
  private connecting: Promise<FramedStream> | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private lastCall = 0;
  private heardAtMs = 0;
  private pings: TimerHandle | undefined;
  private closed = false;

  constructor(
    private readonly runtime: Runtime,
    private readonly address: string,
    private readonly key: Uint8Array | undefined,
  ) {}

  async call<Request, Reply>(
    component: string,
    methodPlace: number,
    { request: requestCodec, reply: replyCodec }: Method<Request, Reply>,
    request: Request,
    { timeoutMs = CALL_TIMEOUT_MS, signal }: CallOptions = {},
  ): Promise<Reply> {
    if (signal?.aborted) throw cancelled();
    const deadlineMs = this.runtime.clock.monotonicMs() + timeoutMs;
    const stream = this.stream ?? (await this.connect(timeoutMs));
    if (signal?.aborted) throw cancelled();
    return new Promise((resolve, reject) => {
      const call = this.nextCall();
      const end = (): void => {
        timer.cancel();
        signal?.removeEventListener("abort", abort);
        this.waiting.delete(call);
        if (this.waiting.size === 0) this.stopPings();
      };
      const fail = (error: RpcError): void => {
        end();
        reject(error);
      };
      const abort = (): void => fail(cancelled());
      const timer = this.runtime.timers.after(Math.max(0, deadlineMs - this.runtime.clock.monotonicMs()), () =>
        fail(new RpcError("timed_out", `No answer of ${this.address} within ${timeoutMs} ms.`)),
      );
      signal?.addEventListener("abort", abort, { once: true });
      this.waiting.set(call, {
        fail,
        settle: (reader) => {
          end();
          try {
            const reply = replyCodec.read(reader);
            reader.end();
            resolve(reply);
          } catch (error) {
            if (!(error instanceof MalformedBytesError)) throw error;
            reject(
              new RpcError("malformed", `The answer of ${this.address} is not what it should be: ${error.message}.`),
            );
          }
        },
      });
      try {
        stream.send(KIND.request, (writer) => {
          writer.u32(call);
          writer.text(component);
          writer.u8(methodPlace);
          requestCodec.write(writer, request);
        });
      } catch (error) {
        fail(new RpcError("malformed", `The request cannot be written: ${(error as Error).message}.`));
        return;
      }
      this.startPings();
    });
  }

  close(): void {
    this.closed = true;
    this.stream?.end(new RpcError("cancelled", "The connection was closed by this side."));
  }

  private connect(timeoutMs: number): Promise<FramedStream> {
    if (this.closed) return Promise.reject(new RpcError("cancelled", "This side has been closed."));
    this.connecting ??= this.open(Math.min(timeoutMs, CONNECT_TIMEOUT_MS)).finally(() => {
      this.connecting = undefined;
    });
    return this.connecting;
  }

  private async open(timeoutMs: number): Promise<FramedStream> {
    const raw = await this.connectRaw(timeoutMs);
    if (this.closed) {
      raw.reset();
      throw new RpcError("cancelled", "This side has been closed.");
    }
    this.heardAtMs = this.runtime.clock.monotonicMs();
    const stream = new FramedStream({
      stream: raw,
      role: "caller",
      key: this.key,
      runtime: this.runtime,
      onFrame: (frame) => this.onFrame(frame),
      onEnd: (error) => this.onEnd(error),
    });
    // The first frame is a short one: it shows the key before anything long is sent.
    if (this.key !== undefined) stream.send(KIND.ping, () => undefined);
    this.stream = stream;
    this.runtime.spawn(`rpc connection to ${this.address}`, () => stream.read());
    return stream;
  }

  private async connectRaw(timeoutMs: number): Promise<ByteStream> {
    try {
      return await this.runtime.network.connect(parseAddress(this.address), { timeoutMs });
    } catch (error) {
      throw new RpcError("not_sent", `${this.address} cannot be reached: ${(error as Error).message}`);
    }
  }

  private onFrame({ kind, content }: Frame): void {
    this.heardAtMs = this.runtime.clock.monotonicMs();
    if (kind === KIND.pong) return;
    try {
      if (kind !== KIND.reply && kind !== KIND.failure) throw new MalformedBytesError(`a frame of kind ${kind}`);
      // One that is no longer waited for has timed out.
      const waiting = this.waiting.get(content.u32());
      if (waiting === undefined) return;
      if (kind === KIND.reply) {
        waiting.settle(content);
      } else {
        const [code, message] = [content.text(), content.text()];
        waiting.fail(new RpcError(code, message, content.flag() ? content.u64() : undefined));
      }
    } catch (error) {
      if (!(error instanceof MalformedBytesError)) throw error;
      this.stream?.end(new RpcError("malformed", `${this.address} broke the protocol: ${error.message}.`));
    }
  }

  private onEnd(error: RpcError): void {
    this.stream = undefined;
    this.stopPings();
    for (const { fail } of [...this.waiting.values()]) fail(error);
  }

  private startPings(): void {
    if (this.pings !== undefined || this.stream === undefined) return;
    this.heardAtMs = Math.max(this.heardAtMs, this.runtime.clock.monotonicMs() - PING_MS);
    this.pings = this.runtime.timers.every(PING_MS, () => {
      if (this.runtime.clock.monotonicMs() - this.heardAtMs > SILENCE_MS) {
        this.stream?.end(new RpcError("unreachable", `${this.address} has fallen silent.`));
      } else {
        this.stream?.send(KIND.ping, () => undefined);
      }
    });
  }

  private stopPings(): void {
    this.pings?.cancel();
    this.pings = undefined;
  }

  private nextCall(): number {
    do this.lastCall = this.lastCall === CALLS_MAX ? 1 : this.lastCall + 1;
    while (this.waiting.has(this.lastCall));
    return this.lastCall;
  }
}

function cancelled(): RpcError {
  return new RpcError("cancelled", "The call was given up.");
}
