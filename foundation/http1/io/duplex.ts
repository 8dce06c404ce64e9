/** A connection that has left HTTP: octets in both directions, at the pace of both ends. */

import type { Channel, ChannelOwner } from "./channel.ts";

export type DuplexOwner = ChannelOwner;

export interface RawDuplex {
  /** What came behind the last message of HTTP. To be looked at before anything else arrives. */
  readonly rest: Buffer;
  /** Says who is told from now on, and lets octets come. */
  start(owner: DuplexOwner): void;
  /** @returns whether more may follow at once; if not, `onDrain` is called, and the bytes must not change until then */
  write(bytes: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  /** Sends what waits, then says that no more will come; the peer may go on. */
  shutdown(): void;
  /** Sends what waits, then closes. */
  end(): void;
  /** Closes now. */
  destroy(): void;
  /** Closes now, so that the peer cannot take it for a proper end. */
  reset(): void;
}

/** Takes a channel over. Nobody is told anything until `start`. */
export function rawDuplex(channel: Channel, rest: Buffer): RawDuplex {
  const early: Buffer[] = [];
  let hasEnded = false;
  channel.pause();
  channel.owner = {
    // What was on its way when the channel was paused.
    onBytes: (bytes) => early.push(bytes),
    onEnd: () => {
      hasEnded = true;
    },
    onDrain() {},
    onClose() {},
  };
  return {
    rest,
    start(owner) {
      channel.owner = owner;
      for (const bytes of early.splice(0)) owner.onBytes(bytes);
      if (hasEnded) owner.onEnd();
      if (channel.closed) owner.onClose();
      else channel.resume();
    },
    write: (bytes) => channel.write(bytes),
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    shutdown: () => channel.shutdown(),
    end: () => channel.end(),
    destroy: () => channel.destroy(),
    reset: () => channel.reset(),
  };
}
