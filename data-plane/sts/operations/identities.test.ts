import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { GetAccessKeyInfoCommand, GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { ACCOUNT, OTHER_ACCOUNT, policyText } from "#data-plane/principals/testing";
import { type Credential, presign } from "#foundation/aws/sigv4";
import { asksForKey, sessionOf, tried, trusting, whoIs } from "../testing/asking.ts";
import { assume, openWorld, type World } from "../testing/world.ts";

let world: World;

beforeEach(async () => {
  world = await openWorld();
});
afterEach(() => world.close());

const ANA = `arn:aws:iam::${ACCOUNT}:user/ana`;

describe("GetCallerIdentity", () => {
  test("tells everybody who they are, also when a policy denies it", async () => {
    world.catalog.putUser("ana", {
      path: "/team/",
      sections: { inlinePolicies: { p: policyText({ Effect: "Deny", Action: "*", Resource: "*" }) } },
    });
    expect(await whoIs(world, world.ana)).toMatchObject({
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:user/team/ana`,
      UserId: "AIDAANA",
    });
    expect(await whoIs(world, world.root)).toMatchObject({ Arn: `arn:aws:iam::${ACCOUNT}:root`, UserId: ACCOUNT });
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
    const { accessKeyId } = await sessionOf(world, world.ana, assume("reader"));
    for (const AccessKeyId of [world.other.accessKeyId, accessKeyId]) {
      const account = AccessKeyId === accessKeyId ? ACCOUNT : OTHER_ACCOUNT;
      expect(await world.client(world.root).send(new GetAccessKeyInfoCommand({ AccessKeyId }))).toMatchObject({
        Account: account,
      });
    }
  });

  test("needs a permission, and a key that is of this cloud", async () => {
    expect(await asksForKey(world, world.ana)).toBe(
      `403 AccessDenied User: ${ANA} is not authorized to perform: sts:GetAccessKeyInfo on resource: * because no identity-based policy allows the sts:GetAccessKeyInfo action`,
    );
    const unknown = new GetAccessKeyInfoCommand({ AccessKeyId: "AKIA1111111111111111" });
    expect(await tried(world.client(world.root).send(unknown))).toStartWith("400 ValidationError");
  });
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
    const session = await sessionOf(world, world.ana, assume("reader"));
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
