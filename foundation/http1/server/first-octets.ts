/** A connection without TLS whose client has not said yet which protocol it speaks. */

import type { Channel, ChannelOwner } from "../io/channel.ts";
import type { Protocol, ServedConnection } from "./protocol.ts";
import type { ServerConnection } from "./server-connection.ts";

/** Of a preface: as many as tell it from any request of HTTP/1.1, and no more, for what follows may be wrong in ways that its protocol has words for. */
const OCTETS = 4;

export class FirstOctets implements ChannelOwner {
  #held: Buffer | undefined;

  /** @param otherwise the connection of HTTP/1.1 that it is when it is nothing else; it watches the time meanwhile */
  constructor(
    private readonly channel: Channel,
    private readonly otherwise: ServerConnection,
    private readonly protocols: readonly Protocol[],
    private readonly serve: (protocol: Protocol) => ServedConnection,
  ) {}

  onBytes(received: Buffer): void {
    const bytes = this.#held === undefined ? received : Buffer.concat([this.#held, received]);
    const length = Math.min(OCTETS, bytes.length);
    const protocol = this.protocols.find(({ preface }) => bytes.compare(preface, 0, length, 0, length) === 0);
    if (protocol !== undefined && length < OCTETS) {
      this.#held = bytes;
      return;
    }
    if (protocol === undefined) this.channel.owner = this.otherwise;
    else {
      this.otherwise.leave();
      this.serve(protocol);
    }
    this.channel.owner.onBytes(bytes);
  }

  onEnd(): void {
    this.otherwise.onEnd();
  }

  onDrain(): void {
    this.otherwise.onDrain();
  }

  onClose(): void {
    this.otherwise.onClose();
  }
}
