/** What the peer says of itself (RFC 9113 §6.5). Pure. */
import {
  CODE,
  ConnectionFault,
  FRAME_BYTES,
  FRAME_BYTES_MAX,
  SETTING,
  WINDOW_AT_FIRST,
  WINDOW_MAX,
} from "../frames/frames.ts";

export class PeerSettings {
  tableBytes = 4096;
  /** Streams that it takes at the same time. */
  maxStreams = Number.POSITIVE_INFINITY;
  initialWindow = WINDOW_AT_FIRST;
  /** Whether a stream may leave HTTP (RFC 8441 §3). */
  allowsConnect = false;
  /** Octets of a frame that we send: never more than everybody takes, so that streams take turns. */
  readonly frameBytes = FRAME_BYTES;

  readonly #peer: "client" | "server";

  constructor(peer: "client" | "server") {
    this.#peer = peer;
  }

  /** @returns by how much the windows of all streams change @throws ConnectionFault */
  read(payload: Buffer): number {
    if (payload.length % 6 !== 0) throw new ConnectionFault(CODE.FRAME_SIZE_ERROR, "Settings have six octets each.");
    const before = this.initialWindow;
    for (let at = 0; at < payload.length; at += 6) this.#set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    return this.initialWindow - before;
  }

  #set(id: number, value: number): void {
    switch (id) {
      case SETTING.HEADER_TABLE_SIZE:
        this.tableBytes = value;
        break;
      case SETTING.ENABLE_PUSH:
        if (value > 1) throw new ConnectionFault(CODE.PROTOCOL_ERROR, "ENABLE_PUSH is 0 or 1.");
        if (value === 1 && this.#peer === "server") {
          throw new ConnectionFault(CODE.PROTOCOL_ERROR, "No server may allow us to push.");
        }
        break;
      case SETTING.MAX_CONCURRENT_STREAMS:
        this.maxStreams = value;
        break;
      case SETTING.INITIAL_WINDOW_SIZE:
        if (value > WINDOW_MAX) throw new ConnectionFault(CODE.FLOW_CONTROL_ERROR, "A window is too large.");
        this.initialWindow = value;
        break;
      case SETTING.ENABLE_CONNECT_PROTOCOL:
        if (value > 1) throw new ConnectionFault(CODE.PROTOCOL_ERROR, "ENABLE_CONNECT_PROTOCOL is 0 or 1.");
        if (value === 0 && this.allowsConnect) {
          throw new ConnectionFault(CODE.PROTOCOL_ERROR, "ENABLE_CONNECT_PROTOCOL is taken back.");
        }
        this.allowsConnect = value === 1;
        break;
      case SETTING.MAX_FRAME_SIZE:
        if (value < FRAME_BYTES || value > FRAME_BYTES_MAX) {
          throw new ConnectionFault(CODE.PROTOCOL_ERROR, "MAX_FRAME_SIZE is out of its range.");
        }
        break;
      default:
        break;
    }
  }
}
