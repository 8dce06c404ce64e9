import { describe, expect, test } from "bun:test";
import { ControlPlaneUnavailable } from "#data-plane/link";
import { Principals } from "#data-plane/principals";
import { parseSignature, SignatureError } from "#foundation/aws/sigv4";
import { type ClaimedSignature, prove } from "./authenticate.ts";
import { ACCOUNT, FakeCatalog } from "./testing/fake-catalog.ts";
import { fakeRequest, NOW, type RequestPlan, type SigningPlan, signed } from "./testing/fake-request.ts";

function world() {
  const catalog = new FakeCatalog();
  catalog.addAccount(ACCOUNT);
  const principals = new Principals(catalog);
  const root = catalog.putKey("AKIAROOT");
  catalog.putUser("ana", { path: "/team/" });
  const ana = catalog.putKey("AKIAANA", { owner: { type: "user", userName: "ana" } });
  const authenticate = (plan: RequestPlan, signing: SigningPlan) => {
    const request = fakeRequest(signed(plan, signing));
    const claim = parseSignature(request) as ClaimedSignature;
    return prove(claim, principals.claimed(claim, NOW), request, {
      now: NOW,
      regions: new Set(["us-east-1", "eu-west-1"]),
      defaultRegion: "us-east-1",
      signingNames: ["s3"],
      virtualHostBucket: undefined,
      body: undefined,
    });
  };
  const reason = (signing: SigningPlan): string => {
    try {
      authenticate({}, signing);
    } catch (error) {
      if (error instanceof SignatureError) return error.reason;
      throw error;
    }
    return "accepted";
  };
  const callerOf = (accessKeyId: string) => principals.claimed({ accessKeyId, sessionToken: undefined }, NOW).caller;
  return { catalog, root, ana, authenticate, reason, callerOf };
}

describe("callers", () => {
  test("a key whose secret cannot be opened now is not called unknown", () => {
    const { catalog, root, authenticate } = world();
    catalog.secretOf = () => undefined;
    expect(() => authenticate({}, { credential: root })).toThrow(ControlPlaneUnavailable);
  });

  test("the root key speaks for the account", () => {
    const { root, authenticate } = world();
    expect(authenticate({}, { credential: root }).caller).toEqual({
      type: "root",
      accountId: ACCOUNT,
      arn: `arn:aws:iam::${ACCOUNT}:root`,
      userId: ACCOUNT,
      accessKeyId: "AKIAROOT",
      canonicalUserId: ACCOUNT.padStart(64, "c"),
    });
  });

  test("a user's key speaks for the user, with its path", () => {
    const { ana, authenticate } = world();
    expect(authenticate({}, { credential: ana }).caller).toEqual({
      type: "user",
      accountId: ACCOUNT,
      arn: `arn:aws:iam::${ACCOUNT}:user/team/ana`,
      userId: "AIDAANA",
      userName: "ana",
      accessKeyId: "AKIAANA",
      canonicalUserId: ACCOUNT.padStart(64, "c"),
    });
  });

  test("a caller is made once, and again when its user was replaced", () => {
    const { catalog, callerOf } = world();
    const before = callerOf("AKIAANA");
    expect(callerOf("AKIAANA")).toBe(before);
    catalog.putUser("ana", { entityId: "AIDASECOND" });
    expect(callerOf("AKIAANA")).toMatchObject({
      userId: "AIDASECOND",
      arn: `arn:aws:iam::${ACCOUNT}:user/ana`,
    });
  });
});

describe("refusals", () => {
  test("keys that nobody has", () => {
    const { reason } = world();
    expect(reason({ credential: { accessKeyId: "AKIANOBODY", secretAccessKey: "x" } })).toBe("unknown-key");
  });

  test("inactive keys, from the moment on", () => {
    const { catalog, ana, reason } = world();
    expect(reason({ credential: ana })).toBe("accepted");
    catalog.putKey("AKIAANA", { owner: { type: "user", userName: "ana" }, status: "Inactive" });
    expect(reason({ credential: ana })).toBe("unknown-key");
  });

  test("keys of deleted users and accounts", () => {
    const { catalog, ana, root, reason } = world();
    expect([reason({ credential: ana }), reason({ credential: root })]).toEqual(["accepted", "accepted"]);
    catalog.removeUser("ana");
    expect([reason({ credential: ana }), reason({ credential: root })]).toEqual(["unknown-key", "accepted"]);
    catalog.removeAccount(ACCOUNT);
    expect(reason({ credential: root })).toBe("unknown-key");
  });

  test("session tokens with a long-term key, which has none", () => {
    const { root, reason } = world();
    expect(reason({ credential: { ...root, sessionToken: "token" } })).toBe("invalid-token");
  });

  test("a wrong secret, a wrong region, a wrong service, an old date", () => {
    const { root, reason } = world();
    expect(reason({ credential: { ...root, secretAccessKey: "guess" } })).toBe("mismatch");
    expect(reason({ credential: root, region: "mars-1" })).toBe("region-mismatch");
    expect(reason({ credential: root, region: "eu-west-1" })).toBe("accepted");
    expect(reason({ credential: root, service: "sqs" })).toBe("service-mismatch");
    expect(reason({ credential: root, now: NOW - 16 * 60_000 })).toBe("skewed");
  });

  test("the region that is expected where none is served is the default", () => {
    const { root, authenticate } = world();
    expect(() => authenticate({}, { credential: root, region: "mars-1" })).toThrow(
      expect.objectContaining({ failure: expect.objectContaining({ expected: "us-east-1" }) }),
    );
  });
});
