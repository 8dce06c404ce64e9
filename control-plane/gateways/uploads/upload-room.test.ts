import { expect, test } from "bun:test";
import fc from "fast-check";
import { createUploadRoom, UPLOADS_PER_ORG } from "./upload-room.ts";

test("an org has its share, everybody together has all, and what is given back is free", () => {
  const room = createUploadRoom(100, 60);
  const [one, two, other] = [room.enter("a")!, room.enter("a")!, room.enter("b")!];
  expect([one.take(40), two.take(20), two.take(1)]).toEqual([true, true, false]);
  expect([other.take(41), other.take(40), other.take(1)]).toEqual([false, true, false]);
  one.release();
  one.release();
  expect([room.bytes, two.take(40), two.take(1)]).toEqual([60, true, false]);
  two.release();
  other.release();
  expect([room.bytes, other.take(1)]).toEqual([0, false]);
});

test("an org has so many uploads at once; when one is over, there is another", () => {
  const room = createUploadRoom();
  const all = Array.from({ length: UPLOADS_PER_ORG }, () => room.enter("a")!);
  expect([room.enter("a"), room.enter("b") === undefined]).toEqual([undefined, false]);
  all[0]!.release();
  all[0]!.release();
  expect([room.enter("a") === undefined, room.enter("a")]).toEqual([false, undefined]);
});

test("nobody ever has more than that, whatever they do", () => {
  const steps = fc.array(fc.record({ who: fc.nat(5), bytes: fc.nat(50), releases: fc.boolean() }), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (all) => {
      const room = createUploadRoom(100, 60);
      const entered = Array.from({ length: 6 }, (_, index) => room.enter(`org ${index % 2}`)!);
      const own = entered.map(() => 0);
      for (const { who, bytes, releases } of all) {
        if (releases) {
          entered[who]!.release();
          entered[who] = room.enter(`org ${who % 2}`)!;
          own[who] = 0;
        } else if (entered[who]!.take(bytes)) own[who]! += bytes;
        const sum = (parts: readonly number[]) => parts.reduce((total, part) => total + part, 0);
        expect(room.bytes).toBe(sum(own));
        expect(room.bytes).toBeLessThanOrEqual(100);
        for (const org of [0, 1]) expect(sum(own.filter((_, index) => index % 2 === org))).toBeLessThanOrEqual(60);
      }
    }),
  );
});
