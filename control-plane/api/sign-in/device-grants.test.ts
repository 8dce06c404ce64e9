import { beforeEach, describe, expect, test } from "bun:test";
import { createVirtualTime, systemRandom, type VirtualTime } from "#foundation/runtime";
import {
  createDeviceGrants,
  type DeviceGrants,
  GRANT_LIFETIME_MS,
  GRANTS_MAX,
  GRANTS_OF_SOURCE_MAX,
} from "./device-grants.ts";

const REQUEST = { clientName: "laptop", scopes: ["orgs:read"] };

let time: VirtualTime;
let grants: DeviceGrants;
beforeEach(() => {
  time = createVirtualTime(1_700_000_000_000);
  grants = createDeviceGrants(time.clock, systemRandom);
});

const HOME = "192.0.2.1";
const start = () => grants.start(REQUEST, HOME)!;
const approve = (userCode: string) => grants.answer(userCode, { approvedBy: "prs_1", scopes: ["orgs:read"] });

describe("device grants", () => {
  test("are found by their code however it is typed, until they are answered", () => {
    const { userCode } = start();
    const letters = userCode.replace("-", "");
    for (const typed of [userCode, letters, letters.toLowerCase(), ` ${letters.slice(0, 2)} ${letters.slice(2)} `]) {
      expect(grants.find(typed)).toEqual(REQUEST);
    }
    for (const typed of ["", "-", letters.slice(1), `${letters}B`, "x".repeat(10_000)]) {
      expect(grants.find(typed)).toBeUndefined();
    }
    expect(approve(userCode)).toBe(true);
    expect(grants.find(userCode)).toBeUndefined();
    expect([approve(userCode), grants.answer(userCode, "denied")]).toEqual([false, false]);
  });

  test("are given out once", async () => {
    const { deviceCode, userCode } = start();
    approve(userCode);
    expect(grants.poll(deviceCode)).toEqual({ state: "approved", personId: "prs_1", request: REQUEST });
    expect(grants.poll(deviceCode)).toEqual({ state: "unknown" });
    const refused = start();
    grants.answer(refused.userCode, "denied");
    expect([grants.poll(refused.deviceCode).state, grants.poll(refused.deviceCode).state]).toEqual([
      "denied",
      "unknown",
    ]);
  });

  test("slow a device down that polls too fast, more each time", async () => {
    const { deviceCode } = start();
    const polled = async (afterMs: number) => {
      await time.advance(afterMs);
      return grants.poll(deviceCode).state;
    };
    expect(await polled(0)).toBe("pending");
    expect(await polled(4_600)).toBe("pending");
    expect(await polled(1_000)).toBe("slowDown");
    expect(await polled(6_000)).toBe("slowDown");
    expect(await polled(14_000)).toBe("slowDown");
    expect(await polled(20_000)).toBe("pending");
  });

  test("run out, are remembered for as long again, and make room", async () => {
    const { deviceCode, userCode } = start();
    let count = 1;
    for (let source = 0; grants.start(REQUEST, String(source)) !== undefined; source++) count++;
    expect(count).toBe(GRANTS_MAX);
    await time.advance(GRANT_LIFETIME_MS);
    expect([grants.poll(deviceCode).state, grants.find(userCode), approve(userCode)]).toEqual([
      "expired",
      undefined,
      false,
    ]);
    expect(grants.start(REQUEST, HOME)).toBeUndefined();
    await time.advance(GRANT_LIFETIME_MS);
    expect(grants.poll(deviceCode).state).toBe("unknown");
    expect(grants.start(REQUEST, HOME)).toBeDefined();
  });

  test("of one source do not take all places", async () => {
    const all = Array.from({ length: GRANTS_OF_SOURCE_MAX }, () => start());
    expect([grants.start(REQUEST, HOME), grants.start(REQUEST, "192.0.2.2")]).toEqual([undefined, expect.anything()]);
    // A place is free when its device has been answered, or has run out.
    approve(all[0]!.userCode);
    grants.poll(all[0]!.deviceCode);
    expect([grants.start(REQUEST, HOME), grants.start(REQUEST, HOME)]).toEqual([expect.anything(), undefined]);
    await time.advance(2 * GRANT_LIFETIME_MS);
    for (const _ of all) expect(start()).toBeDefined();
    expect(grants.start(REQUEST, HOME)).toBeUndefined();
  });

  test("are taken back from whom a person has approved before", () => {
    const approved = start();
    const waiting = start();
    const others = start();
    approve(approved.userCode);
    grants.answer(others.userCode, { approvedBy: "prs_2", scopes: [] });
    grants.forget("prs_1");
    expect([approved, waiting, others].map(({ deviceCode }) => grants.poll(deviceCode).state)).toEqual([
      "unknown",
      "pending",
      "approved",
    ]);
  });

  test("narrow the scopes to what was approved", () => {
    const { deviceCode, userCode } = start();
    grants.answer(userCode, { approvedBy: "prs_1", scopes: [] });
    expect(grants.poll(deviceCode)).toMatchObject({ request: { scopes: [] } });
  });
});
