import { afterEach, beforeEach, expect, test } from "bun:test";
import type { AccountId, ControlPlaneMessage } from "#contracts";
import { createPlatformSecrets, createRefreshTokenReader } from "#control-plane/platform-identity";
import { type SealingKey, sealingKeyFromBase64 } from "#foundation/crypto";
import { connectWebSocket } from "#foundation/http";
import { systemRandom } from "#foundation/runtime";
import { createAccessTokens } from "./authentication/access-token.ts";
import { createPageCookies } from "./pages/cookies.ts";
import { newAccessToken, newMember, newOrg, person } from "./testing/identities.ts";
import { startTestApi, type TestApi } from "./testing/test-api.ts";

let world: TestApi;
let org: AccountId;

beforeEach(async () => {
  world = await startTestApi();
  org = await newOrg(world);
});
afterEach(() => world.close());

/** What a data plane is told first. @param wants as it comes from whoever has the join token */
async function firstMessage(wants: readonly string[]): Promise<ControlPlaneMessage> {
  const connection = await connectWebSocket({
    url: `${world.api.url.replace("http", "ws")}/ws/data-plane`,
    headers: [["authorization", `Bearer ${world.tokens.joinToken}`]],
  });
  const first = Promise.withResolvers<ControlPlaneMessage>();
  connection.onMessage((data) => first.resolve(JSON.parse(String(data)) as ControlPlaneMessage));
  const register = {
    type: "register",
    protocol: 1,
    dataPlaneId: "dp-1",
    kind: "services",
    name: "hostile",
    version: "0",
    resume: null,
    wants,
  };
  connection.send(JSON.stringify(register));
  const message = await first.promise;
  connection.close();
  return message;
}

async function stolenKey(): Promise<SealingKey> {
  const welcome = await firstMessage(["account"]);
  if (welcome.type !== "welcome") throw new Error(welcome.type);
  return sealingKeyFromBase64(welcome.sealingKey);
}

test.each(["person", "session", "apiToken", "servicePrincipal", "invitation", "dataPlane", "__proto__"])(
  "a data plane is told nothing about records of the kind %s",
  async (kind) => {
    expect(await firstMessage([kind])).toMatchObject({ type: "refused", code: "BadMessage" });
  },
);

test("the key that data planes hold makes nothing that the control plane believes", async () => {
  const owner = await newMember(world, org, "owner");
  // Session ids are no secrets: events and audit records have them.
  const { sessionId, token } = await newAccessToken(world, person(owner));
  const path = `/v1/orgs/${org}`;
  const status = async (headers: Record<string, string>, where = path) =>
    (await world.call(where, { headers, redirect: "manual" })).status;
  expect(await status({ authorization: `Bearer ${token}` })).toBe(200);

  const key = await stolenKey();
  const expiresAt = Date.now() + 60_000;
  const forged = createAccessTokens(key, systemRandom).issue({ sessionId, expiresAt });
  expect(await status({ authorization: `Bearer ${forged}` })).toBe(401);

  const request = { headers: new Map() as never, secure: false };
  const cookieWith = (one: SealingKey) =>
    createPageCookies(one, systemRandom).signIn(request, { sessionId, expiresAt }, Date.now()).split(";", 1)[0]!;
  expect(await status({ cookie: cookieWith(world.core.platformKey) }, "/device")).toBe(200);
  expect(await status({ cookie: cookieWith(key) }, "/device")).toBe(303);

  const refreshToken = createPlatformSecrets(key, systemRandom).refreshToken(sessionId).text;
  expect(createRefreshTokenReader(world.core.platformKey)(refreshToken)).toBeUndefined();
});
