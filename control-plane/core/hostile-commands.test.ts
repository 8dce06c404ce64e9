import { describe, expect, test } from "bun:test";
import type { Command, EventId } from "#contracts";
import { createBucket, origin, resultOf, withControlPlane } from "./testing/test-control-plane.ts";

describe("hostile commands", () => {
  test("are refused as ValidationFailed, and append nothing", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const circular: Record<string, unknown> = {};
      circular.a = circular;
      circular.b = circular;
      const deep = JSON.parse(`${'{"a":'.repeat(100)}1${"}".repeat(100)}`);
      const bucket = createBucket(accountId, "sound");
      const hostile: unknown[] = [
        null,
        undefined,
        "bucket.create",
        [],
        {},
        { type: "__proto__" },
        { type: "constructor" },
        { type: 7 },
        { ...bucket, name: undefined },
        { ...bucket, name: { toString: () => "x" } },
        { ...bucket, name: ["sound"] },
        { ...bucket, name: "so\ud800und" },
        { ...bucket, name: "s".repeat(1_000_000) },
        { ...bucket, objectLockEnabled: "yes" },
        { ...bucket, sections: null },
        { ...bucket, sections: [] },
        { ...bucket, sections: { unknown: {} } },
        { ...bucket, sections: JSON.parse('{"__proto__": {"x": 1}}') },
        { ...bucket, sections: { tagging: circular } },
        { ...bucket, sections: { tagging: deep } },
        { ...bucket, sections: { tagging: { x: "x".repeat(200_000) } } },
        { ...bucket, sections: { tagging: { x: 1n } } },
        { ...bucket, sections: { versioning: { Status: "On" } } },
        { ...bucket, sections: { policy: { Version: "x" } } },
        { ...bucket, sections: { policy: "{" } },
        { ...bucket, region: "../../etc" },
        { type: "accessKey.create", accountId, owner: { type: "user" } },
        { type: "accessKey.create", accountId, owner: { type: "god" } },
        { type: "accessKey.update", accountId, accessKeyId: "x", status: "active" },
        { type: "user.create", accountId, userName: "ada\nbob" },
        { type: "user.create", accountId, userName: "ada", path: "/a b/" },
        { type: "user.create", accountId, userName: "ada", path: "team" },
        { type: "account.create", name: "" },
        { type: "account.create", name: "x", accountId: "12345" },
      ];
      for (const command of hostile) {
        const outcome = await controlPlane.execute(command as Command, origin());
        expect(outcome, Bun.inspect(command).slice(0, 100)).toMatchObject({ ok: false, code: "ValidationFailed" });
      }
      for (const bad of ["", "x".repeat(3000), 7, null, "\ud800"]) {
        const outcome = await controlPlane.execute(bucket, { actor: bad as string, requestId: "r" });
        expect(outcome).toMatchObject({ ok: false, code: "ValidationFailed" });
      }
      expect(controlPlane.head).toBe(2 as EventId);
    }));

  test("names of JavaScript's own are ordinary names", () =>
    withControlPlane(async (run) => {
      const { accountId } = await run.controlPlane.ensureRoot();
      for (const userName of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
        resultOf(await run.controlPlane.execute({ type: "user.create", accountId, userName }, origin()));
        for (const policyName of ["__proto__", "constructor", "7"]) {
          const policy = { accountId, userName, policyName };
          expect(await run.controlPlane.execute({ type: "userPolicy.delete", ...policy }, origin())).toMatchObject({
            code: "NoSuchPolicy",
          });
          resultOf(await run.controlPlane.execute({ type: "userPolicy.put", ...policy, document: "{}" }, origin()));
        }
      }
      await run.reopen();
      const user = run.controlPlane.views.user(accountId, "__proto__")!;
      expect(Object.keys(user.inlinePolicies).sort()).toEqual(["7", "__proto__", "constructor"]);
      expect((await run.controlPlane.verify()).sound).toBe(true);
    }));

  test("what a caller does to its objects afterwards changes nothing", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const tagging = { TagSet: [{ Key: "a", Value: "b" }], when: new Date(0) };
      const command = { ...createBucket(accountId, "mine"), sections: { tagging } };
      resultOf(await controlPlane.execute(command, origin()));
      tagging.TagSet.push({ Key: "c", Value: "d" });
      const record = controlPlane.views.bucket("mine")!;
      expect(record.sections.tagging).toEqual({ TagSet: [{ Key: "a", Value: "b" }], when: "1970-01-01T00:00:00.000Z" });
      expect(() => Object.assign(record.sections, { acl: 1 })).toThrow();
      expect((await controlPlane.verify()).sound).toBe(true);
    }));
});

test("identity policies are held to the grammar of IAM", () =>
  withControlPlane(
    async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      resultOf(await controlPlane.execute({ type: "user.create", accountId, userName: "ada" }, origin()));
      const put = (document: string) =>
        controlPlane.execute(
          { type: "userPolicy.put", accountId, userName: "ada", policyName: "p", document },
          origin(),
        );
      const allow = { Effect: "Allow", Action: "s3:*", Resource: "*" };
      expect((await put(JSON.stringify({ Version: "2012-10-17", Statement: [allow] }))).ok).toBe(true);
      for (const document of [
        "{}",
        "[]",
        "x",
        JSON.stringify({ Version: "2012-10-17", Statement: [{ ...allow, Effect: "Maybe" }] }),
      ]) {
        expect(await put(document)).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
      }
    },
    { parseIdentityPolicy: undefined },
  ));
