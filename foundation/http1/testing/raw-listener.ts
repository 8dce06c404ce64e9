/** A server by hand: what it answers is said octet by octet. For tests. */

import { RawPeer } from "./raw-peer.ts";

export interface RawListener {
  readonly port: number;
  readonly accepted: readonly RawPeer[];
  close(): void;
}

/** @param onOpen told each connection */
export function listenRaw(onOpen: (peer: RawPeer) => void = () => undefined): RawListener {
  const accepted: RawPeer[] = [];
  const listener = Bun.listen<RawPeer>({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      ...RawPeer.handlers,
      open(native) {
        const peer = RawPeer.around(native);
        accepted.push(peer);
        onOpen(peer);
      },
    },
  });
  return {
    port: listener.port,
    accepted,
    close() {
      listener.stop(true);
    },
  };
}
