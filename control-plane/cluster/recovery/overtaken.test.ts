/**
 * Directors that a newer one overtakes, at every step.
 */
import { describe, expect, test } from "bun:test";
import { hasEnded } from "./testing/fake-cluster.ts";
import { expectWhole, running } from "./testing/running-cluster.ts";

describe("a director that is overtaken ends, and leaves nothing behind", () => {
  const steps = [
    "lock",
    "listWorkers",
    "createWorker",
    "recoverFrom",
    "startComponent",
    "activate",
    "unlock",
    "writeLayout",
    "renew",
  ];
  test.each(steps)("at the first %s", async (method) => {
    const { world, first } = await running();
    first.abort();
    await world.until(() => hasEnded(first), 1000);
    let epoch: bigint | undefined;
    // The newer director makes itself known to everybody just before the call arrives.
    world.network.fault = (call) => {
      if (call.caller !== "director" || call.method !== method || epoch !== undefined || world.epoch !== 2n)
        return undefined;
      epoch = 7n;
      for (const { logs, storages } of world.hosts) {
        for (const one of [...logs.values(), ...storages.values()])
          Object.assign(one, { epoch, director: "other", mode: "locked" });
      }
      for (const host of world.hosts) Object.assign(host, { epoch, director: "other" });
      return undefined;
    };
    const overtaken = world.begin();
    await world.until(() => hasEnded(overtaken), 10_000);
    expect(epoch).toBe(7n);
    expect(overtaken.end).toEqual({ reason: "superseded", epoch: 7n });
    expect(world.layout!.epoch).toBe(1n);
    world.epoch = 7n;
    world.network.fault = () => undefined;
    await expectWhole(world);
    await world.until(() => world.inventory().filter((id) => id.includes(" log-")).length === 3, 5000);
    expect(world.inventory().filter((id) => id.includes(" log-"))).toHaveLength(3);
  });

  test("nothing else is attempted after the word of a newer epoch", async () => {
    const { world } = await running();
    for (const log of world.host("n1").logs.values()) Object.assign(log, { epoch: 9n, director: "other" });
    const calls: string[] = [];
    world.network.onEffect = ({ caller, method }) => void (caller === "director" && calls.push(method));
    const overtaken = await world.recover();
    expect(overtaken.end).toEqual({ reason: "superseded", epoch: 9n });
    expect(
      calls.filter((method) => !["lock", "listWorkers", "renew", "confirmRunning", "info"].includes(method)),
    ).toEqual([]);
  });

  test("at the commit: undone, since it never will be accepted", async () => {
    const { world } = await running();
    const before = world.layout;
    world.commitFault = "superseded";
    const overtaken = await world.recover();
    expect(overtaken.end?.reason).toBe("superseded");
    expect(world.layout).toBe(before!);
    expect(overtaken.undone[0]!.undone.filter((name) => name.startsWith("createWorker"))).toHaveLength(3);
    await expectWhole(world);
  });

  test("a leadership that is lost during the commit leaves the logs, since the commit may go on without it", async () => {
    const { world } = await running();
    world.commitMs = 50;
    const directing = world.begin();
    await world.until(() => directing.reports.at(-1)?.step === "commit", 1000);
    expect(world.layout!.epoch).toBe(1n);
    directing.abort();
    await world.until(() => hasEnded(directing), 1000);
    expect(directing.end?.reason).toBe("commit_unknown");
    expect(await world.until(() => world.layout!.epoch === 2n, 100)).toBe(true);
    await expectWhole(world);
  });

  test.each(["lost", "accepted_unheard"] as const)(
    "a commit that was %s leaves the logs, which may be in a layout",
    async (fault) => {
      const { world } = await running();
      world.commitFault = fault;
      const directing = await world.recover();
      expect(directing.end).toMatchObject({ reason: "commit_unknown" });
      expect(directing.undone[0]!.undone.filter((name) => name.startsWith("createWorker"))).toEqual([]);
      await expectWhole(world);
    },
  );
});
