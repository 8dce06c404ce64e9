/**
 * What the platform costs, beside the targets of its design and, where there is a peer, beside it.
 *
 *     npm run bench -- platform [scheduler] [commands] [fan-out] [edge] [deploy]
 *
 * Numbers are of one run on one machine.
 */
import { measureCommands } from "./commands.ts";
import { measureDeploy } from "./deploy.ts";
import { measureEdge } from "./edge.ts";
import { measureFanOut } from "./fan-out.ts";
import { measureScheduler } from "./scheduler.ts";

const PARTS: Readonly<Record<string, () => void | Promise<void>>> = {
  scheduler: measureScheduler,
  commands: measureCommands,
  "fan-out": measureFanOut,
  edge: measureEdge,
  deploy: measureDeploy,
};

const asked = process.argv.slice(2);
const unknown = asked.find((name) => PARTS[name] === undefined);
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}". Known: ${Object.keys(PARTS).join(", ")}.`);
  process.exit(2);
}
for (const name of asked.length > 0 ? asked : Object.keys(PARTS)) await PARTS[name]!();
