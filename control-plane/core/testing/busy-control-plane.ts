/**
 * A process that creates buckets until it is killed, and prints a line for each acknowledged one: `<event id> <name>`.
 *
 * Run: `bun busy-control-plane.ts <data directory> <prefix of names>`
 */
import type { Region } from "#contracts";
import { systemClock, systemRandom } from "#foundation/runtime";
import { openControlPlane } from "../open-control-plane.ts";
import { parsePolicyLoosely } from "./test-control-plane.ts";

const [dataDirectory, prefix] = process.argv.slice(2);
if (dataDirectory === undefined || prefix === undefined) throw new Error("usage: <data directory> <prefix>");

const controlPlane = await openControlPlane({
  dataDirectory,
  clock: systemClock,
  random: systemRandom,
  checkPolicy: parsePolicyLoosely,
});
const root = await controlPlane.ensureRoot();
process.stdout.write(`root ${root.accountId}:${root.accessKey?.secretAccessKey}\n`);

let next = 0;
async function createForEver(): Promise<never> {
  for (;;) {
    const name = `${prefix}-${next++}`;
    const { accountId } = root;
    const command = {
      type: "bucket.create",
      accountId,
      name,
      region: "eu-west-1" as Region,
      objectLockEnabled: false,
      sections: {},
    } as const;
    const outcome = await controlPlane.execute(command, { actor: "system:busy", requestId: name });
    if (!outcome.ok) throw new Error(outcome.message);
    process.stdout.write(`${outcome.eventId} ${name}\n`);
  }
}
await Promise.all(Array.from({ length: 16 }, createForEver));
