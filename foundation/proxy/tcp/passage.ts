/** One connection on its way through the TCP proxy: what comes first, where it goes, and the tunnel. */

import type { Socket } from "bun";
import {
  Channel,
  type ChannelOwner,
  type ConnectFailure,
  Connecting,
  type Deadlines,
  NEVER,
  type Timed,
} from "#foundation/http1";
import { Tunnel } from "../tunnel/tunnel.ts";
import { Opening, type OpeningOptions } from "./opening.ts";
import { encodeProxyHeader, type ProxiedAddresses } from "./proxy-protocol.ts";
import type { FailedConnection, TcpClient, TcpFailure, TcpProxyOptions, TcpRoute } from "./tcp-proxy.ts";

/** What all connections of one proxy share. */
export interface PassageSettings extends OpeningOptions, Pick<TcpProxyOptions, "route" | "onFailure"> {
  readonly attemptsMax: number;
  readonly connectTimeoutMs: number;
  readonly openingTimeoutMs: number;
  readonly idleTimeoutMs: number;
  readonly deadlines: Deadlines;
  /** Called once. */
  readonly onOver: (passage: Passage) => void;
}

const NO_BYTES = new Uint8Array(0);
/** A server that is spoken to in TLS is told nothing of the protocol within: the two ends agree about that themselves. */
const NO_ALPN: readonly string[] = [];

export class Passage implements ChannelOwner, Timed {
  deadline = NEVER;
  readonly #settings: PassageSettings;
  readonly #channel: Channel;
  readonly #opening: Opening;
  #client: TcpClient;
  #early: Uint8Array = NO_BYTES;
  #connecting: Connecting | undefined;
  #tunnel: Tunnel | undefined;
  #over = false;

  constructor(native: Socket<Channel>, settings: PassageSettings) {
    this.#settings = settings;
    this.#opening = new Opening(settings);
    this.#channel = new Channel(native, this);
    this.#client = {
      remoteAddress: native.remoteAddress,
      remotePort: native.remotePort,
      localAddress: native.localAddress,
      localPort: native.localPort,
      proxyHeader: undefined,
      hello: undefined,
    };
  }

  start(): void {
    const { deadlines, openingTimeoutMs } = this.#settings;
    if (this.#opening.isImmediate) {
      this.#choose([]);
      return;
    }
    deadlines.add(this);
    this.deadline = deadlines.now + openingTimeoutMs;
  }

  /** Ends it now. */
  cut(): void {
    if (this.#tunnel !== undefined) this.#tunnel.close();
    else this.#fail({ kind: "client-gone" });
  }

  expire(): void {
    this.#fail({ kind: "opening-timeout" });
  }

  onBytes(bytes: Buffer): void {
    const outcome = this.#opening.push(bytes);
    if (outcome.kind === "refused") this.#fail({ kind: "refused", fault: outcome.fault });
    if (outcome.kind !== "opened") return;
    const { proxyHeader, hello, bytes: early } = outcome.opened;
    this.#client = { ...this.#client, proxyHeader, hello };
    this.#early = early;
    this.#settings.deadlines.remove(this);
    this.#choose([]);
  }

  /** A client that has said all it has to say still wants the answer, once it is known where that comes from. */
  onEnd(): void {
    if (this.deadline !== NEVER) this.#fail({ kind: "client-gone" });
  }

  onDrain(): void {}

  onClose(): void {
    this.#fail({ kind: "client-gone" });
  }

  #choose(failed: readonly FailedConnection[]): void {
    this.deadline = NEVER;
    // Nothing more is read before there is somewhere to put it.
    this.#channel.pause();
    const onError = (error: unknown): void => this.#fail({ kind: "route-failed", error });
    try {
      const chosen = this.#settings.route(this.#client, failed);
      if (chosen instanceof Promise) chosen.then((route) => this.#go(route, failed), onError);
      else this.#go(chosen, failed);
    } catch (error) {
      onError(error);
    }
  }

  #go(route: TcpRoute | undefined, failed: readonly FailedConnection[]): void {
    if (this.#over) return;
    if (route === undefined) {
      this.#fail(failed.at(-1)?.failure ?? { kind: "no-upstream" });
      return;
    }
    const { connectTimeoutMs, deadlines, attemptsMax } = this.#settings;
    this.#connecting = new Connecting(route.backend, NO_ALPN, connectTimeoutMs, deadlines, {
      onConnected: (upstream) => this.#join(upstream, route),
      onConnectFailed: (failure: ConnectFailure) => {
        this.#connecting = undefined;
        const attempts = [...failed, { backend: route.backend, failure }];
        if (attempts.length < attemptsMax) this.#choose(attempts);
        else this.#fail(failure);
      },
    });
  }

  #join(upstream: Channel, route: TcpRoute): void {
    this.#connecting = undefined;
    const { deadlines, idleTimeoutMs } = this.#settings;
    const { proxyProtocol } = route;
    if (proxyProtocol !== undefined) {
      const { version, tlvs = [] } = proxyProtocol;
      upstream.write(encodeProxyHeader({ version, addresses: addressesOf(this.#client), tlvs }));
    }
    this.#tunnel = new Tunnel(this.#channel, upstream, {
      deadlines,
      idleTimeoutMs,
      onOver: (result) => {
        this.#leave();
        route.onFinished?.(result);
      },
    });
    const early = this.#early;
    this.#early = NO_BYTES;
    this.#tunnel.begin(early);
  }

  #fail(failure: TcpFailure): void {
    if (this.#over || this.#tunnel !== undefined) return;
    this.#leave();
    this.#connecting?.cancel();
    this.#settings.deadlines.remove(this);
    this.#channel.reset();
    this.#settings.onFailure?.(failure, this.#client);
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#settings.onOver(this);
  }
}

/** Of the client itself: what a proxy before us said of it, or its socket. */
function addressesOf(client: TcpClient): ProxiedAddresses | undefined {
  if (client.proxyHeader !== undefined) return client.proxyHeader.addresses;
  const { remotePort: sourcePort, localPort: destinationPort } = client;
  const sourceAddress = plain(client.remoteAddress);
  const destinationAddress = plain(client.localAddress);
  const family = sourceAddress.includes(":") ? "ipv6" : "ipv4";
  if ((family === "ipv6") !== destinationAddress.includes(":")) return undefined;
  return { family, sourceAddress, sourcePort, destinationAddress, destinationPort };
}

/** An IPv4 address that came over an IPv6 socket, as IPv4. */
function plain(address: string): string {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
