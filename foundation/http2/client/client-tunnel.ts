/** A stream of ours that has left HTTP: what is written to it, and what becomes of it (RFC 8441 §5, RFC 9113 §8.5). */
import type { MessageBody } from "#foundation/http1";
import type { Tunnelled } from "../connection/stream-duplex.ts";

/** What is sent on a stream. */
export interface TunnelStream {
  readonly queue: Uint8Array[];
  isEnding: boolean;
}

export class ClientTunnel implements Tunnelled {
  onDrain: (() => void) | undefined;
  onGone: (() => void) | undefined;
  /** Nothing is sent any more. */
  #isOver = false;
  #wantsMore = false;

  /** @param body what comes from the server @param pump says that something waits to be sent */
  constructor(
    readonly body: MessageBody,
    private readonly stream: TunnelStream,
    private readonly pump: () => void,
  ) {}

  write(bytes: Uint8Array): boolean {
    const { queue, isEnding } = this.stream;
    if (this.#isOver || isEnding || bytes.length === 0) return true;
    queue.push(bytes);
    this.pump();
    if (queue.length === 0) return true;
    this.#wantsMore = true;
    return false;
  }

  end(): void {
    if (this.#isOver || this.stream.isEnding) return;
    this.stream.isEnding = true;
    this.pump();
  }

  /** For the stream, like what is below: sent all that waited. */
  drained(): void {
    if (!this.#wantsMore || this.#isOver) return;
    this.#wantsMore = false;
    this.onDrain?.();
  }

  /** It is cut: by the server, with its connection, or here. */
  gone(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.stream.queue.length = 0;
    if (!this.body.isComplete) this.body.fail({ kind: "gone" });
    this.onGone?.();
  }
}
