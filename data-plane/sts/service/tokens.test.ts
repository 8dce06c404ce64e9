import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { GetFederationTokenCommand, GetSessionTokenCommand } from "@aws-sdk/client-sts";
import { ACCOUNT } from "#data-plane/principals/testing";
import { assumedBy, sessionOf, trusting, whoIs } from "../testing/asking.ts";
import { assume, openWorld, type World } from "../testing/world.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

test("every session is in the audit log before it is made, without its secrets", async () => {
  world.catalog.putRole("reader", { trustPolicy: trusting("*") });
  const made = [
    await assumedBy(world, world.ana, assume("reader")),
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

describe("tokens", () => {
  test("altered, of another key, or without the secret", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*") });
    const one = await sessionOf(world, world.ana, assume("reader"));
    const two = await sessionOf(world, world.ana, assume("reader"));
    const invalid = "403 InvalidClientTokenId The security token included in the request is invalid.";
    expect(await whoIs(world, { ...one, sessionToken: `x${one.sessionToken}` })).toBe(invalid);
    expect(await whoIs(world, { ...one, sessionToken: two.sessionToken! })).toBe(invalid);
    expect(await whoIs(world, { ...world.ana, sessionToken: one.sessionToken! })).toBe(invalid);
    expect(await whoIs(world, { accessKeyId: one.accessKeyId, secretAccessKey: one.secretAccessKey })).toBe(invalid);
    expect(await whoIs(world, { ...one, secretAccessKey: two.secretAccessKey })).toStartWith(
      "403 SignatureDoesNotMatch",
    );
  });

  test("of a role whose sessions were revoked", async () => {
    world.catalog.putRole("reader", { trustPolicy: trusting("*") });
    const session = await sessionOf(world, world.ana, assume("reader"));
    world.time.advance(1);
    world.catalog.putRole("reader", { trustPolicy: trusting("*"), sessionsValidFrom: world.time.clock.now() });
    expect(await whoIs(world, session)).toStartWith("403 ExpiredToken");
    expect(await whoIs(world, await sessionOf(world, world.ana, assume("reader")))).toMatchObject({ Account: ACCOUNT });
  });
});
