import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
} from "@aws-sdk/client-sts";
import { ACCOUNT, OTHER_ACCOUNT, policyText } from "#data-plane/principals/testing";
import { type Credential, presign } from "#foundation/aws/sigv4";
import { assume, credentialOf, openWorld, roleArn, type World } from "../testing/world.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const ANA = `arn:aws:iam::${ACCOUNT}:user/ana`;
const trusting = (principal: unknown, ...more: readonly Readonly<Record<string, unknown>>[]) =>
  policyText(
    { Effect: "Allow", Principal: principal, Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] },
    ...more,
  );
const allow = (action: string, resource = "*") => ({ Effect: "Allow", Action: action, Resource: resource });

/** The answer, or the refusal as `status code message`. */
async function tried<Answer>(promise: Promise<Answer>): Promise<Answer | string> {
  try {
    return await promise;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return `${$metadata?.httpStatusCode} ${name} ${message}`;
  }
}

const whoIs = (credential: Credential) => tried(world.client(credential).send(new GetCallerIdentityCommand({})));
const assumedBy = (credential: Credential, input: AssumeRoleCommandInput) =>
  world.client(credential).send(new AssumeRoleCommand(input));
const sessionOf = async (credential: Credential, input: AssumeRoleCommandInput): Promise<Credential> =>
  credentialOf((await assumedBy(credential, input)).Credentials);
/** Asks for something that a policy must allow. */
const asksForKey = (credential: Credential) =>
  tried(world.client(credential).send(new GetAccessKeyInfoCommand({ AccessKeyId: world.root.accessKeyId })));
const isAllowed = async (credential: Credential) => typeof (await asksForKey(credential)) !== "string";

describe("GetCallerIdentity", () => {
  test("tells everybody who they are, also when a policy denies it", async () => {
    world.catalog.putUser("ana", {
      path: "/team/",
      sections: { inlinePolicies: { p: policyText({ Effect: "Deny", Action: "*", Resource: "*" }) } },
    });
    expect(await whoIs(world.ana)).toMatchObject({
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:user/team/ana`,
      UserId: "AIDAANA",
    });
    expect(await whoIs(world.root)).toMatchObject({ Arn: `arn:aws:iam::${ACCOUNT}:root`, UserId: ACCOUNT });
  });

  test("but not those without credentials", async () => {
    expect(await tried(world.anonymous.send(new GetCallerIdentityCommand({})))).toStartWith(
      "403 MissingAuthenticationToken",
    );
  });
});

describe("GetAccessKeyInfo", () => {
  test("names the account of keys, also of sessions", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }) });
    const { accessKeyId } = await sessionOf(world.ana, assume("reader"));
    for (const AccessKeyId of [world.other.accessKeyId, accessKeyId]) {
      const account = AccessKeyId === accessKeyId ? ACCOUNT : OTHER_ACCOUNT;
      expect(await world.client(world.root).send(new GetAccessKeyInfoCommand({ AccessKeyId }))).toMatchObject({
        Account: account,
      });
    }
  });

  test("needs a permission, and a key that is of this cloud", async () => {
    expect(await asksForKey(world.ana)).toBe(
      `403 AccessDenied User: ${ANA} is not authorized to perform: sts:GetAccessKeyInfo on resource: * because no identity-based policy allows the sts:GetAccessKeyInfo action`,
    );
    const unknown = new GetAccessKeyInfoCommand({ AccessKeyId: "AKIA1111111111111111" });
    expect(await tried(world.client(world.root).send(unknown))).toStartWith("400 ValidationError");
  });
});

describe("AssumeRole", () => {
  test("whom the trust policy names needs nothing else, in the same account", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }) }, { path: "/ops/" });
    const answer = await assumedBy(world.ana, assume("ops/reader", { RoleSessionName: "ana@work" }));
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
    expect(await whoIs(credentialOf(answer.Credentials))).toMatchObject({
      Account: ACCOUNT,
      Arn: `arn:aws:sts::${ACCOUNT}:assumed-role/reader/ana@work`,
      UserId: "AROAREADER:ana@work",
    });
  });

  test("where only the account is trusted, the caller's policies must allow it too", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: `arn:aws:iam::${ACCOUNT}:root` }) });
    expect(await tried(assumedBy(world.ana, assume("reader")))).toBe(
      `403 AccessDenied User: ${ANA} is not authorized to perform: sts:AssumeRole on resource: ${roleArn("reader")} because no identity-based policy allows the sts:AssumeRole action`,
    );
    world.catalog.putUser("ana", {
      sections: { inlinePolicies: { p: policyText(allow("sts:AssumeRole", roleArn("reader"))) } },
    });
    expect(await tried(assumedBy(world.ana, assume("reader")))).toMatchObject({ AssumedRoleUser: {} });
  });

  test("across accounts both sides must agree", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: `arn:aws:iam::${OTHER_ACCOUNT}:user/other` }) });
    expect(await tried(assumedBy(world.other, assume("reader")))).toStartWith("403 AccessDenied");
    world.catalog.putUser("other", {
      accountId: OTHER_ACCOUNT,
      sections: { inlinePolicies: { p: policyText(allow("sts:AssumeRole")) } },
    });
    const answer = await assumedBy(world.other, assume("reader"));
    expect(await whoIs(credentialOf(answer.Credentials))).toMatchObject({ Account: ACCOUNT });
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }) });
    expect(await tried(assumedBy(world.other, assume("reader")))).toStartWith("403 AccessDenied");
  });

  test("a role that does not exist is refused in the words of one that does not trust", async () => {
    world.catalog.putUser("ana", { sections: { inlinePolicies: { p: policyText(allow("*")) } } });
    world.catalog.putRole("closed", { trustPolicy: trusting({ AWS: `arn:aws:iam::${OTHER_ACCOUNT}:root` }) });
    const closed = await tried(assumedBy(world.ana, assume("closed")));
    for (const name of ["absent", "CLOSED", "path/closed"]) {
      expect(await tried(assumedBy(world.ana, assume(name)))).toBe(
        String(closed).replace("role/closed", `role/${name}`),
      );
    }
    expect(closed).toBe(
      `403 AccessDenied User: ${ANA} is not authorized to perform: sts:AssumeRole on resource: ${roleArn("closed")} because no role trust policy allows the sts:AssumeRole action`,
    );
    const unreadable = { trustPolicy: "{" };
    world.catalog.putRole("closed", unreadable);
    expect(await tried(assumedBy(world.ana, assume("closed")))).toBe(closed);
  });

  test("an ARN is good only as it is written", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*") }, { path: "/ops/" });
    const outcomes = ["ops/reader", "reader", "ops/READER", "OPS/reader", "ops/x/reader"].map(async (name) => [
      name,
      typeof (await tried(assumedBy(world.ana, assume(name)))) !== "string",
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
    expect(await tried(assumedBy(world.root, assume("reader")))).toBe(refusal);
    const { Credentials } = await world.client(world.root).send(new GetSessionTokenCommand({}));
    expect(await tried(assumedBy(credentialOf(Credentials), assume("reader")))).toBe(refusal);
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
      const answers = inputs.map((input) => tried(assumedBy(world.ana, assume("reader", input))));
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
    const session = await sessionOf(world.ana, assume("reader", { DurationSeconds: 900 }));
    const seconds = Math.floor(world.time.clock.now() / 1000);
    const left = (seconds + 900) * 1000 - world.time.clock.now();
    world.time.advance(left - 1);
    expect(await whoIs(session)).toMatchObject({ Account: ACCOUNT });
    world.time.advance(1);
    expect(await whoIs(session)).toBe("403 ExpiredToken The security token included in the request is expired");
  });

  test("durations beyond what the role, the model or a chain allow", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*"), maxSessionDuration: 7200 });
    world.catalog.putRole("next", { trustPolicy: trusting("*"), maxSessionDuration: 7200 });
    const refused = (DurationSeconds: number) => tried(assumedBy(world.ana, assume("reader", { DurationSeconds })));
    expect(await refused(7200)).toMatchObject({ AssumedRoleUser: {} });
    expect(await refused(7201)).toBe(
      "400 ValidationError The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    );
    expect(await refused(899)).toBe(
      "400 ValidationError 1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900",
    );
    const first = await sessionOf(world.ana, assume("reader", { DurationSeconds: 7200 }));
    expect(await tried(assumedBy(first, assume("next", { DurationSeconds: 3601 })))).toBe(
      "400 ValidationError The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
    );
    expect(await tried(assumedBy(first, assume("next", { DurationSeconds: 3600 })))).toMatchObject({
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
      isAllowed(await sessionOf(world.ana, assume("reader", input)));
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
    expect(await tried(assumedBy(world.ana, assume("reader", input)))).toStartWith(refusal);
  });

  test("tokens are as long as the client wants to try, up to the longest", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: ANA }) });
    for (const MinimumSessionTokenSize of [1, 1000, 1001, 1002, 1003, 4093, 4094, 4095, 4096]) {
      const answer = await assumedBy(world.ana, assume("reader", { MinimumSessionTokenSize }));
      const size = answer.Credentials?.SessionToken?.length ?? 0;
      expect(size).toBeGreaterThanOrEqual(MinimumSessionTokenSize);
      expect(size).toBeLessThanOrEqual(Math.max(1000, MinimumSessionTokenSize + 3));
      expect([answer.SessionTokenSize, answer.SessionTokenUtilization]).toEqual([size, Math.ceil((size * 100) / 4096)]);
      expect(await whoIs(credentialOf(answer.Credentials))).toMatchObject({ Account: ACCOUNT });
    }
  });
});

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
    expect(await tried(assumedBy(world.ana, assume("reader", { Tags: TAGGED })))).toContain("sts:TagSession");
    expect(await tried(assumedBy(world.ana, assume("reader", { SourceIdentity: "ada" })))).toContain(
      "sts:SetSourceIdentity",
    );
    world.catalog.putRole("reader", trust(["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]));
    expect(await tried(assumedBy(world.ana, assume("reader", { Tags: TAGGED, SourceIdentity: "ada" })))).toMatchObject({
      SourceIdentity: "ada",
    });
  });

  test("what is passed can be made a condition", async () => {
    const all = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    const passes = async (condition: object, input: Partial<AssumeRoleCommandInput>) => {
      world.catalog.putRole("reader", trust(all, condition));
      return typeof (await tried(assumedBy(world.ana, assume("reader", input)))) !== "string";
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
    expect(await isAllowed(await sessionOf(world.ana, assume("reader")))).toBe(false);
    expect(await isAllowed(await sessionOf(world.ana, assume("reader", { Tags: TAGGED })))).toBe(true);
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
      world.ana,
      assume("first", { Tags, TransitiveTagKeys: ["goes"], SourceIdentity: "ada" }),
    );
    const allowedIn = async (tag: string): Promise<boolean> => {
      world.catalog.putRole("second", { trustPolicy: trusting("*"), inlinePolicies: has(tag) });
      world.catalog.putRole("third", { trustPolicy: trusting("*"), inlinePolicies: has(tag) });
      const second = await sessionOf(first, assume("second", { Tags: [{ Key: "other", Value: "2" }] }));
      const third = await sessionOf(second, assume("third"));
      return (await isAllowed(second)) || (await isAllowed(third));
    };
    expect([await allowedIn("goes"), await allowedIn("stays")]).toEqual([true, false]);
    // What stays behind may be passed anew, with another value.
    expect(await tried(assumedBy(first, assume("second", { Tags: [{ Key: "stays", Value: "2" }] })))).toMatchObject({});
    expect(await tried(assumedBy(first, assume("second", { Tags: [{ Key: "GOES", Value: "2" }] })))).toBe(
      "400 InvalidParameterValue One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.",
    );
    expect(await tried(assumedBy(first, assume("second", { SourceIdentity: "eve" })))).toStartWith(
      "400 ValidationError",
    );
    expect(await assumedBy(first, assume("second"))).toMatchObject({ SourceIdentity: "ada" });
    // What is handed on needs the permission as well.
    world.catalog.putRole("second", trust(["sts:AssumeRole"]));
    expect(await tried(assumedBy(first, assume("second")))).toContain("sts:TagSession");
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
    expect(await isAllowed(await sessionOf(world.ana, assume("reader", { SourceIdentity: "ada" })))).toBe(true);
    expect(await isAllowed(await sessionOf(world.ana, assume("reader")))).toBe(false);
    world.time.advance(1);
    expect(await isAllowed(await sessionOf(world.ana, assume("reader", { SourceIdentity: "ada" })))).toBe(false);
    // A long-term key has none of these.
    expect(await isAllowed(world.ana)).toBe(false);
  });
});

describe("GetSessionToken", () => {
  const sessionFor = async (credential: Credential, DurationSeconds?: number) =>
    await world.client(credential).send(new GetSessionTokenCommand({ DurationSeconds }));

  test("needs no permission, and the session is its user", async () => {
    world.catalog.putUser("ana", {
      sections: {
        inlinePolicies: {
          p: policyText(allow("sts:AssumeRole"), { Effect: "Deny", Action: "sts:Get*", Resource: "*" }),
        },
      },
    });
    world.catalog.putRole("reader", { trustPolicy: trusting({ AWS: `arn:aws:iam::${ACCOUNT}:root` }) });
    const session = credentialOf((await sessionFor(world.ana)).Credentials);
    expect(await whoIs(session)).toMatchObject({ Arn: ANA, UserId: "AIDAANA" });
    expect(await tried(assumedBy(session, assume("reader", { DurationSeconds: 3600 })))).toMatchObject({
      AssumedRoleUser: {},
    });
  });

  test("lives twelve hours, or as asked; of the root user one at most", async () => {
    const seconds = async (credential: Credential, asked?: number) => {
      const { Credentials } = await sessionFor(credential, asked);
      return (Credentials?.Expiration?.getTime() ?? 0) / 1000 - Math.floor(world.time.clock.now() / 1000);
    };
    expect(await seconds(world.ana)).toBe(43_200);
    expect(await seconds(world.ana, 129_600)).toBe(129_600);
    expect(await seconds(world.root)).toBe(3600);
    expect(await seconds(world.root, 900)).toBe(900);
    expect(await seconds(world.root, 7200)).toBe(3600);
    expect(await tried(sessionFor(world.ana, 129_601))).toStartWith("400 ValidationError");
  });

  test("ends with the key that made it", async () => {
    const session = credentialOf((await sessionFor(world.ana)).Credentials);
    world.catalog.putKey(world.ana.accessKeyId, { owner: { type: "user", userName: "ana" }, status: "Inactive" });
    const refusal = "403 InvalidClientTokenId The security token included in the request is invalid.";
    expect(await whoIs(session)).toBe(refusal);
    world.catalog.putKey(world.ana.accessKeyId, { owner: { type: "user", userName: "ana" } });
    expect(await whoIs(session)).toMatchObject({ Arn: ANA });
  });

  test("makes no further sessions, except of roles", async () => {
    const session = credentialOf((await sessionFor(world.ana)).Credentials);
    expect(await tried(sessionFor(session))).toBe(
      "403 AccessDenied Cannot call GetSessionToken with session credentials",
    );
    const federation = new GetFederationTokenCommand({ Name: "bob" });
    expect(await tried(world.client(session).send(federation))).toBe(
      "403 AccessDenied Cannot call GetFederationToken with session credentials",
    );
    expect(await asksForKey(session)).toBe("403 AccessDenied Cannot call GetAccessKeyInfo with session credentials");
  });
});

describe("GetFederationToken", () => {
  const federated = async (credential: Credential, more: object = {}) =>
    await world.client(credential).send(new GetFederationTokenCommand({ Name: "bob", ...more }));

  test("needs a permission, and names a federated user", async () => {
    expect(await tried(federated(world.ana))).toContain(
      `sts:GetFederationToken on resource: arn:aws:sts::${ACCOUNT}:federated-user/bob`,
    );
    const answer = await federated(world.root);
    expect(answer.FederatedUser).toEqual({
      Arn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`,
      FederatedUserId: `${ACCOUNT}:bob`,
    });
    expect(await whoIs(credentialOf(answer.Credentials))).toMatchObject({
      Arn: `arn:aws:sts::${ACCOUNT}:federated-user/bob`,
      UserId: `${ACCOUNT}:bob`,
    });
  });

  test("tags need a permission of their own", async () => {
    const policy = (...actions: readonly string[]) => ({
      sections: { inlinePolicies: { p: policyText(...actions.map((a) => allow(a))) } },
    });
    world.catalog.putUser("ana", policy("sts:GetFederationToken"));
    const Tags = [{ Key: "team", Value: "ops" }];
    expect(await tried(federated(world.ana, { Tags }))).toContain("sts:TagSession");
    world.catalog.putUser("ana", policy("sts:GetFederationToken", "sts:TagSession"));
    expect(await tried(federated(world.ana, { Tags }))).toMatchObject({ FederatedUser: {} });
  });

  test("reaches nothing else of STS, whatever is allowed", async () => {
    const session = credentialOf((await federated(world.root, { Policy: policyText(allow("*")) })).Credentials);
    world.catalog.putRole("reader", { trustPolicy: trusting("*") });
    expect(await tried(assumedBy(session, assume("reader")))).toBe(
      "403 AccessDenied Cannot call AssumeRole with session credentials",
    );
    expect(await asksForKey(session)).toBe("403 AccessDenied Cannot call GetAccessKeyInfo with session credentials");
  });
});

test("every session is in the audit log before it is made, without its secrets", async () => {
  world.catalog.putRole("reader", { trustPolicy: trusting("*") });
  const made = [
    await assumedBy(world.ana, assume("reader")),
    await world.client(world.ana).send(new GetSessionTokenCommand({})),
    await world.client(world.root).send(new GetFederationTokenCommand({ Name: "bob" })),
  ];
  expect(world.audited).toMatchObject(
    ["sts:AssumeRole", "sts:GetSessionToken", "sts:GetFederationToken"].map((action) => ({
      action,
      decision: "allowed",
    })),
  );
  const text = JSON.stringify(world.audited);
  for (const { Credentials } of made) {
    expect(text).not.toContain(Credentials!.SecretAccessKey!);
    expect(text).not.toContain(Credentials!.SessionToken!);
  }
});

describe("a presigned GetCallerIdentity", () => {
  const urlOf = (credential: Credential, more: readonly (readonly [string, string])[] = []) => {
    const headers = [["host", new URL(world.url).host] as const, ...more];
    const request = { method: "GET", path: "/", query: "Action=GetCallerIdentity&Version=2011-06-15", headers };
    const query = presign(request, {
      credential,
      region: "us-east-1",
      service: "sts",
      now: world.time.clock.now(),
      expiresSeconds: 60,
      payloadHash: new Bun.CryptoHasher("sha256").digest("hex"),
    });
    return `${world.url}/?${query}`;
  };

  test("proves to others who signed it, with headers of theirs", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*") });
    const session = await sessionOf(world.ana, assume("reader"));
    const headers = { "x-k8s-aws-id": "cluster" };
    const url = urlOf(session, Object.entries(headers));
    const answer = await fetch(url, { headers });
    expect([answer.status, /<Arn>([^<]*)/.exec(await answer.text())?.[1]]).toEqual([
      200,
      `arn:aws:sts::${ACCOUNT}:assumed-role/reader/work`,
    ]);
    expect((await fetch(url)).status).toBe(403);
    expect((await fetch(urlOf({ ...session, sessionToken: undefined }, []))).status).toBe(403);
  });
});

describe("tokens", () => {
  test("altered, of another key, or without the secret", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*") });
    const one = await sessionOf(world.ana, assume("reader"));
    const two = await sessionOf(world.ana, assume("reader"));
    const invalid = "403 InvalidClientTokenId The security token included in the request is invalid.";
    expect(await whoIs({ ...one, sessionToken: `x${one.sessionToken}` })).toBe(invalid);
    expect(await whoIs({ ...one, sessionToken: two.sessionToken! })).toBe(invalid);
    expect(await whoIs({ ...world.ana, sessionToken: one.sessionToken! })).toBe(invalid);
    expect(await whoIs({ accessKeyId: one.accessKeyId, secretAccessKey: one.secretAccessKey })).toBe(invalid);
    expect(await whoIs({ ...one, secretAccessKey: two.secretAccessKey })).toStartWith("403 SignatureDoesNotMatch");
  });

  test("of a role whose sessions were revoked", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*") });
    const session = await sessionOf(world.ana, assume("reader"));
    world.time.advance(1);
    world.catalog.putRole("reader", { trustPolicy: trusting("*"), sessionsValidFrom: world.time.clock.now() });
    expect(await whoIs(session)).toStartWith("403 ExpiredToken");
    expect(await whoIs(await sessionOf(world.ana, assume("reader")))).toMatchObject({ Account: ACCOUNT });
  });
});
