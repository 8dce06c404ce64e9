/**
 * A program that writes into a watched bucket until it is killed. Run by the crash test:
 *
 *     crash-writer.testing.ts <directory> <life>
 *
 * It says on its standard output what was acknowledged and what was delivered, each line with one write(2). Some deliveries fail and some never end;
 * rests and patience are a thousandth of what they are otherwise, so that all of it happens often in a short life.
 */
import { writeSync } from "node:fs";
import { systemTimers, type Timers } from "#foundation/runtime";
import { FakeDestination, keysOf } from "../testing/fake-destination.ts";
import { ACCOUNT, openWorld } from "../testing/world.ts";

const [directory, life = "1"] = process.argv.slice(2);
if (directory === undefined) throw new Error("usage: crash-writer.testing.ts <directory> <life>");

const WRITERS = 8;
const say = (what: "acknowledged" | "delivered", key: string): void => void writeSync(1, `${what} ${key}\n`);

const hasty: Timers = { ...systemTimers, after: (delayMs, run) => systemTimers.after(delayMs / 1000, run) };
const queue = new FakeDestination();
const world = await openWorld({ directory, eventDestinations: [queue], timers: hasty });
const Bucket = await world.bucket();
const QueueArn = `arn:aws:sqs:us-east-1:${ACCOUNT}:jobs`;
await world.call("PutBucketNotificationConfiguration", {
  Bucket,
  NotificationConfiguration: { QueueConfigurations: [{ QueueArn, Events: ["s3:ObjectCreated:*"] }] },
});

let turns = 0;
queue.answer = ({ body }) => {
  const turn = ++turns % 12;
  if (turn === 0) return new Promise(() => undefined);
  if (turn % 4 === 1) return "retry";
  for (const key of keysOf(body)) say("delivered", key);
  return "delivered";
};

async function writer(number: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    const key = `${life}/${number}/${turn}`;
    await world.put(Bucket, key, key);
    say("acknowledged", key);
  }
}
await Promise.all(Array.from({ length: WRITERS }, (_, number) => writer(number)));
