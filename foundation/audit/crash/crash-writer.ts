/**
 * A program that writes an audit log until it is killed. Run by the crash test:
 *
 *     crash-writer.ts <file> <life>
 *
 * It says on its standard output what was acknowledged, each line with one write(2), so that nothing that was said is lost.
 */
import { writeSync } from "node:fs";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { openAuditLog } from "../open-audit-log.ts";
import { event } from "../testing/fixture.ts";

const [path, life] = process.argv.slice(2);
if (path === undefined || life === undefined) throw new Error("usage: crash-writer.ts <file> <life>");

const LOOPS = 16;

const log = await openAuditLog({
  path,
  plane: "data",
  clock: systemClock,
  timers: systemTimers,
  random: systemRandom,
  hosting: "worker",
});
writeSync(1, "ready\n");

async function loop(number: number): Promise<never> {
  for (let count = 0; ; count++) {
    const requestId = `${life}:${number}:${count}`;
    log.note(
      event({ requestId: `note ${requestId}`, decision: "denied", action: `a:${count % 50}`, reason: String(count) }),
    );
    await log.append(event({ requestId }));
    writeSync(1, `${requestId}\n`);
    if (count % 40 !== 39) continue;
    // All but the last few records leave the log: the killing may fall between the steps of that.
    const { sequence, hash } = await log.head();
    await log.retain({ olderThan: systemClock.now() - 50 });
    writeSync(1, `head ${sequence} ${hash}\n`);
  }
}

await Promise.all(Array.from({ length: LOOPS }, (_, number) => loop(number)));
