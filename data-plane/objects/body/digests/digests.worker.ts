/** A thread that hashes large bodies, so that neither MD5 nor a checksum holds up the event loop that answers requests. */
import { MultiHasher } from "#foundation/aws/checksums";
import { type FromDigestThread, SEGMENT_BYTES, SEGMENTS, type ToDigestThread } from "./protocol.ts";

declare const self: {
  onmessage: ((event: MessageEvent<ToDigestThread>) => void) | null;
  postMessage(message: FromDigestThread): void;
};

interface Body {
  readonly hasher: MultiHasher;
  readonly memory: SharedArrayBuffer;
  turn: number;
}

const bodies = new Map<number, Body>();

function bodyOf(number: number): Body {
  const body = bodies.get(number);
  if (body === undefined) throw new Error(`body ${number} was not begun`);
  return body;
}

self.onmessage = ({ data: message }) => {
  switch (message.type) {
    case "begin":
      bodies.set(message.body, { hasher: new MultiHasher(message.algorithms), memory: message.memory, turn: 0 });
      return;
    case "segment": {
      const body = bodyOf(message.body);
      body.hasher.update(new Uint8Array(body.memory, body.turn * SEGMENT_BYTES, message.length));
      body.turn = (body.turn + 1) % SEGMENTS;
      self.postMessage({ type: "taken", body: message.body });
      return;
    }
    case "end": {
      const { hasher } = bodyOf(message.body);
      bodies.delete(message.body);
      self.postMessage({ type: "digests", body: message.body, digests: [...hasher.digests()] });
      return;
    }
    case "abandon":
      bodies.delete(message.body);
  }
};
