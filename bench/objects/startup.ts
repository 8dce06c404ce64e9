/**
 * How long `biplane up` takes until it says that it is ready, and how much memory it holds when nobody asks for anything.
 *
 *     scripts/bun bench/objects/startup.ts [--starts 10]
 *
 * Time counts from the creation of the process. The first start makes the cloud (keys, databases, credentials); the others are warm: the data directory exists,
 * the files of the program are in the page cache.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median } from "../harness/statistics.ts";
import { startBiplaneOn } from "./servers.ts";

const { values } = parseArgs({ options: { starts: { type: "string", default: "10" } } });
/** After this long nothing that starting left over is still running. */
const SETTLE_MS = 1500;
const MIB = 1024 * 1024;

const data = mkdtempSync(join(tmpdir(), "biplane-bench-startup-"));
try {
  const readyMs: number[] = [];
  const residentMiB: number[] = [];
  for (let start = 0; start <= Number(values.starts); start++) {
    const began = performance.now();
    const server = await startBiplaneOn(data);
    const took = performance.now() - began;
    const last = start === Number(values.starts);
    if (start === 0) console.log(`first start   ${took.toFixed(0)} ms`);
    else readyMs.push(took);
    // What it holds does not differ from start to start as its time does: a few suffice.
    if (last || start < 3) {
      await Bun.sleep(SETTLE_MS);
      residentMiB.push(server.residentBytes() / MIB);
    }
    await server.stop();
  }
  const sorted = [...readyMs].sort((left, right) => left - right);
  console.log(
    `warm start    ${median(readyMs).toFixed(0)} ms (median of ${readyMs.length}, ${sorted[0]!.toFixed(0)} to ${sorted.at(-1)!.toFixed(0)})`,
  );
  console.log(
    `idle memory   ${median(residentMiB).toFixed(0)} MiB resident (${residentMiB.map((size) => size.toFixed(0)).join(", ")})`,
  );
} finally {
  rmSync(data, { recursive: true, force: true });
}
