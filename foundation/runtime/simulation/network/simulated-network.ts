/**
 * The network port as one life of a simulated machine sees it.
 */

import { NetworkError } from "../../ports/errors.ts";
import {
  type ByteStream,
  type ConnectOptions,
  type EndpointOptions,
  formatAddress,
  MESSAGE_BYTES_MAX,
  type MessageHandler,
  type Network,
  type NetworkAddress,
  type NetworkEndpoint,
  type NetworkListener,
} from "../../ports/network.ts";
import type { Timers } from "../../ports/timers.ts";
import type { EventOwner } from "../scheduler.ts";
import type { Host, NetworkFabric, PortHolder } from "./fabric.ts";
import { SimulatedStream } from "./stream.ts";

/** How long a connection attempt lasts by itself: about what Linux' six retries of a handshake take. */
const CONNECT_LIMIT_US = 127 * 1_000_000;

/** A machine's network. */
export class SimulatedNetwork implements Network {
  private readonly fabric: NetworkFabric;
  private readonly host: Host;
  private readonly owner: EventOwner;
  private readonly timers: Timers;

  constructor(fabric: NetworkFabric, host: Host, owner: EventOwner, timers: Timers) {
    this.fabric = fabric;
    this.host = host;
    this.owner = owner;
    this.timers = timers;
  }

  async listen(address: NetworkAddress, onConnection: (stream: ByteStream) => void): Promise<NetworkListener> {
    const { currentTask: task } = this.fabric.scheduler;
    const bound = this.hold(address, "listen", { kind: "listener", owner: this.owner, task, accept: onConnection });
    return { address: bound.address, close: async () => bound.release() };
  }

  async openEndpoint(
    address: NetworkAddress,
    onMessage: MessageHandler,
    options: EndpointOptions = {},
  ): Promise<NetworkEndpoint> {
    const { fabric, host, owner } = this;
    const { currentTask: task } = fabric.scheduler;
    const bound = this.hold(address, "openEndpoint", { kind: "endpoint", owner, task, onMessage });
    const advertised = { host: options.advertisedHost ?? bound.address.host, port: bound.address.port };
    let open = true;
    return {
      address: advertised,
      send(to, bytes) {
        if (!owner.alive) return;
        if (!open) throw new NetworkError("ENOTCONN", "send", formatAddress(to));
        if (bytes.length > MESSAGE_BYTES_MAX) throw new NetworkError("EMSGSIZE", "send", formatAddress(to));
        fabric.sendMessage(host.name, advertised, to, bytes.slice());
      },
      async close() {
        open = false;
        bound.release();
      },
    };
  }

  connect(to: NetworkAddress, options: ConnectOptions = {}): Promise<ByteStream> {
    const { fabric, host, owner } = this;
    const { signal, timeoutMs } = options;
    const target = fabric.host(to.host);
    if (target === undefined) return Promise.reject(new NetworkError("ENOTFOUND", "connect", formatAddress(to)));
    const { scheduler } = fabric;
    const { currentTask: task } = scheduler;
    if (task !== undefined) {
      task.waitsFor = fabric.labels.connect;
      task.waitsOn = formatAddress(to);
    }
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const local = { host: host.name, port: host.takePort() };
      const client = new SimulatedStream(fabric, owner, host, target, local, to);
      let settled = false;
      const settle = (): void => {
        settled = true;
        timer?.cancel();
        signal?.removeEventListener("abort", onAbort);
      };
      const give = (reason: unknown): void => {
        if (settled) return;
        settle();
        client.fail("ECONNRESET", "connect");
        scheduler.runOwned(owner, fabric.labels.connect, task, () => reject(reason));
      };
      const onAbort = (): void => give(signal?.reason);
      const timeOut = (): void => give(new NetworkError("ETIMEDOUT", "connect", formatAddress(to)));
      const timer = timeoutMs === undefined ? undefined : this.timers.after(timeoutMs, timeOut);
      signal?.addEventListener("abort", onAbort, { once: true });

      const outgoing = fabric.link(host.name, target.name);
      const incoming = fabric.link(target.name, host.name);
      const untilUs = scheduler.nowUs + CONNECT_LIMIT_US;
      const arrive = (): void => {
        const holder = target.ports.get(to.port);
        if (holder?.kind !== "listener") {
          const refuse = (): void => give(new NetworkError("ECONNREFUSED", "connect", formatAddress(to)));
          fabric.carry(incoming, host, untilUs, refuse, timeOut);
          return;
        }
        const server = new SimulatedStream(fabric, holder.owner, target, host, to, local);
        server.peer = client;
        client.peer = server;
        scheduler.runOwned(holder.owner, fabric.labels.connect, holder.task, () => holder.accept(server));
        const stand = (): void => {
          // Nobody is there any more who wanted the connection.
          if (settled || !owner.alive) {
            client.sendReset();
            return;
          }
          settle();
          scheduler.runOwned(owner, fabric.labels.connect, task, () => resolve(client));
        };
        fabric.carry(incoming, host, untilUs, stand, timeOut);
      };
      fabric.carry(outgoing, target, untilUs, arrive, timeOut);
    });
  }

  private hold(
    address: NetworkAddress,
    operation: string,
    holder: PortHolder,
  ): { address: NetworkAddress; release(): void } {
    const { host } = this;
    if (address.host !== host.name) throw new NetworkError("EADDRNOTAVAIL", operation, formatAddress(address));
    if (address.port !== 0 && host.ports.has(address.port)) {
      throw new NetworkError("EADDRINUSE", operation, formatAddress(address));
    }
    const port = address.port === 0 ? host.takePort() : address.port;
    host.ports.set(port, holder);
    return {
      address: { host: host.name, port },
      release: () => {
        // A later holder of the same port must not lose it.
        if (host.ports.get(port) === holder) host.ports.delete(port);
      },
    };
  }
}
