/** Connections that have left HTTP (WebSockets): octets both ways, until one end is gone or the gateway ends. */
import type { RawDuplex } from "#foundation/http1";
import type { Timers } from "#foundation/runtime";

export class Tunnels {
  /** What cuts each. */
  readonly #open = new Set<() => void>();
  #onQuiet: (() => void) | undefined;

  /** @param max of them at a time: the server counts only connections that speak HTTP */
  constructor(private readonly max: number) {}

  get isFull(): boolean {
    return this.#open.size >= this.max;
  }

  /** Joins both ends. @param onClosed called once, with the octets that the client was given */
  join(client: RawDuplex, upstream: RawDuplex, onClosed: (bytes: number) => void): void {
    let bytes = 0;
    const close = (): void => {
      if (!this.#open.delete(close)) return;
      client.destroy();
      upstream.destroy();
      onClosed(bytes);
      if (this.#open.size === 0) this.#onQuiet?.();
    };
    this.#open.add(close);
    const couple = (from: RawDuplex, to: RawDuplex, count: boolean): void => {
      if (from.rest.length > 0) to.write(from.rest);
      from.start({
        onBytes(received) {
          if (count) bytes += received.length;
          if (!to.write(received)) from.pause();
        },
        onEnd: () => to.shutdown(),
        onDrain: () => to.resume(),
        onClose: close,
      });
    };
    couple(client, upstream, false);
    couple(upstream, client, true);
  }

  /** Waits until all have ended; those that have not after `graceMs` are cut. */
  async close(graceMs: number, timers: Timers): Promise<void> {
    if (this.#open.size > 0 && graceMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = timers.after(graceMs, resolve);
        this.#onQuiet = () => {
          timer.cancel();
          resolve();
        };
      });
    }
    for (const close of [...this.#open]) close();
  }
}
