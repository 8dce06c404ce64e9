import { describe, expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EventId } from "#contracts";
import type { FeedMessage } from "#control-plane/events";
import { createVirtualTime } from "#foundation/runtime";
import type { ControlPlane } from "./control-plane.ts";
import { openControlPlane } from "./open-control-plane.ts";
import { origin, parsePolicyLoosely, START_MS, seededRandom } from "./testing/test-control-plane.ts";

/** Control planes one after the other over one directory, which can be copied and put back in between. */
async function withBackups(
  body: (files: { start(): Promise<ControlPlane>; backUp(): void; putBack(): void }) => Promise<void>,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "biplane-runs-"));
  const [directory, backup] = [join(root, "control"), join(root, "backup")];
  const { clock, timers } = createVirtualTime(START_MS);
  let running: ControlPlane | undefined;
  let starts = 0;
  try {
    await body({
      async start() {
        await running?.close();
        const random = seededRandom(`runs-${++starts}`);
        running = await openControlPlane({
          dataDirectory: directory,
          clock,
          timers,
          random,
          checkPolicy: parsePolicyLoosely,
        });
        return running;
      },
      backUp: () => cpSync(directory, backup, { recursive: true }),
      putBack() {
        rmSync(directory, { recursive: true });
        cpSync(backup, directory, { recursive: true });
      },
    });
  } finally {
    await running?.close();
    rmSync(root, { recursive: true, force: true });
  }
}

const addAccounts = async (controlPlane: ControlPlane, count: number): Promise<void> => {
  for (let index = 0; index < count; index++) {
    const name = `account ${controlPlane.head}`;
    expect((await controlPlane.execute({ type: "account.create", name }, origin())).ok).toBe(true);
  }
};

/** How a data plane that stands at this cursor, told by this run, is continued. */
const firstMessage = (controlPlane: ControlPlane, cursor: number, run?: string): Promise<FeedMessage["type"]> =>
  new Promise((resolve) => {
    const { controlPlaneId } = controlPlane;
    const resume = { controlPlaneId, cursor: cursor as EventId, ...(run === undefined ? {} : { run }) };
    controlPlane.feed.subscribe(
      { resume, wants: ["account"] },
      { deliver: (message) => resolve(message.type), ended: () => undefined },
    );
  });

describe("runs of the control plane", () => {
  test("a cursor goes on across ordinary restarts", () =>
    withBackups(async ({ start }) => {
      const first = await start();
      await addAccounts(first, 3);
      const { run } = first;
      const second = await start();
      expect(second.run).not.toBe(run);
      await addAccounts(second, 2);
      expect(await firstMessage(second, 3, run)).toBe("changes");
      const third = await start();
      expect(await firstMessage(third, 4, second.run)).toBe("changes");
    }));

  test("a cursor of events that were lost does not go on, however far the log has come since", () =>
    withBackups(async ({ start, backUp, putBack }) => {
      const first = await start();
      await addAccounts(first, 3);
      backUp();
      await addAccounts(first, 2);
      const lostRun = (await start()).run;
      putBack();
      const again = await start();
      expect(again.head).toBe(3 as EventId);
      await addAccounts(again, 10);
      // Told after the backup by the run that made it, and by one that the backup does not know.
      expect(await firstMessage(again, 5, first.run)).toBe("snapshot");
      expect(await firstMessage(again, 5, lostRun)).toBe("snapshot");
      expect(await firstMessage(again, 2, lostRun)).toBe("snapshot");
      // Told before the backup: that is the same in both.
      expect(await firstMessage(again, 3, first.run)).toBe("changes");
      expect(await firstMessage(again, 3)).toBe("snapshot");
    }));
});
