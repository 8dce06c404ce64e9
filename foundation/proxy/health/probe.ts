/** One health check, over HTTP or by connecting alone. */

import {
  type Channel,
  type ChannelOwner,
  Connecting,
  type Deadlines,
  type FaultCode,
  type ResponseHead,
  ResponseReader,
  type Timed,
} from "#foundation/http1";
import { authorityOf, type Backend } from "../backend.ts";
import type { CheckResult } from "./health-machine.ts";

export type Probe =
  /** Whoever accepts a connection (and shakes hands, in TLS) is healthy. */
  | { readonly kind: "tcp" }
  | {
      readonly kind: "http";
      /** Path and query; begins with a slash. */
      readonly target: string;
      /** Default: the backend's address. */
      readonly host?: string;
      /** Default GET. */
      readonly method?: "GET" | "HEAD";
      readonly matches: (status: number) => boolean;
    };

/** A check's answer: its head is what counts. */
const MAX_HEAD_BYTES = 16 * 1024;
const NO_ALPN: readonly string[] = [];

/** Checks once, on a connection of its own. `onResult` is called once, in a later turn. */
export class Check implements ChannelOwner, Timed {
  deadline: number;
  readonly #probe: Probe;
  readonly #backend: Backend;
  readonly #deadlines: Deadlines;
  readonly #onResult: (result: CheckResult) => void;
  readonly #connecting: Connecting;
  readonly #reader = new ResponseReader({ maxHeadBytes: MAX_HEAD_BYTES });
  #channel: Channel | undefined;
  #isOver = false;

  constructor(
    backend: Backend,
    probe: Probe,
    timeoutMs: number,
    deadlines: Deadlines,
    onResult: (result: CheckResult) => void,
  ) {
    this.#probe = probe;
    this.#backend = backend;
    this.#deadlines = deadlines;
    this.#onResult = onResult;
    deadlines.add(this);
    this.deadline = deadlines.now + timeoutMs;
    this.#connecting = new Connecting(backend, NO_ALPN, timeoutMs, deadlines, {
      onConnected: (channel) => this.#connected(channel),
      onConnectFailed: (failure) => {
        if (failure.kind === "connect-timeout") this.#end({ kind: "timeout" });
        else this.#end({ kind: "failed", reason: failure.kind === "tls-failed" ? failure.reason : failure.code });
      },
    });
  }

  /** Nobody wants the result. */
  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#deadlines.remove(this);
    this.#connecting.cancel();
    this.#channel?.destroy();
  }

  expire(): void {
    this.#end({ kind: "timeout" });
  }

  onBytes(bytes: Buffer): void {
    this.#reader.push(bytes);
    const { fault } = this.#reader;
    if (fault !== undefined) this.#broken(fault);
  }

  onEnd(): void {
    this.#broken("incomplete");
  }

  onDrain(): void {}

  onClose(): void {
    this.#broken("incomplete");
  }

  #connected(channel: Channel): void {
    this.#channel = channel;
    channel.owner = this;
    const probe = this.#probe;
    if (probe.kind === "tcp") {
      this.#end({ kind: "passed" });
      return;
    }
    const { method = "GET", host = authorityOf(this.#backend), target } = probe;
    this.#reader.expect(method, {
      onInformational() {},
      onHead: ({ status }: ResponseHead) =>
        this.#end(probe.matches(status) ? { kind: "passed" } : { kind: "mismatch", status }),
      onBody() {},
      onComplete() {},
    });
    channel.write(
      Buffer.from(
        `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nUser-Agent: Biplane-HealthCheck\r\nAccept: */*\r\n\r\n`,
        "latin1",
      ),
    );
  }

  #broken(fault: FaultCode): void {
    this.#end({ kind: "failed", reason: fault });
  }

  #end(result: CheckResult): void {
    if (this.#isOver) return;
    this.cancel();
    this.#onResult(result);
  }
}
