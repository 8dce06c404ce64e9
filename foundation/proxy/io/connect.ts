/** Opens connections to backends. */

import type { TLSOptions } from "bun";
import type { Backend, BackendTls } from "./backend.ts";
import { Channel, type ChannelOwner, channelHandlers } from "./channel.ts";
import type { Deadlines, Timed } from "./deadlines.ts";

/** Why there is no connection. */
export type ConnectFailure =
  /** Nobody listens, no route, no such name … `code` is the system's. */
  | { readonly kind: "connect-refused"; readonly code: string }
  | { readonly kind: "connect-timeout" }
  /** The peer speaks no TLS, or shows a certificate that is not to be trusted. */
  | { readonly kind: "tls-failed"; readonly reason: string };

export interface ConnectListener {
  /** Sets the owner of the channel before it returns. */
  onConnected(channel: Channel): void;
  onConnectFailed(failure: ConnectFailure): void;
}

const nobody: ChannelOwner = { onBytes() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** A connection on its way. */
export class Connecting implements Timed, ChannelOwner {
  deadline: number;
  readonly #deadlines: Deadlines;
  readonly #tls: BackendTls | undefined;
  readonly #channel = new Channel(this);
  #listener: ConnectListener | undefined;

  /** Starts at once; the listener is told in a later turn. */
  constructor(backend: Backend, timeoutMs: number, deadlines: Deadlines, listener: ConnectListener) {
    this.#deadlines = deadlines;
    this.#tls = backend.tls;
    this.#listener = listener;
    deadlines.add(this);
    this.deadline = deadlines.now + timeoutMs;
    this.#open(backend).catch((error: unknown) => this.#fail({ kind: "connect-refused", code: codeOf(error) }));
  }

  /** Nobody wants it any more. */
  cancel(): void {
    this.#listener = undefined;
    this.#deadlines.remove(this);
    this.#channel.owner = nobody;
    this.#channel.destroy();
  }

  expire(): void {
    this.#fail({ kind: "connect-timeout" });
  }

  onBytes(): void {}
  onEnd(): void {
    this.#fail({ kind: "tls-failed", reason: "the connection ended during the handshake" });
  }
  onDrain(): void {}
  onClose(): void {
    this.onEnd();
  }

  async #open({ address, tls }: Backend): Promise<void> {
    const socket = {
      ...channelHandlers,
      open: (native: Bun.Socket<Channel>) => {
        native.data = this.#channel;
        this.#channel.opened(native);
        if (this.#listener === undefined) this.#channel.destroy();
        else if (tls === undefined) this.#succeed();
      },
      ...(tls === undefined
        ? {}
        : {
            handshake: (_native: Bun.Socket<Channel>, success: boolean, error: Error | null) =>
              this.#shaken(success, error),
          }),
    };
    const shared = { data: this.#channel, socket, allowHalfOpen: true };
    if (address.kind === "unix")
      await Bun.connect<Channel>({ ...shared, unix: address.path, ...tlsOf(tls, undefined) });
    else {
      const { host: hostname, port } = address;
      await Bun.connect<Channel>({ ...shared, hostname, port, ...tlsOf(tls, hostname) });
    }
  }

  #shaken(success: boolean, error: Error | null): void {
    if (success || this.#tls?.insecure === true) this.#succeed();
    else this.#fail({ kind: "tls-failed", reason: error?.message ?? "the certificate was not accepted" });
  }

  #succeed(): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    this.#deadlines.remove(this);
    this.#channel.owner = nobody;
    listener.onConnected(this.#channel);
  }

  #fail(failure: ConnectFailure): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.cancel();
    listener.onConnectFailed(failure);
  }
}

function tlsOf(tls: BackendTls | undefined, host: string | undefined): { readonly tls?: TLSOptions } {
  if (tls === undefined) return {};
  const { ca, key, cert, insecure } = tls;
  const serverName = tls.serverName ?? host;
  return {
    tls: {
      ...(serverName === undefined ? {} : { serverName }),
      ...(ca === undefined ? {} : { ca }),
      ...(key === undefined ? {} : { key }),
      ...(cert === undefined ? {} : { cert }),
      rejectUnauthorized: insecure !== true,
    },
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "EUNKNOWN";
}
