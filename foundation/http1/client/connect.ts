/** Opens connections to origins. */

import type { TLSOptions } from "bun";
import { alpnWire } from "../io/alpn.ts";
import { Channel, type ChannelOwner, channelHandlers } from "../io/channel.ts";
import type { Deadlines, Timed } from "../io/deadlines.ts";
import type { ConnectFailure, Origin, OriginTls } from "./client-types.ts";

export interface ConnectListener {
  /** Sets the owner of the channel before it returns. @param alpn the protocol that the server has chosen; undefined: it has chosen none */
  onConnected(channel: Channel, alpn: string | undefined): void;
  onConnectFailed(failure: ConnectFailure): void;
}

/** A connection on its way. The listener is told in a later turn, once. */
export class Connecting implements Timed, ChannelOwner {
  deadline: number;
  readonly #deadlines: Deadlines;
  readonly #tls: OriginTls | undefined;
  #channel: Channel | undefined;
  #listener: ConnectListener | undefined;

  /** @param alpn names of protocols that the server may choose in TLS, the preferred one first; empty: nothing is said about that */
  constructor(
    origin: Origin,
    alpn: readonly string[],
    timeoutMs: number,
    deadlines: Deadlines,
    listener: ConnectListener,
  ) {
    this.#deadlines = deadlines;
    this.#tls = origin.tls;
    this.#listener = listener;
    deadlines.add(this);
    this.deadline = deadlines.now + timeoutMs;
    this.#open(origin, alpn).catch((error: unknown) => this.#fail({ kind: "connect-refused", code: codeOf(error) }));
  }

  /** Nobody wants it any more. */
  cancel(): void {
    this.#listener = undefined;
    this.#deadlines.remove(this);
    this.#channel?.destroy();
  }

  expire(): void {
    this.#fail({ kind: "connect-timeout" });
  }

  onBytes(): void {}
  onDrain(): void {}

  onEnd(): void {
    this.#fail({ kind: "tls-failed", reason: "the connection ended during the handshake" });
  }

  onClose(): void {
    this.onEnd();
  }

  async #open({ address, tls }: Origin, alpn: readonly string[]): Promise<void> {
    const socket: Bun.SocketHandler<Channel> = {
      ...channelHandlers,
      open: (native) => {
        this.#channel = new Channel(native, this);
        if (this.#listener === undefined) this.#channel.destroy();
        else if (tls === undefined) this.#succeed(undefined);
      },
      handshake: (native, success, error) => {
        if (tls === undefined) return;
        if (success || this.#tls?.insecure === true) this.#succeed(native.alpnProtocol || undefined);
        else this.#fail({ kind: "tls-failed", reason: error?.message ?? "the certificate was not accepted" });
      },
    };
    // Bun wants some data at first; the channel takes its place.
    const shared = { data: undefined as unknown as Channel, socket, allowHalfOpen: true };
    if (address.kind === "unix")
      await Bun.connect<Channel>({ ...shared, unix: address.path, ...tlsOf(tls, undefined, alpn) });
    else {
      const { host: hostname, port } = address;
      await Bun.connect<Channel>({ ...shared, hostname, port, ...tlsOf(tls, hostname, alpn) });
    }
  }

  #succeed(alpn: string | undefined): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    this.#deadlines.remove(this);
    listener.onConnected(this.#channel!, alpn);
  }

  #fail(failure: ConnectFailure): void {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.cancel();
    listener.onConnectFailed(failure);
  }
}

function tlsOf(
  tls: OriginTls | undefined,
  host: string | undefined,
  alpn: readonly string[],
): { readonly tls?: TLSOptions } {
  if (tls === undefined) return {};
  const { ca, key, cert, insecure, serverName = host } = tls;
  return {
    tls: {
      ...(serverName === undefined ? {} : { serverName }),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: alpnWire(alpn) }),
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
