/** Connections that have left HTTP (WebSockets): octets both ways, until one end is gone, nothing passes for too long, or the gateway ends. */
import type { RawDuplex } from "#foundation/http1";
import type { Clock, TimerHandle, Timers } from "#foundation/runtime";
import { closeFrame, FrameTracker } from "./frame-tracker.ts";

/** RFC 6455 §7.4.1: an end goes away. */
const GOING_AWAY = 1001;
/** For both ends to say that they close too; then they are cut. */
const CLOSING_MS = 5_000;

export interface TunnelOptions {
  /** Of them at a time: the server counts only connections that speak HTTP. */
  readonly max: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly timers: Timers;
  /** Clients mask what they send (RFC 6455 §5.3), and to the upstream this is one. Valid until the next call. */
  readonly randomBytes: (length: number) => Uint8Array;
}

export class Tunnels {
  readonly #open = new Set<Tunnel>();
  readonly #options: TunnelOptions;
  #onQuiet: (() => void) | undefined;

  constructor(options: TunnelOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#open.size >= this.#options.max;
  }

  /**
   * Joins both ends.
   * @param idleTimeoutMs after which both are told to close when no octet has passed in either direction; undefined: never
   * @param onClosed called once, with the octets that the client was given
   */
  join(
    client: RawDuplex,
    upstream: RawDuplex,
    idleTimeoutMs: number | undefined,
    onClosed: (bytes: number) => void,
  ): void {
    const tunnel = new Tunnel(client, upstream, idleTimeoutMs, this.#options, (bytes) => {
      this.#open.delete(tunnel);
      onClosed(bytes);
      if (this.#open.size === 0) this.#onQuiet?.();
    });
    this.#open.add(tunnel);
    tunnel.start();
  }

  /** Tells all ends that they are to close, and waits until they have; those that have not after `graceMs` are cut. */
  async close(graceMs: number, timers: Timers): Promise<void> {
    for (const tunnel of [...this.#open]) tunnel.goAway("the gateway ends");
    if (this.#open.size > 0 && graceMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = timers.after(graceMs, resolve);
        this.#onQuiet = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    for (const tunnel of [...this.#open]) tunnel.cut();
  }
}

/** Two ends. */
class Tunnel {
  readonly #client: RawDuplex;
  readonly #upstream: RawDuplex;
  readonly #idleTimeoutMs: number | undefined;
  readonly #options: TunnelOptions;
  readonly #onClosed: (bytes: number) => void;
  readonly #ways: readonly [fromClient: Way, fromUpstream: Way];
  #isClosed = false;
  #isClosing = false;
  #lastMs = 0;
  #timer: TimerHandle | undefined;

  constructor(
    client: RawDuplex,
    upstream: RawDuplex,
    idleTimeoutMs: number | undefined,
    options: TunnelOptions,
    onClosed: (bytes: number) => void,
  ) {
    this.#client = client;
    this.#upstream = upstream;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#options = options;
    this.#onClosed = onClosed;
    this.#ways = [new Way(client, upstream), new Way(upstream, client)];
  }

  start(): void {
    this.#lastMs = this.#options.clock.monotonicMs();
    if (this.#idleTimeoutMs !== undefined) this.#awaitTraffic(this.#idleTimeoutMs);
    for (const way of this.#ways) {
      if (way.from.rest.length > 0) way.pass(way.from.rest);
      way.from.start({
        onBytes: (received) => {
          if (this.#isClosed) return;
          this.#lastMs = this.#options.clock.monotonicMs();
          way.pass(received);
          if (way.hasClosed) this.#endWhenClosed();
        },
        onEnd: () => way.to.shutdown(),
        onDrain: () => way.to.resume(),
        onClose: () => this.cut(),
      });
    }
  }

  /** Tells both ends to close, each behind the frame that it is being sent. @param reason as {@link closeFrame} */
  goAway(reason: string): void {
    if (this.#isClosed || this.#isClosing) return;
    this.#isClosing = true;
    this.#timer?.cancel();
    this.#timer = this.#options.timers.after(CLOSING_MS, () => this.cut());
    const [fromClient, fromUpstream] = this.#ways;
    fromClient.closeWith(closeFrame(GOING_AWAY, reason, this.#options.randomBytes(4)));
    fromUpstream.closeWith(closeFrame(GOING_AWAY, reason));
    this.#endWhenClosed();
  }

  cut(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#client.destroy();
    this.#upstream.destroy();
    this.#onClosed(this.#ways[1].bytes);
  }

  /** Both have said that they close, and were told so (§7.1.1). */
  #endWhenClosed(): void {
    if (!this.#ways.every(({ hasClosed, isShut }) => hasClosed && (isShut || !this.#isClosing))) return;
    // What waits still leaves. The first that is gone takes the other one with it.
    this.#client.end();
    this.#upstream.end();
  }

  #awaitTraffic(forMs: number): void {
    this.#timer = this.#options.timers.after(forMs, () => {
      const leftMs = this.#lastMs + this.#idleTimeoutMs! - this.#options.clock.monotonicMs();
      if (leftMs > 0) this.#awaitTraffic(leftMs);
      else this.goAway("nothing has passed for too long");
    });
  }
}

/** One direction. */
class Way {
  /** Octets that went on. */
  bytes = 0;
  /** The last frame was sent: what still comes is for nobody. */
  isShut = false;
  readonly #tracker = new FrameTracker();
  #closeFrame: Buffer | undefined;

  constructor(
    readonly from: RawDuplex,
    readonly to: RawDuplex,
  ) {}

  /** Whether the end that octets come from has said that it closes. */
  get hasClosed(): boolean {
    return this.#tracker.hasClosed;
  }

  pass(received: Buffer): void {
    if (this.#closeFrame === undefined || this.isShut) {
      this.#tracker.pass(received);
      if (!this.isShut) this.#write(received);
      return;
    }
    const length = this.#tracker.passToEnd(received);
    this.#write(length === -1 ? received : received.subarray(0, length));
    if (length === -1) return;
    this.#shut();
    this.#tracker.pass(received.subarray(length));
  }

  closeWith(frame: Buffer): void {
    this.#closeFrame = frame;
    if (this.#tracker.isBetween) this.#shut();
  }

  #shut(): void {
    this.isShut = true;
    // Whoever has closed already says nothing behind that (§5.5.1).
    if (!this.hasClosed) this.to.write(this.#closeFrame!);
    // An answer to it must get through, whatever waits in the other direction.
    this.from.resume();
  }

  #write(bytes: Buffer): void {
    this.bytes += bytes.length;
    if (!this.to.write(bytes)) this.from.pause();
  }
}
