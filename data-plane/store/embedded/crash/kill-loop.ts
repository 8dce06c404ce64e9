/**
 * Kills a process that works with an embedded store, over and over, at any moment, and has the next one look whether what was acknowledged is there.
 *
 *     scripts/bun data-plane/store/embedded/crash/kill-loop.ts [kills=200]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomBelow, systemRandom } from "#foundation/runtime";

const VICTIM = join(import.meta.dir, "victim.ts");
const CLIENTS = 8;
/** A victim that has not made its transactions by then hangs. */
const LIFE_MS_MAX = 60_000;

export interface KillReport {
  readonly kills: number;
  /** How many of them came before the store was open. */
  readonly whileOpening: number;
  /** Transactions that were acknowledged, over all lives. */
  readonly acknowledged: number;
}

/** @throws Error when a life finds something else than was acknowledged */
export async function killLoop(kills: number): Promise<KillReport> {
  const root = mkdtempSync(join(tmpdir(), "embedded-kill-"));
  const acknowledged = new Array<number>(CLIENTS).fill(0);
  let whileOpening = 0;
  try {
    for (let kill = 0; kill < kills; kill++) {
      // One of four while it recovers; the others after some acknowledgements. The last is looked at by one more life.
      const early = kill % 4 === 3;
      if (!(await live(join(root, "store"), acknowledged, early))) whileOpening++;
    }
    await live(join(root, "store"), acknowledged, false);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  return { kills, whileOpening, acknowledged: acknowledged.reduce((sum, number) => sum + number, 0) };
}

/** One life, to its end; says whether it came to work. `acknowledged` is brought up to date. */
async function live(path: string, acknowledged: number[], early: boolean): Promise<boolean> {
  const victim = Bun.spawn([process.execPath, VICTIM, path, JSON.stringify(acknowledged)], {
    stdout: "pipe",
    stderr: "pipe",
  });
  let hangs = false;
  const kill = () => victim.kill("SIGKILL");
  const timer = setTimeout(
    () => {
      hangs = !early;
      kill();
    },
    early ? randomBelow(systemRandom, 150) : LIFE_MS_MAX,
  );
  const errors = new Response(victim.stderr).text();
  let worked = false;
  let left = 1 + randomBelow(systemRandom, 150);
  for await (const line of linesOf(victim.stdout)) {
    const words = line.split(" ");
    if (line === "working") worked = true;
    else if (words[0] === "found") acknowledged[Number(words[1])] = Number(words[2]);
    else {
      acknowledged[Number(words[0])] = Number(words[1]);
      if (--left === 0) kill();
    }
  }
  await victim.exited;
  clearTimeout(timer);
  if (victim.signalCode !== "SIGKILL") throw new Error(`the store was not as it should be: ${await errors}`);
  if (hangs)
    throw new Error(`a life did not come to its end, and ${worked ? "had opened the store" : "was opening the store"}`);
  return worked;
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

if (import.meta.main) {
  const kills = Number(process.argv[2] ?? 200);
  console.log(await killLoop(kills));
}
