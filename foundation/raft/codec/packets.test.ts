import { expect, test } from "bun:test";
import { MalformedBytesError } from "#foundation/binary";
import { decodePacket, encodePacket, type Packet, type SmallMessage } from "./packets.ts";

const head = { from: 1, to: 2, term: 2 ** 40 };
const MESSAGES: readonly SmallMessage[] = [
  { type: "vote", ...head, lastIndex: 5, lastTerm: 4, force: true },
  { type: "pre-vote", ...head, lastIndex: 5, lastTerm: 4, force: false },
  { type: "vote-answer", ...head, rejected: true, known: { index: 4, term: 2 } },
  { type: "pre-vote-answer", ...head, rejected: false },
  {
    type: "append",
    ...head,
    prevIndex: 6,
    prevTerm: 3,
    commit: 5,
    entries: [
      { kind: "empty", term: 3, index: 7 },
      { kind: "command", term: 3, index: 8, data: new Uint8Array([1, 2, 3]) },
      {
        kind: "config",
        term: 4,
        index: 9,
        change: { transition: "joint-explicit", changes: [{ kind: "add-learner", node: 9 }] },
      },
    ],
  },
  { type: "append-answer", ...head, rejected: false, index: 9 },
  { type: "append-answer", ...head, rejected: true, index: 9, hintIndex: 4, hintTerm: 2 },
  { type: "heartbeat", ...head, commit: 3, readRound: 8 },
  { type: "heartbeat-answer", ...head, readRound: 8 },
  { type: "timeout-now", ...head },
  { type: "read-index", ...head, term: 0, context: "1.é.1" },
  { type: "read-index-answer", ...head, context: "1.é.1", index: 3 },
];
const membership = { voters: [1], outgoing: [2], learners: [3], learnersNext: [4], autoLeave: true };
const PACKETS: readonly Packet[] = [
  ...MESSAGES.map((message): Packet => ({ kind: "message", message })),
  {
    kind: "piece",
    piece: {
      ...head,
      transfer: 77,
      meta: { index: 5, term: 2, membership },
      totalBytes: 10,
      offset: 4,
      bytes: new Uint8Array([9, 8]),
    },
  },
  { kind: "piece-answer", answer: { from: 2, to: 1, transfer: 77, receivedBytes: 6 } },
];

test("every packet is read as it was written", () => {
  for (const packet of PACKETS) expect(decodePacket(encodePacket(packet))).toEqual(packet);
});

test("a packet that is cut or has bytes left over is refused, and one with a changed byte is refused or another packet", () => {
  for (const packet of PACKETS) {
    const bytes = encodePacket(packet);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodePacket(bytes.subarray(0, length))).toThrow(MalformedBytesError);
    }
    expect(() => decodePacket(new Uint8Array([...bytes, 0]))).toThrow(MalformedBytesError);
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = 0xff;
      try {
        decodePacket(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedBytesError);
      }
    }
  }
});
