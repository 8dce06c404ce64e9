import { afterEach, expect, test } from "bun:test";
import { BodyQueue, roomForBodies, unreadBodyBytes } from "./body-queue.ts";
import { BODIES_HIGH_WATER_BYTES, BODY_DELIVERY_BYTES, BODY_HIGH_WATER_BYTES } from "./limits.ts";

const queues: BodyQueue[] = [];
afterEach(() => {
  for (const queue of queues.splice(0)) queue.clear();
  expect(unreadBodyBytes()).toBe(0);
});
function open(...lengths: readonly number[]): BodyQueue {
  const queue = new BodyQueue();
  for (const length of lengths) queue.push(new Uint8Array(length));
  queues.push(queue);
  return queue;
}
const settled = async (promise: Promise<void> | undefined): Promise<boolean> =>
  (await Promise.race([Promise.resolve(promise).then(() => true), Bun.sleep(0).then(() => false)])) ?? true;

test("a chunk counts until the next is asked for", () => {
  const queue = open(100, 50);
  expect([unreadBodyBytes(), queue.waiting]).toEqual([150, 150]);
  expect(queue.shift()).toHaveLength(100);
  expect([unreadBodyBytes(), queue.waiting]).toEqual([150, 50]);
  expect(queue.shift()).toHaveLength(50);
  expect([unreadBodyBytes(), queue.waiting]).toEqual([50, 0]);
  expect(queue.shift()).toBeUndefined();
  expect(unreadBodyBytes()).toBe(0);
});

test("a client may be ahead by its share, and by nothing while much is in memory", () => {
  const queue = open(BODY_HIGH_WATER_BYTES - 1);
  expect(queue.isFull).toBe(false);
  queue.push(new Uint8Array(1));
  expect([queue.isFull, queue.isLow]).toEqual([true, false]);
  queue.shift();
  expect([queue.isFull, queue.isLow]).toEqual([false, true]);
  const large = open(BODIES_HIGH_WATER_BYTES);
  expect([queue.isFull, queue.isLow]).toEqual([true, false]);
  large.clear();
  expect([queue.isFull, queue.isLow]).toEqual([false, true]);
});

test("bodies that come while much is in memory wait, and are let in one after the other as it is read", async () => {
  expect(roomForBodies()).toBeUndefined();
  const large = open(BODIES_HIGH_WATER_BYTES - BODY_DELIVERY_BYTES, BODY_DELIVERY_BYTES, BODY_DELIVERY_BYTES);
  const waiting = [roomForBodies(), roomForBodies(), roomForBodies()];
  for (let chunk = 0; chunk < 2; chunk++) large.shift();
  // The first was read: nearly all is free again.
  expect(await Promise.all(waiting.map(settled))).toEqual([true, true, true]);
  expect(roomForBodies()).toBeUndefined();

  const small = open(BODIES_HIGH_WATER_BYTES - 2 * BODY_DELIVERY_BYTES, 1, 1);
  const later = [roomForBodies(), roomForBodies()];
  expect(await Promise.all(later.map(settled))).toEqual([false, false]);
  large.shift();
  expect(await Promise.all(later.map(settled))).toEqual([true, false]);
  small.clear();
  expect(await Promise.all(later.map(settled))).toEqual([true, true]);
});
