/**
 * Message endpoints over TCP: one outgoing connection per peer, opened on first use, given up at the first trouble.
 */

import { connect, type Server, type Socket } from "node:net";
import { NetworkError } from "../ports/errors.ts";
import {
  formatAddress,
  MESSAGE_BYTES_MAX,
  type MessageHandler,
  type NetworkAddress,
  type NetworkEndpoint,
} from "../ports/network.ts";
import { decodeGreeting, encodeFrame, encodeGreeting, FrameReader } from "./message-frames.ts";

/** What may wait for one peer: four of the largest messages. Beyond it messages are dropped, as the port allows. */
const PEER_QUEUE_BYTES_MAX = 4 * MESSAGE_BYTES_MAX;
/** Connections accepted at once. A cluster has tens of members, each with one connection; the rest is room for restarts. */
const INCOMING_CONNECTIONS_MAX = 1024;
/** Peers to which connections are open at once. Whoever answers what `from` claims must not be made to connect to the whole world. */
const PEERS_MAX = 1024;
/** A connection that has not introduced itself by then is a scanner. */
const GREETING_TIMEOUT_MS = 10_000;
/** After a failed connection, messages to the peer are dropped for this long instead of hammering it. */
const RETRY_AFTER_MS = 100;

/** An outgoing connection. */
interface PeerLink {
  readonly socket: Socket;
  queuedBytes: number;
}

/** A mailbox on a listening TCP server. The server is given listening, and belongs to the endpoint from then on. */
export class SystemEndpoint implements NetworkEndpoint {
  readonly address: NetworkAddress;
  private readonly server: Server;
  private readonly onMessage: MessageHandler;
  private readonly links = new Map<string, PeerLink>();
  /** Peers that were unreachable, with the moment from which they may be tried again. */
  private readonly resting = new Map<string, number>();
  private readonly incoming = new Set<Socket>();
  private closing: Promise<void> | undefined;

  constructor(server: Server, address: NetworkAddress, onMessage: MessageHandler) {
    this.server = server;
    this.address = address;
    this.onMessage = onMessage;
    server.on("connection", (socket) => this.accept(socket));
  }

  send(to: NetworkAddress, bytes: Uint8Array): void {
    const key = formatAddress(to);
    if (this.closing !== undefined) throw new NetworkError("ENOTCONN", "send", key);
    if (bytes.length > MESSAGE_BYTES_MAX) throw new NetworkError("EMSGSIZE", "send", key);
    const link = this.links.get(key) ?? this.open(key, to);
    if (link === undefined) return;
    const frame = encodeFrame(bytes);
    if (link.queuedBytes + frame.length > PEER_QUEUE_BYTES_MAX) return;
    link.queuedBytes += frame.length;
    link.socket.write(frame, () => {
      link.queuedBytes -= frame.length;
    });
  }

  close(): Promise<void> {
    this.closing ??= new Promise((resolve) => {
      for (const link of this.links.values()) link.socket.destroy();
      for (const socket of this.incoming) socket.destroy();
      this.links.clear();
      this.server.close(() => resolve());
    });
    return this.closing;
  }

  private open(key: string, to: NetworkAddress): PeerLink | undefined {
    const restsUntil = this.resting.get(key);
    if (restsUntil !== undefined) {
      if (performance.now() < restsUntil) return undefined;
      this.resting.delete(key);
    }
    if (this.links.size >= PEERS_MAX) return undefined;
    const socket = connect({ host: to.host, port: to.port, noDelay: true });
    const link: PeerLink = { socket, queuedBytes: 0 };
    this.links.set(key, link);
    // The link is gone on close alone; whatever was queued is lost with it.
    socket.on("error", () => {
      // Forgetting who rests costs no more than an early attempt.
      if (this.resting.size >= PEERS_MAX) this.resting.clear();
      this.resting.set(key, performance.now() + RETRY_AFTER_MS);
    });
    socket.on("close", () => {
      if (this.links.get(key) === link) this.links.delete(key);
    });
    // The other side never speaks on this connection; reading notices that it has gone.
    socket.resume();
    socket.on("end", () => socket.destroy());
    socket.write(encodeGreeting(this.address));
    return link;
  }

  private accept(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    if (this.closing !== undefined || this.incoming.size >= INCOMING_CONNECTIONS_MAX) {
      socket.destroy();
      return;
    }
    this.incoming.add(socket);
    let from: NetworkAddress | undefined;
    const greetingTimer = setTimeout(() => socket.destroy(), GREETING_TIMEOUT_MS);
    const frames = new FrameReader((payload) => {
      if (socket.destroyed) return;
      if (from !== undefined) {
        this.onMessage(from, payload);
        return;
      }
      from = decodeGreeting(payload);
      clearTimeout(greetingTimer);
      if (from === undefined) socket.destroy();
    });
    socket.on("data", (chunk: Uint8Array) => {
      if (!frames.push(chunk)) socket.destroy();
    });
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(greetingTimer);
      this.incoming.delete(socket);
    });
  }
}
