import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { AssumeRoleCommandInput } from "@aws-sdk/client-sts";
import { policyText } from "#data-plane/principals/testing";
import { allow, assumedBy, isAllowed, sessionOf, tried, trusting } from "../testing/asking.ts";
import { assume, openWorld, type World } from "../testing/world.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

describe("session tags and source identities", () => {
  const TAGGED = [{ Key: "Team", Value: "ops" }];
  const trust = (actions: readonly string[], condition?: object) => ({
    trustPolicy: policyText({
      Effect: "Allow",
      Principal: "*",
      Action: actions,
      ...(condition && { Condition: condition }),
    }),
  });

  test("need permissions of their own", async () => {
    world.catalog.putRole("reader", trust(["sts:AssumeRole"]));
    expect(await tried(assumedBy(world, world.ana, assume("reader", { Tags: TAGGED })))).toContain("sts:TagSession");
    expect(await tried(assumedBy(world, world.ana, assume("reader", { SourceIdentity: "ada" })))).toContain(
      "sts:SetSourceIdentity",
    );
    world.catalog.putRole("reader", trust(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]));
    expect(
      await tried(assumedBy(world, world.ana, assume("reader", { Tags: TAGGED, SourceIdentity: "ada" }))),
    ).toMatchObject({
      SourceIdentity: "ada",
    });
  });

  test("what is passed can be made a condition", async () => {
    const all = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    const passes = async (condition: object, input: Partial<AssumeRoleCommandInput>) => {
      world.catalog.putRole("reader", trust(all, condition));
      return typeof (await tried(assumedBy(world, world.ana, assume("reader", input)))) !== "string";
    };
    const team = { StringEquals: { "aws:RequestTag/team": "ops" } };
    expect([await passes(team, { Tags: TAGGED }), await passes(team, {})]).toEqual([true, false]);
    const onlyTeam = { "ForAllValues:StringEquals": { "aws:TagKeys": ["Team"] } };
    const more = [...TAGGED, { Key: "Cost", Value: "1" }];
    expect([await passes(onlyTeam, { Tags: TAGGED }), await passes(onlyTeam, { Tags: more })]).toEqual([true, false]);
    const identity = { StringLike: { "sts:SourceIdentity": "ad*" } };
    expect([await passes(identity, { SourceIdentity: "ada" }), await passes(identity, {})]).toEqual([true, false]);
  });

  test("are tags of the principal, over those of the role", async () => {
    const inlinePolicies = {
      p: policyText({
        ...allow("sts:GetAccessKeyInfo"),
        Condition: { StringEquals: { "aws:PrincipalTag/team": "ops" } },
      }),
    };
    world.catalog.putRole("reader", { trustPolicy: trusting("*"), inlinePolicies, tags: { TEAM: "dev" } });
    expect(await isAllowed(world, await sessionOf(world, world.ana, assume("reader")))).toBe(false);
    expect(await isAllowed(world, await sessionOf(world, world.ana, assume("reader", { Tags: TAGGED })))).toBe(true);
  });

  test("transitive ones go along a chain, and cannot be changed on the way; the others stay behind", async () => {
    const has = (tag: string) => ({
      p: policyText({
        ...allow("sts:GetAccessKeyInfo"),
        Condition: { StringEquals: { [`aws:PrincipalTag/${tag}`]: "1" } },
      }),
    });
    world.catalog.putRole("first", { trustPolicy: trusting("*") });
    const Tags = [
      { Key: "Goes", Value: "1" },
      { Key: "Stays", Value: "1" },
    ];
    const first = await sessionOf(
      world,
      world.ana,
      assume("first", { Tags, TransitiveTagKeys: ["goes"], SourceIdentity: "ada" }),
    );
    const allowedIn = async (tag: string): Promise<boolean> => {
      world.catalog.putRole("second", { trustPolicy: trusting("*"), inlinePolicies: has(tag) });
      world.catalog.putRole("third", { trustPolicy: trusting("*"), inlinePolicies: has(tag) });
      const second = await sessionOf(world, first, assume("second", { Tags: [{ Key: "other", Value: "2" }] }));
      const third = await sessionOf(world, second, assume("third"));
      return (await isAllowed(world, second)) || (await isAllowed(world, third));
    };
    expect([await allowedIn("goes"), await allowedIn("stays")]).toEqual([true, false]);
    // What stays behind may be passed anew, with another value.
    expect(
      await tried(assumedBy(world, first, assume("second", { Tags: [{ Key: "stays", Value: "2" }] }))),
    ).toMatchObject({});
    expect(await tried(assumedBy(world, first, assume("second", { Tags: [{ Key: "GOES", Value: "2" }] })))).toBe(
      "400 InvalidParameterValue One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
    expect(await tried(assumedBy(world, first, assume("second", { SourceIdentity: "eve" })))).toStartWith(
      "400 ValidationError",
    );
    expect(await assumedBy(world, first, assume("second"))).toMatchObject({ SourceIdentity: "ada" });
    // What is handed on needs the permission as well.
    world.catalog.putRole("second", trust(["sts:AssumeRole"]));
    expect(await tried(assumedBy(world, first, assume("second")))).toContain("sts:TagSession");
  });

  test("what a session is can be made a condition", async () => {
    const condition = {
      Bool: { "aws:MultiFactorAuthPresent": "false" },
      StringEquals: { "aws:SourceIdentity": "ada" },
      DateLessThanEquals: { "aws:TokenIssueTime": new Date(world.time.clock.now()).toISOString() },
    };
    const inlinePolicies = { p: policyText({ ...allow("sts:GetAccessKeyInfo"), Condition: condition }) };
    world.catalog.putRole("reader", { trustPolicy: trusting("*"), inlinePolicies });
    world.catalog.putUser("ana", { sections: { inlinePolicies } });
    expect(await isAllowed(world, await sessionOf(world, world.ana, assume("reader", { SourceIdentity: "ada" })))).toBe(
      true,
    );
    expect(await isAllowed(world, await sessionOf(world, world.ana, assume("reader")))).toBe(false);
    world.time.advance(1);
    expect(await isAllowed(world, await sessionOf(world, world.ana, assume("reader", { SourceIdentity: "ada" })))).toBe(
      false,
    );
    // A long-term key has none of these.
    expect(await isAllowed(world, world.ana)).toBe(false);
  });
});
