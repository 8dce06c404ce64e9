/** A thread that hashes large bodies, so that neither MD5 nor a checksum holds up the event loop that answers requests. */
import { HashingTurns } from "./hashing-turns.ts";
import type { FromDigestThread, ToDigestThread } from "./protocol.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToDigestThread>) => void) | null;
  postMessage(message: FromDigestThread): void;
};

const turns = new HashingTurns();
let scheduled = false;

/** Messages that have arrived are read before each turn: the more segments it finds, the better. */
function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    const turn = turns.turn();
    if (turn === undefined) return;
    if (turn.taken.length > 0) self.postMessage({ type: "taken", bodies: turn.taken });
    for (const { body, digests } of turn.finished) self.postMessage({ type: "digests", body, digests: [...digests] });
    schedule();
  });
}

self.onmessage = ({ data: message }) => {
  switch (message.type) {
    case "begin":
      turns.begin(message.body, message.algorithms);
      return;
    case "segment":
      turns.segment(message.body, new Uint8Array(message.memory, 0, message.length));
      break;
    case "hurry":
      turns.hurry(message.body);
      break;
    case "end":
      turns.end(message.body);
      break;
    case "abandon":
      turns.abandon(message.body);
  }
  schedule();
};
