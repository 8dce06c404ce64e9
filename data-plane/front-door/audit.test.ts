import { beforeEach, describe, expect, test } from "bun:test";
import { AuditError } from "#foundation/audit";
import { type Door, openDoor, outcome } from "./testing/door.ts";
import { ACCOUNT } from "./testing/fake-catalog.ts";
import { fakeRequest, type SigningPlan, signed } from "./testing/fake-request.ts";

const LIST = { method: "GET", path: "/" } as const;
const GET = { method: "GET", path: "/photos/cat.png" } as const;

let door: Door;
beforeEach(async () => {
  door = await openDoor();
});

const send = async (plan: Parameters<typeof signed>[0], signing: SigningPlan = { credential: door.root }) =>
  outcome(await door.handler(fakeRequest(signed(plan, signing))));

describe("before it happens", () => {
  test("what changes how things are set up is written down, with who, what, and why it may", async () => {
    let writtenWhenDone = 0;
    door.behave = () => {
      writtenWhenDone = door.audit.events.length;
      return {};
    };
    expect((await send(LIST))[0]).toBe(200);
    expect(writtenWhenDone).toBe(1);
    expect(door.audit.events).toMatchObject([
      {
        category: "mutation",
        actor: { type: "root", id: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT, accessKeyId: "AKIAROOT" },
        action: "s3:ListBuckets",
        resourceAccount: ACCOUNT,
        decision: "allowed",
        reason: "The root user may do everything in its account.",
      },
    ]);
  });

  test("and does not happen when it cannot be written", async () => {
    door.audit.failure = new AuditError("AuditUnavailable", "the disk is full");
    expect(await send(LIST)).toEqual([503, "ServiceUnavailable"]);
    expect(door.seen).toEqual([]);
    expect((await send(GET))[0]).toBe(200);
  });

  test("calls on objects are written down only when asked for", async () => {
    await send(GET);
    expect(door.audit.events).toEqual([]);
    const curious = await openDoor({ auditDataEvents: true });
    await curious.handler(fakeRequest(signed(GET, { credential: curious.root })));
    expect(curious.audit.events).toMatchObject([
      { action: "s3:GetObject", resource: "arn:aws:s3:::photos/cat.png", decision: "allowed" },
    ]);
  });
});

describe("afterwards", () => {
  test("what failed is written down too", async () => {
    door.behave = () => {
      throw new Error("secret details");
    };
    expect((await send(LIST))[0]).toBe(500);
    expect(door.audit.events.map(({ decision, errorCode }) => [decision, errorCode])).toEqual([
      ["allowed", undefined],
      ["failed", "InternalError"],
    ]);
    expect(JSON.stringify(door.audit.events)).not.toContain("secret details");
  });

  test("who may not is written down, objects or not, with the policy that is in the way", async () => {
    door.catalog.putUser("ana");
    const credential = door.catalog.putKey("AKIAANA", { owner: { type: "user", userName: "ana" } });
    expect(await send(GET, { credential })).toEqual([403, "AccessDenied"]);
    expect(door.audit.events).toMatchObject([
      {
        category: "action",
        actor: { type: "user", id: `arn:aws:iam::${ACCOUNT}:user/ana` },
        action: "s3:GetObject",
        decision: "denied",
        errorCode: "AccessDenied",
      },
    ]);
    expect(door.audit.events[0]!.reason).toContain("no identity-based policy allows the s3:GetObject action");
  });

  test("who cannot prove who he is is written down as unproven, without the signature", async () => {
    const credential = { accessKeyId: "AKIAROOT", secretAccessKey: "guess" };
    expect(await send(GET, { credential })).toEqual([403, "SignatureDoesNotMatch"]);
    expect(door.audit.events).toMatchObject([
      {
        category: "authentication",
        actor: { type: "unproven", id: "AKIAROOT", accessKeyId: "AKIAROOT" },
        decision: "failed",
        errorCode: "SignatureDoesNotMatch",
      },
    ]);
    expect(JSON.stringify(door.audit.events)).not.toMatch(/[0-9a-f]{64}/);
  });

  test("a secret that stands where the id of its key belongs is not written down", async () => {
    const credential = { accessKeyId: "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00", secretAccessKey: "x" };
    expect(await send(GET, { credential })).toEqual([403, "InvalidAccessKeyId"]);
    expect(door.audit.events).toMatchObject([
      { category: "authentication", decision: "failed", actor: { type: "unproven", id: "no access key id" } },
    ]);
    expect(JSON.stringify(door.audit.events)).not.toContain("wJalr");
  });
});
