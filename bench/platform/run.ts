/**
 * What the platform costs, beside the targets of its design and, where there is a peer, beside it.
 *
 *     npm run bench -- platform [scheduler]
 *
 * Numbers are of one run on one machine.
 */
import { measureScheduler } from "./scheduler.ts";

const PARTS: Readonly<Record<string, () => void | Promise<void>>> = { scheduler: measureScheduler };

const asked = process.argv.slice(2);
const unknown = asked.find((name) => PARTS[name] === undefined);
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}". Known: ${Object.keys(PARTS).join(", ")}.`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) await PARTS[name]!();
