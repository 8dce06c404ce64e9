import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventId } from "#contracts";
import { systemClock, systemRandom } from "#foundation/runtime";
import { openControlPlane } from "./open-control-plane.ts";
import { parsePolicyLoosely } from "./testing/test-control-plane.ts";

/** Runs the busy process until it has acknowledged `lines` things, kills it with SIGKILL, and returns what it said. */
async function runAndKill(directory: string, prefix: string, lines: number): Promise<readonly string[]> {
  const script = join(import.meta.dir, "testing", "busy-control-plane.ts");
  const child = Bun.spawn([process.execPath, script, directory, prefix], { stdout: "pipe", stderr: "inherit" });
  let said = "";
  const decoder = new TextDecoder();
  for await (const chunk of child.stdout) {
    said += decoder.decode(chunk, { stream: true });
    if (said.split("\n").length > lines) child.kill("SIGKILL");
  }
  await child.exited;
  expect(child.signalCode).toBe("SIGKILL");
  // The last line may have been cut by the kill.
  return said.split("\n").slice(0, -1);
}

test("everything acknowledged before kill -9 is there afterwards, without gaps, and the next process goes on", async () => {
  const directory = mkdtempSync(join(tmpdir(), "biplane-kill-"));
  try {
    const roots = new Set<string>();
    const acknowledged = new Map<number, string>();
    for (const [round, lines] of [1, 200, 700].entries()) {
      for (const line of await runAndKill(directory, `r${round}`, lines)) {
        const [id, name] = line.split(" ") as [string, string];
        if (id === "root") roots.add(name);
        else acknowledged.set(Number(id), name);
      }
    }
    expect(roots.size).toBe(1);
    expect(acknowledged.size).toBeGreaterThanOrEqual(897);
    const controlPlane = await openControlPlane({
      dataDirectory: directory,
      clock: systemClock,
      random: systemRandom,
      checkPolicy: parsePolicyLoosely,
    });
    let expected = 1;
    const names = new Map<number, unknown>();
    for (let cursor = 0 as EventId; cursor < controlPlane.head; ) {
      for (const event of await controlPlane.events.read(cursor, 1000)) {
        expect(event.id as number).toBe(expected++);
        names.set(event.id, "name" in event.payload ? event.payload.name : undefined);
        cursor = event.id;
      }
    }
    for (const [id, name] of acknowledged) {
      expect(names.get(id)).toBe(name);
      expect(controlPlane.views.bucket(name)).toBeDefined();
    }
    expect((await controlPlane.verify()).sound).toBe(true);
    await controlPlane.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}, 30_000);
