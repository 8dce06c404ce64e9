/**
 * What code may do to the network: ordered byte streams with backpressure, and message endpoints without promises.
 *
 * Neither side is authenticated or encrypted here; whoever reads from the network treats every byte as hostile.
 */

/** Where something listens. In simulation `host` is the name of a simulated machine. */
export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

/** One end of a connection: two independent directions of bytes. */
export interface ByteStream {
  readonly local: NetworkAddress;
  readonly remote: NetworkAddress;
  /**
   * The next bytes (at least one), or undefined when the peer has ended its direction. One read at a time. Nothing is read ahead beyond a
   * bounded buffer, so that a slow reader slows the peer's writes.
   * @throws NetworkError ECONNRESET when the connection was cut, also by `reset` on this side; ETIMEDOUT when the peer fell silent. A peer whose
   * machine lost power says nothing: a program that only reads needs a deadline or heartbeats of its own to notice.
   */
  read(): Promise<Uint8Array | undefined>;
  /**
   * Queues the bytes, in order of the calls, and resolves once the queue is short again: await it before producing more. The caller leaves
   * `bytes` alone until then. Resolving does not mean that the peer has read anything.
   * @throws NetworkError EPIPE after `end`; ECONNRESET or ETIMEDOUT when the connection was cut.
   */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends this side's direction after what was written (half-close); reading goes on. Ending twice is harmless. */
  end(): Promise<void>;
  /** Cuts both directions at once; the peer's reads and writes fail with ECONNRESET. */
  reset(): void;
  /** Resolves when both directions have ended or the connection was cut. Never rejects. */
  readonly closed: Promise<void>;
}

/** Something that accepts connections. */
export interface NetworkListener {
  /** The real address, with the port that was chosen when 0 was asked for. */
  readonly address: NetworkAddress;
  /** Stops accepting. Connections already accepted live on. Closing twice is harmless. */
  close(): Promise<void>;
}

/** Options of `connect`. */
export interface ConnectOptions {
  /** Aborting rejects with the signal's reason; after the connection stands the signal has no effect. */
  readonly signal?: AbortSignal;
  /** Gives up with ETIMEDOUT after this many milliseconds; without it the system's own limit (minutes) applies. */
  readonly timeoutMs?: number;
}

/** The largest message an endpoint carries: a 10 MB transaction, FoundationDB's limit, plus headers, rounded up to 16 MiB. */
export const MESSAGE_BYTES_MAX = 16 * 1024 * 1024;

/** Receives the messages of an endpoint. `from` is what the sender claims to be. The bytes belong to the receiver. */
export type MessageHandler = (from: NetworkAddress, bytes: Uint8Array) => void;

/** A mailbox. Messages may be lost, and in simulation duplicated and reordered; a message that arrives is whole. */
export interface NetworkEndpoint {
  /** Where peers reach it, and what they are given as `from`. */
  readonly address: NetworkAddress;
  /**
   * Sends and forgets. The caller may reuse `bytes` at once. Losing the message (peer down, queue full) is silent.
   * @throws NetworkError EMSGSIZE above `MESSAGE_BYTES_MAX`, ENOTCONN after `close`.
   */
  send(to: NetworkAddress, bytes: Uint8Array): void;
  /** Stops receiving and drops what is queued. Closing twice is harmless. */
  close(): Promise<void>;
}

/** Options of `openEndpoint`. */
export interface EndpointOptions {
  /** The host by which peers reach this endpoint, when it is not the one it is bound to (`0.0.0.0`, an address behind a translator). */
  readonly advertisedHost?: string;
}

/** The network as one machine sees it. Every method rejects with `NetworkError`. */
export interface Network {
  /**
   * Accepts connections at the address (port 0: any free port).
   * @throws EADDRINUSE, EADDRNOTAVAIL, EACCES.
   */
  listen(address: NetworkAddress, onConnection: (stream: ByteStream) => void): Promise<NetworkListener>;
  /** @throws ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, ENOTFOUND. */
  connect(to: NetworkAddress, options?: ConnectOptions): Promise<ByteStream>;
  /**
   * Opens a mailbox at the address (port 0: any free port).
   * @throws EADDRINUSE, EADDRNOTAVAIL, EACCES.
   */
  openEndpoint(address: NetworkAddress, onMessage: MessageHandler, options?: EndpointOptions): Promise<NetworkEndpoint>;
}

/** `host:port`, with brackets around an IPv6 host (RFC 3986 §3.2.2). */
export function formatAddress(address: NetworkAddress): string {
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
