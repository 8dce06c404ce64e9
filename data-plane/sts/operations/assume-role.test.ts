import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type AssumeRoleCommandInput, GetSessionTokenCommand } from "@aws-sdk/client-sts";
import { ACCOUNT, OTHER_ACCOUNT, policyText } from "#data-plane/principals/testing";
import { allow, assumedBy, isAllowed, sessionOf, tried, trusting, whoIs } from "../testing/asking.ts";
import { assume, credentialOf, openWorld, roleArn, type World } from "../testing/world.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const ANA = `arn:aws:iam::${ACCOUNT}:user/ana`;

describe("AssumeRole", () => {
  test("whom the trust policy names needs nothing else, in the same account", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }) }, { path: "/ops/" });
    const answer = await assumedBy(world, world.ana, assume("ops/reader", { RoleSessionName: "ana@work" }));
    expect(answer).toMatchObject({
      AssumedRoleUser: {
        Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reader/ana@work`,
        AssumedRoleId: "AROAREADER:ana@work",
      },
      SessionTokenSize: answer.Credentials?.SessionToken?.length,
    });
    expect(answer.Credentials?.AccessKeyId).toMatch(/^ASIA[A-Z2-7]{16}$/);
    expect(answer.PackedPolicySize).toBe(answer.SessionTokenUtilization);
    expect(answer.Credentials?.Expiration?.getTime()).toBe(
      Math.floor(world.time.clock.now() / 1000) * 1000 + 3_600_000,
    );
    expect(await whoIs(world, credentialOf(answer.Credentials))).toMatchObject({
      Account: ACCOUNT,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reader/ana@work`,
      UserId: "AROAREADER:ana@work",
    });
  });

  test("where only the account is trusted, the caller's policies must allow it too", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: `arn:aws:iam::${ACCOUNT}:root` }) });
    expect(await tried(assumedBy(world, world.ana, assume("reader")))).toBe(
      `403 AccessDenied User: ${ANA} is not authorized to perform: sts:AssumeRole on resource: ${roleArn("reader")} because no identity-based policy allows the sts:AssumeRole action`,
    );
    world.catalog.putUser("ana", {
      sections: { inlinePolicies: { p: policyText(allow("sts:AssumeRole", roleArn("reader"))) } },
    });
    expect(await tried(assumedBy(world, world.ana, assume("reader")))).toMatchObject({ AssumedRoleUser: {} });
  });

  test("across accounts both sides must agree", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: `arn:aws:iam::${OTHER_ACCOUNT}:user/other` }) });
    expect(await tried(assumedBy(world, world.other, assume("reader")))).toStartWith("403 AccessDenied");
    world.catalog.putUser("other", {
      accountId: OTHER_ACCOUNT,
      sections: { inlinePolicies: { p: policyText(allow("sts:AssumeRole")) } },
    });
    const answer = await assumedBy(world, world.other, assume("reader"));
    expect(await whoIs(world, credentialOf(answer.Credentials))).toMatchObject({ Account: ACCOUNT });
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }) });
    expect(await tried(assumedBy(world, world.other, assume("reader")))).toStartWith("403 AccessDenied");
  });

  test("a role that does not exist is refused in the words of one that does not trust", async () => {
    world.catalog.putUser("ana", { sections: { inlinePolicies: { p: policyText(allow("*")) } } });
    world.catalog.putRole("closed", { trustPolicy: trusting({ AWS: `arn:aws:iam::${OTHER_ACCOUNT}:root` }) });
    const closed = await tried(assumedBy(world, world.ana, assume("closed")));
    for (const name of ["absent", "CLOSED", "path/closed"]) {
      expect(await tried(assumedBy(world, world.ana, assume(name)))).toBe(
        String(closed).replace("role/closed", `role/${name}`),
      );
    }
    expect(closed).toBe(
      `403 AccessDenied User: ${ANA} is not authorized to perform: sts:AssumeRole on resource: ${roleArn("closed")} because no role trust policy allows the sts:AssumeRole action`,
    );
    const unreadable = { trustPolicy: "{" };
    world.catalog.putRole("closed", unreadable);
    expect(await tried(assumedBy(world, world.ana, assume("closed")))).toBe(closed);
  });

  test("an ARN is good only as it is written", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*") }, { path: "/ops/" });
    const outcomes = ["ops/reader", "reader", "ops/READER", "OPS/reader", "ops/x/reader"].map(async (name) => [
      name,
      typeof (await tried(assumedBy(world, world.ana, assume(name)))) !== "string",
    ]);
    expect(Object.fromEntries(await Promise.all(outcomes))).toEqual({
      "ops/reader": true,
      reader: false,
      "ops/READER": false,
      "OPS/reader": false,
      "ops/x/reader": false,
    });
  });

  test("the root user assumes no roles", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*") });
    const refusal = "403 AccessDenied Roles may not be assumed by root accounts.";
    expect(await tried(assumedBy(world, world.root, assume("reader")))).toBe(refusal);
    const { Credentials } = await world.client(world.root).send(new GetSessionTokenCommand({}));
    expect(await tried(assumedBy(world, credentialOf(Credentials), assume("reader")))).toBe(refusal);
  });

  test("conditions of the trust policy: external id, names, tags of the role", async () => {
    const trust = (condition: object) => ({
      trustPolicy: policyText({
        Effect: "Allow",
        Principal: { AWS: ANA },
        Action: "sts:AssumeRole",
        Condition: condition,
      }),
      tags: { Team: "ops" },
    });
    const outcomes = async (condition: object, ...inputs: readonly Partial<AssumeRoleCommandInput>[]) => {
      world.catalog.putRole("reader", trust(condition));
      const answers = inputs.map((input) => tried(assumedBy(world, world.ana, assume("reader", input))));
      return (await Promise.all(answers)).map((answer) => typeof answer !== "string");
    };
    const externalId = { StringEquals: { "sts:ExternalId": "secret-1" } };
    expect(await outcomes(externalId, {}, { ExternalId: "secret-2" }, { ExternalId: "secret-1" })).toEqual([
      false,
      false,
      true,
    ]);
    const named = { StringEquals: { "sts:RoleSessionName": "${aws:username}" } };
    expect(await outcomes(named, { RoleSessionName: "ana" }, { RoleSessionName: "bob" })).toEqual([true, false]);
    expect(await outcomes({ StringEquals: { "aws:ResourceTag/team": "ops" } }, {})).toEqual([true]);
    expect(await outcomes({ StringEquals: { "iam:ResourceTag/Team": "dev" } }, {})).toEqual([false]);
    expect(
      await outcomes({ NumericLessThanEquals: { "sts:DurationSeconds": "900" } }, { DurationSeconds: 900 }),
    ).toEqual([true]);
  });

  test("sessions live as long as was asked for, to the millisecond", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }), maxSessionDuration: 7200 });
    const session = await sessionOf(world, world.ana, assume("reader", { DurationSeconds: 900 }));
    const seconds = Math.floor(world.time.clock.now() / 1000);
    const left = (seconds + 900) * 1000 - world.time.clock.now();
    world.time.advance(left - 1);
    expect(await whoIs(world, session)).toMatchObject({ Account: ACCOUNT });
    world.time.advance(1);
    expect(await whoIs(world, session)).toBe("403 ExpiredToken The security token included in the request is expired");
  });

  test("durations beyond what the role, the model or a chain allow", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*"), maxSessionDuration: 7200 });
    world.catalog.putRole("next", { trustPolicy: trusting("*"), maxSessionDuration: 7200 });
    const refused = (DurationSeconds: number) =>
      tried(assumedBy(world, world.ana, assume("reader", { DurationSeconds })));
    expect(await refused(7200)).toMatchObject({ AssumedRoleUser: {} });
    expect(await refused(7201)).toBe(
      "400 ValidationError The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
    expect(await refused(899)).toBe(
      "400 ValidationError 1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    );
    const first = await sessionOf(world, world.ana, assume("reader", { DurationSeconds: 7200 }));
    expect(await tried(assumedBy(world, first, assume("next", { DurationSeconds: 3601 })))).toBe(
      "400 ValidationError The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
    expect(await tried(assumedBy(world, first, assume("next", { DurationSeconds: 3600 })))).toMatchObject({
      AssumedRoleUser: {},
    });
  });

  test("session policies leave what both they and the role allow", async () => {
    world.catalog.putRole("reader", {
      trustPolicy: trusting({ AWS: ANA }),
      inlinePolicies: { p: policyText(allow("sts:GetAccessKeyInfo")) },
    });
    world.catalog.putManagedPolicy("keys", policyText(allow("sts:*")));
    const keys = { arn: `arn:aws:iam::${ACCOUNT}:policy/keys` };
    const may = async (input: Partial<AssumeRoleCommandInput>) =>
      isAllowed(world, await sessionOf(world, world.ana, assume("reader", input)));
    expect(await may({})).toBe(true);
    expect(await may({ Policy: policyText(allow("s3:*")) })).toBe(false);
    expect(await may({ Policy: policyText(allow("sts:*")) })).toBe(true);
    expect(await may({ Policy: policyText(allow("s3:*")), PolicyArns: [keys] })).toBe(true);
    expect(await may({ PolicyArns: [{ arn: "arn:aws:iam::aws:policy/AmazonS3FullAccess" }] })).toBe(false);
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }) });
    expect(await may({ Policy: policyText(allow("*")) })).toBe(false);
  });

  test.each<[Partial<AssumeRoleCommandInput>, string]>([
    [{ RoleArn: "nothing-valid-in-here" }, "400 ValidationError nothing-valid-in-here is invalid"],
    [
      { RoleArn: `arn:aws:iam::${ACCOUNT}:user/reader` },
      `400 ValidationError arn:aws:iam::${ACCOUNT}:user/reader is invalid`,
    ],
    [
      { RoleSessionName: "Session1:2" },
      "400 ValidationError 1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    ],
    [
      { RoleSessionName: "s".repeat(65) },
      `400 ValidationError 1 validation error detected: Value '${"s".repeat(65)}' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
    [{ Policy: "{}" }, "400 MalformedPolicyDocumentException Syntax errors in policy."],
    [
      { PolicyArns: [{ arn: `arn:aws:iam::${ACCOUNT}:policy/none` }] },
      `400 ValidationError Policy arn:aws:iam::${ACCOUNT}:policy/none does not exist or is not attachable.`,
    ],
    [
      { PolicyArns: Array.from({ length: 11 }, () => ({ arn: "arn:aws:iam::aws:policy/ReadOnlyAccess" })) },
      "400 ValidationError 1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10",
    ],
    [
      { Policy: policyText(allow("s3:GetObject", `arn:aws:s3:::${"b".repeat(4000)}`)) },
      "400 PackedPolicyTooLargeException",
    ],
    [
      {
        Tags: [
          { Key: "a", Value: "" },
          { Key: "A", Value: "" },
        ],
      },
      "400 InvalidParameterValue Duplicate tag keys found. Please note that Tag keys are case insensitive.",
    ],
    [
      { Tags: [{ Key: "a", Value: "" }], TransitiveTagKeys: ["b"] },
      "400 InvalidParameterValue The specified transitive tag key must be included in the requested tags.",
    ],
    [{ Tags: [{ Key: "aws:x", Value: "" }] }, "400 InvalidParameterValue Tag keys that begin with aws: are reserved."],
    [{ SourceIdentity: "aws:me" }, "400 ValidationError"],
    [
      { SerialNumber: "arn:aws:iam::1:mfa/x", TokenCode: "123456" },
      "403 AccessDenied MultiFactorAuthentication failed",
    ],
    [
      { ProvidedContexts: [{ ProviderArn: "arn:aws:iam::aws:contextProvider/x", ContextAssertion: "long" }] },
      "400 ValidationError",
    ],
  ])("refuses %j", async (input, refusal) => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }) });
    expect(await tried(assumedBy(world, world.ana, assume("reader", input)))).toStartWith(refusal);
  });

  test("tokens are as long as the client wants to try, up to the longest", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }) });
    for (const MinimumSessionTokenSize of [1, 1000, 1001, 1002, 1003, 4093, 4094, 4095, 4096]) {
      const answer = await assumedBy(world, world.ana, assume("reader", { MinimumSessionTokenSize }));
      const size = answer.Credentials?.SessionToken?.length ?? 0;
      expect(size).toBeGreaterThanOrEqual(MinimumSessionTokenSize);
      expect(size).toBeLessThanOrEqual(Math.max(1000, MinimumSessionTokenSize + 3));
      expect([answer.SessionTokenSize, answer.SessionTokenUtilization]).toEqual([size, Math.ceil((size * 100) / 4096)]);
      expect(await whoIs(world, credentialOf(answer.Credentials))).toMatchObject({ Account: ACCOUNT });
    }
  });
});
