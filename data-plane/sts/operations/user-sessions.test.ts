import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { GetFederationTokenCommand, GetSessionTokenCommand } from "@aws-sdk/client-sts";
import { ACCOUNT, policyText } from "#data-plane/principals/testing";
import type { Credential } from "#foundation/aws/sigv4";
import { allow, asksForKey, assumedBy, tried, trusting, whoIs } from "../testing/asking.ts";
import { assume, credentialOf, openWorld, type World } from "../testing/world.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const ANA = `arn:aws:iam::${ACCOUNT}:user/ana`;

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
    expect(await whoIs(world, session)).toMatchObject({ Arn: ANA, UserId: "AIDAANA" });
    expect(await tried(assumedBy(world, session, assume("reader", { DurationSeconds: 3600 })))).toMatchObject({
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
    expect(await whoIs(world, session)).toBe(refusal);
    world.catalog.putKey(world.ana.accessKeyId, { owner: { type: "user", userName: "ana" } });
    expect(await whoIs(world, session)).toMatchObject({ Arn: ANA });
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
    expect(await asksForKey(world, session)).toBe(
      "403 AccessDenied Cannot call GetAccessKeyInfo with session credentials",
    );
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
    expect(await whoIs(world, credentialOf(answer.Credentials))).toMatchObject({
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
    expect(await tried(assumedBy(world, session, assume("reader")))).toBe(
      "403 AccessDenied Cannot call AssumeRole with session credentials",
    );
    expect(await asksForKey(world, session)).toBe(
      "403 AccessDenied Cannot call GetAccessKeyInfo with session credentials",
    );
  });
});
