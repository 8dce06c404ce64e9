import { expect, test } from "bun:test";
import type { SnapshotPiece } from "../codec/packets.ts";
import { membershipOf } from "../core/membership.ts";
import type { Snapshot } from "../core/types.ts";
import { SnapshotReceiver, SnapshotSender } from "./snapshot-transfer.ts";

const META = { index: 5, term: 2, membership: membershipOf([1, 2]) };
const snapshotOf = (length: number): Snapshot => ({ meta: META, data: new Uint8Array(length).map((_, at) => at) });
const OPTIONS = { pieceBytes: 4, resendTicks: 3, attemptsMax: 2 };
const head = { from: 1, to: 2, term: 2, transfer: 7 };

/** Every packet twice, and only after the one before. */
function transfer(length: number): { arrived: Snapshot[]; pieces: number; ends: unknown[] } {
  const [sender, receiver] = [new SnapshotSender(OPTIONS), new SnapshotReceiver(1000)];
  const arrived: Snapshot[] = [];
  const ends: unknown[] = [];
  let piece: SnapshotPiece | undefined = sender.begin(head, snapshotOf(length));
  let pieces = 0;
  while (piece !== undefined) {
    pieces++;
    const now: SnapshotPiece = piece;
    piece = undefined;
    for (const taken of [receiver.take(now)!, receiver.take(now)!]) {
      if (taken.snapshot !== undefined) arrived.push(taken.snapshot);
      for (const next of [sender.answer(taken.answer), sender.answer(taken.answer)]) {
        if (next === undefined) continue;
        if ("ok" in next) ends.push(next);
        else piece = next;
      }
    }
  }
  return { arrived, pieces, ends };
}

test("a snapshot arrives whole and once, in pieces, though everything comes twice", () => {
  for (const length of [0, 1, 4, 9]) {
    const { arrived, pieces, ends } = transfer(length);
    expect(arrived).toEqual([snapshotOf(length)]);
    expect(pieces).toBe(Math.max(1, Math.ceil(length / 4)));
    expect(ends).toEqual([{ node: 2, ok: true }]);
  }
});

test("a piece that nobody answers goes again, and at last the transfer is given up", () => {
  const sender = new SnapshotSender(OPTIONS);
  const first = sender.begin(head, snapshotOf(9));
  const heard = Array.from({ length: 7 }, () => sender.tick());
  expect(heard.flatMap(({ pieces }) => pieces)).toEqual([first]);
  expect(heard.flatMap(({ ends }) => ends)).toEqual([{ node: 2, ok: false }]);
});

test("a newer transfer replaces the older; a snapshot that is too large is not begun", () => {
  const receiver = new SnapshotReceiver(1000);
  const piece = new SnapshotSender(OPTIONS).begin(head, snapshotOf(9));
  receiver.take(piece);
  const other = receiver.take({ ...piece, transfer: 8 })!;
  expect(other.answer).toEqual({ from: 2, to: 1, transfer: 8, receivedBytes: 4 });
  expect(receiver.take({ ...piece, totalBytes: 1001 })).toBeUndefined();
});
