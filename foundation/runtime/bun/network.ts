/**
 * The operating system's TCP behind the port.
 */

import { connect, createServer, type Server } from "node:net";
import { NetworkError } from "../ports/errors.ts";
import {
  type ByteStream,
  type ConnectOptions,
  type EndpointOptions,
  formatAddress,
  type MessageHandler,
  type Network,
  type NetworkAddress,
  type NetworkEndpoint,
  type NetworkListener,
} from "../ports/network.ts";
import { SystemEndpoint } from "./endpoint.ts";
import { SystemStream } from "./stream.ts";
import { toNetworkError } from "./system-errors.ts";

/** Starts listening and resolves to the real address. */
function startListening(server: Server, address: NetworkAddress, operation: string): Promise<NetworkAddress> {
  return new Promise((resolve, reject) => {
    const onError = (error: unknown): void => reject(toNetworkError(error, operation, formatAddress(address)));
    server.once("error", onError);
    server.listen({ host: address.host, port: address.port }, () => {
      server.off("error", onError);
      // What fails later is the accepting of one connection (too many open files); the listener goes on.
      server.on("error", () => {});
      const bound = server.address();
      const port = bound !== null && typeof bound === "object" ? bound.port : address.port;
      resolve({ host: address.host, port });
    });
  });
}

function addressOf(host: string | undefined, port: number | undefined): NetworkAddress {
  return { host: host ?? "", port: port ?? 0 };
}

async function listen(address: NetworkAddress, onConnection: (stream: ByteStream) => void): Promise<NetworkListener> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    onConnection(
      new SystemStream(
        socket,
        addressOf(socket.localAddress, socket.localPort),
        addressOf(socket.remoteAddress, socket.remotePort),
      ),
    );
  });
  const bound = await startListening(server, address, "listen");
  let closing: Promise<void> | undefined;
  return {
    address: bound,
    close() {
      // `server.close` calls back only after every accepted connection has ended; those live on, so its start is what counts.
      closing ??= new Promise((resolve) => {
        server.close();
        setImmediate(resolve);
      });
      return closing;
    },
  };
}

function connectTo(to: NetworkAddress, options: ConnectOptions = {}): Promise<ByteStream> {
  const { signal, timeoutMs } = options;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const socket = connect({ host: to.host, port: to.port, allowHalfOpen: true, noDelay: true });
    const settle = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      socket.off("error", onError);
    };
    const give = (reason: unknown): void => {
      settle();
      // Whatever the dying socket still reports has no reader.
      socket.on("error", () => {});
      socket.destroy();
      reject(reason);
    };
    const onAbort = (): void => give(signal?.reason);
    const onError = (error: unknown): void => give(toNetworkError(error, "connect", formatAddress(to)));
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => give(new NetworkError("ETIMEDOUT", "connect", formatAddress(to))), timeoutMs);
    signal?.addEventListener("abort", onAbort, { once: true });
    socket.once("error", onError);
    socket.once("connect", () => {
      settle();
      resolve(new SystemStream(socket, addressOf(socket.localAddress, socket.localPort), to));
    });
  });
}

async function openEndpoint(
  address: NetworkAddress,
  onMessage: MessageHandler,
  options: EndpointOptions = {},
): Promise<NetworkEndpoint> {
  const server = createServer();
  const bound = await startListening(server, address, "openEndpoint");
  return new SystemEndpoint(server, { host: options.advertisedHost ?? bound.host, port: bound.port }, onMessage);
}

/** The network of this machine. */
export const systemNetwork: Network = Object.freeze<Network>({ listen, connect: connectTo, openEndpoint });
