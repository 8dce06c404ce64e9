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
        { type: "user.create", accountId, name: "ada" },
        { type: "user.create", accountId, name: "ada\nbob", sections: {} },
        { type: "user.create", accountId, name: "ada", path: "/a b/", sections: {} },
        { type: "user.create", accountId, name: "ada", sections: { unknown: {} } },
        { type: "user.create", accountId, name: "ada", sections: JSON.parse('{"__proto__": {"x": 1}}') },
        { type: "user.create", accountId, name: "ada", sections: { inlinePolicies: circular } },
        { type: "user.create", accountId, name: "ada", sections: { inlinePolicies: { p: deep } } },
        { type: "user.create", accountId, name: "ada", sections: { tags: { a: "so\ud800und" } } },
        { type: "user.create", accountId, name: "ada", sections: { tags: [] } },
        { type: "user.rename", accountId, entityId: 7 },
        { type: "user.configure", accountId, entityId: "x", sections: {}, ifRevision: 0 },
        { type: "role.create", accountId, name: "r", sections: {} },
        { type: "role.create", accountId, name: "r", sections: { trustPolicy: { Version: "2012-10-17" } } },
        { type: "account.configure", accountId, alias: "a--b" },
        { type: "account.configure", accountId, alias: 7 },
        { type: "account.create", name: "" },
        { type: "account.create", name: "x", accountId: "12345" },
      ];
      for (const command of hostile) {
        const outcome = await controlPlane.execute(command as Command, origin());
        expect(outcome, Bun.inspect(command).slice(0, 100)).toMatchObject({ ok: false, code: "ValidationFailed" });
      }
      for (const bad of ["", "x".repeat(3000), 7, null, "\ud800", "a\0b"]) {
        const outcome = await controlPlane.execute(bucket, { actor: bad as string, requestId: "r" });
        expect(outcome).toMatchObject({ ok: false, code: "ValidationFailed" });
      }
      expect(controlPlane.head).toBe(2 as EventId);
    }));

  test("names of JavaScript's own are ordinary names", () =>
    withControlPlane(async (run) => {
      const { accountId } = await run.controlPlane.ensureRoot();
      const names = ["__proto__", "constructor", "7"];
      const inlinePolicies = Object.fromEntries(names.map((name) => [name, "{}"]));
      const tags = Object.fromEntries(names.map((name) => [name, "x"]));
      for (const name of ["constructor", "__proto__", "toString", "hasOwnProperty"]) {
        const command = { type: "user.create", accountId, name, sections: { inlinePolicies, tags } } as const;
        const { entityId } = resultOf(await run.controlPlane.execute(command, origin())).result;
        const sections = { inlinePolicies: JSON.parse('{"__proto__": null}'), tags: JSON.parse('{"__proto__": "y"}') };
        resultOf(await run.controlPlane.execute({ type: "user.configure", accountId, entityId, sections }, origin()));
      }
      await run.reopen();
      const user = run.controlPlane.views.entityByName("user", accountId, "__PROTO__")!;
      expect(JSON.stringify(user.sections)).toBe(
        '{"inlinePolicies":{"7":"{}","constructor":"{}"},"tags":{"7":"x","__proto__":"y","constructor":"x"}}',
      );
      expect((await run.controlPlane.verify()).sound).toBe(true);
    }));

  test("what a caller does to the sections of an entity afterwards changes nothing", () =>
    withControlPlane(async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const tags: Record<string, string> = { a: "1" };
      resultOf(
        await controlPlane.execute({ type: "user.create", accountId, name: "ada", sections: { tags } }, origin()),
      );
      tags.b = "2";
      const record = controlPlane.views.entityByName("user", accountId, "ada")!;
      expect(record.sections).toEqual({ tags: { a: "1" } });
      expect(() => Object.assign(record.sections, { boundary: "x" })).toThrow();
      expect((await controlPlane.verify()).sound).toBe(true);
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

test("policies are held to the grammar of IAM, by where they are kept", () =>
  withControlPlane(
    async ({ controlPlane }) => {
      const { accountId } = await controlPlane.ensureRoot();
      const made = { user: 0, role: 0, managedPolicy: 0 };
      const create = (kind: keyof typeof made, sections: object) => {
        const name = `n${made[kind]++}`;
        return controlPlane.execute({ type: `${kind}.create`, accountId, name, sections } as Command, origin());
      };
      const inline = (p: string) => create("user", { inlinePolicies: { p } });
      const managed = (document: string) =>
        create("managedPolicy", { versions: { v1: { document } }, defaultVersion: "v1" });
      const trust = (trustPolicy: string) => create("role", { trustPolicy });
      const policy = (statement: object, Version = "2012-10-17") => JSON.stringify({ Version, Statement: [statement] });
      const allow = { Effect: "Allow", Action: "s3:*", Resource: "*" };
      const assume = { Effect: "Allow", Action: "sts:AssumeRole", Principal: "*" };
      for (const outcome of [
        await inline(policy(allow)),
        await inline(policy(allow, "2008-10-17")),
        await managed(policy(allow)),
        await trust(policy(assume)),
      ]) {
        expect(outcome.ok).toBe(true);
      }
      const malformed = ["{}", "[]", "x", policy({ ...allow, Effect: "Maybe" })];
      for (const outcome of [
        ...(await Promise.all(malformed.map(inline))),
        ...(await Promise.all(malformed.map(managed))),
        ...(await Promise.all(malformed.map(trust))),
        await inline(policy(assume)),
        await managed(policy(allow, "2008-10-17")),
        await trust(policy(allow)),
      ]) {
        expect(outcome).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
      }
    },
    { checkPolicy: undefined },
  ));
