import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { AccountId } from "#contracts";
import { done, newAccessToken, newMember, newOrg, newProgram, newToken, person } from "../testing/identities.ts";
import { createShiftingClock } from "../testing/shifting-clock.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

let world: TestApi;
let org: AccountId;
let clock = createShiftingClock();
beforeAll(async () => {
  clock = createShiftingClock();
  world = await startTestApi({ clock });
  org = await newOrg(world);
  await newMember(world, org, "owner");
});
afterAll(() => world.close());
// Whoever comes later finds all buckets full.
beforeEach(() => clock.advance(10 * MINUTE_MS));

interface Tokens {
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly expires_in: number;
  readonly scope: string;
  readonly error?: string;
  readonly code?: string;
}

async function send(path: string, parameters: object, headers: Record<string, string> = {}) {
  const answer = await fetch(world.api.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(parameters),
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Tokens };
}

async function sendForm(path: string, form: string, headers: Record<string, string> = {}) {
  const answer = await fetch(world.api.url + path, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
    body: form,
  });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Tokens };
}

const get = async (path: string, token: string) => {
  const answer = await fetch(world.api.url + path, { headers: { authorization: `Bearer ${token}` } });
  return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
};

/** `200`, or the status and code of a problem. */
async function told(path: string, token: string): Promise<string> {
  const { status, body } = await get(path, token);
  return status === 200 ? "200" : `${status} ${String(body.code)}`;
}

describe("a device", () => {
  const start = async (parameters: object = {}) =>
    (await send("/v1/auth/device/start", { client_name: "laptop", ...parameters })).body as unknown as {
      readonly device_code: string;
      readonly user_code: string;
      readonly verification_uri: string;
      readonly verification_uri_complete: string;
    };
  const poll = (deviceCode: string) => send("/v1/auth/device/token", { device_code: deviceCode });
  const approve = async (userCode: string, token: string, more: object = {}) =>
    await send("/v1/auth/device/approve", { userCode, ...more }, { authorization: `Bearer ${token}` });

  test("waits, is let in, and refreshes its tokens", async () => {
    const ada = await newMember(world, org, "developer");
    const { device_code, user_code, verification_uri, verification_uri_complete } = await start();
    expect(user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(verification_uri).toBe(`${world.api.url}/device`);
    expect(verification_uri_complete).toBe(`${world.api.url}/device?user_code=${user_code}`);
    expect((await poll(device_code)).body.error).toBe("authorization_pending");
    expect((await poll(device_code)).body.error).toBe("slow_down");
    clock.advance(6_000);
    // Five seconds more after having been too fast.
    expect((await poll(device_code)).body.error).toBe("slow_down");
    clock.advance(15_000);
    const session = await newAccessToken(world, person(ada));
    const typed = user_code.toLowerCase().replace("-", " ");
    expect((await approve(typed, session.token)).status).toBe(200);
    const { status, headers, body } = await poll(device_code);
    expect([status, headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(body).toMatchObject({ token_type: "Bearer", expires_in: 15 * 60 });
    expect(body.scope).toContain("deploys:write");
    expect((await poll(device_code)).body.error).toBe("invalid_grant");

    const whoami = await get("/v1/auth/whoami", body.access_token);
    expect(whoami.body).toMatchObject({ type: "person", id: ada, orgs: [{ accountId: org, role: "developer" }] });

    clock.advance(15 * MINUTE_MS);
    expect(await told("/v1/auth/whoami", body.access_token)).toBe("401 TOKEN_EXPIRED");
    const refreshed = await send("/v1/auth/token/refresh", { refresh_token: body.refresh_token });
    expect(refreshed.status).toBe(200);
    expect(await told("/v1/auth/whoami", refreshed.body.access_token)).toBe("200");
  });

  test("is told when it was refused, came too late, or never was", async () => {
    const { device_code } = await start();
    clock.advance(11 * MINUTE_MS);
    expect((await poll(device_code)).body.error).toBe("expired_token");
    clock.advance(11 * MINUTE_MS);
    expect((await poll(device_code)).body.error).toBe("invalid_grant");
    expect((await poll("bpd_made-up")).body.error).toBe("invalid_grant");
    expect((await send("/v1/auth/device/token", {})).body.error).toBe("invalid_request");
    expect((await send("/v1/auth/device/start", { client_name: "x".repeat(129) })).body.error).toBe("invalid_request");
    expect((await send("/v1/auth/device/start", { scopes: ["cloud:admin"] })).body.error).toBe("invalid_scope");
  });

  test("gets no more scopes than it asks for, and than who lets it in has", async () => {
    const ada = await newMember(world, org, "owner");
    const { device_code, user_code } = await start({ scope: "orgs:read logs:read" });
    const session = await newAccessToken(world, person(ada), ["orgs:read", "exec:write"]);
    expect((await approve(user_code, session.token)).status).toBe(200);
    expect((await poll(device_code)).body.scope).toBe("orgs:read");
  });

  test("of a person is let in by the operator, who names the person", async () => {
    const ada = await newMember(world, org, "readonly");
    const { email } = world.core.views.record("person", ada)!;
    const { device_code, user_code } = await start();
    const operator = world.tokens.apiToken;
    expect((await approve(user_code, operator)).body.code).toBe("NoSuchPerson");
    expect((await approve(user_code, operator, { email: "nobody@example.com" })).body.code).toBe("NoSuchPerson");
    const apiToken = await newToken(world, person(ada));
    expect((await approve(user_code, apiToken)).body.code).toBe("SESSION_NEEDED");
    expect((await approve(user_code, operator, { email })).status).toBe(200);
    expect((await poll(device_code)).status).toBe(200);
  });

  test("codes cannot be guessed for long, and right ones in between do not help", async () => {
    const session = await newAccessToken(world, person(await newMember(world, org, "owner")));
    const answers = new Map<string, number>();
    for (let guess = 0; guess < 20; guess++) {
      const { status, body } = await approve(`BBBB-BBB${"BCDFGHJKLM"[guess % 10]}`, session.token);
      const answer = `${status} ${body.code}`;
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      if (guess < 9) expect((await approve((await start()).user_code, session.token)).status).toBe(200);
    }
    expect([...answers.keys()]).toEqual(["404 NO_SUCH_CODE", "429 TOO_MANY_REQUESTS"]);
    expect(answers.get("404 NO_SUCH_CODE")).toBeLessThanOrEqual(10);
  });
});

describe("refreshing", () => {
  const signIn = async () => {
    const ada = await newMember(world, org, "developer");
    const open = {
      type: "session.open",
      subject: person(ada),
      clientName: "laptop",
      scopes: ["orgs:read", "logs:read"],
    } as const;
    const session = await done(world, { ...open, withRefreshToken: true });
    return { ...session, refreshToken: session.refreshToken!, accessToken: world.accessTokens.issue(session) };
  };
  const refresh = (token: string, headers: Record<string, string> = {}, more: object = {}) =>
    send("/v1/auth/token/refresh", { refresh_token: token, ...more }, headers);

  test("with a spent token ends the session at once, for thief and owner", async () => {
    const { refreshToken } = await signIn();
    const thief = (await refresh(refreshToken)).body;
    expect((await refresh(thief.refresh_token!)).status).toBe(200);
    expect(await told(`/v1/orgs/${org}`, thief.access_token)).toBe("200");
    const owner = await refresh(refreshToken);
    expect([owner.status, owner.body.error]).toEqual([400, "invalid_grant"]);
    expect(await told(`/v1/orgs/${org}`, thief.access_token)).toBe("401 TOKEN_REVOKED");
    expect((await refresh(thief.refresh_token!)).body.error).toBe("invalid_grant");
  });

  test("repeated with the same key gets the same answer", async () => {
    const { refreshToken } = await signIn();
    const key = { "idempotency-key": "once" };
    const first = await refresh(refreshToken, key);
    const second = await refresh(refreshToken, key);
    expect(second.body.refresh_token).toBe(first.body.refresh_token!);
    expect((await refresh(first.body.refresh_token!)).status).toBe(200);
  });

  test("can narrow the scopes of the answer's token, not widen them", async () => {
    const { refreshToken } = await signIn();
    expect((await refresh(refreshToken, {}, { scope: "exec:write" })).body.error).toBe("invalid_scope");
    expect((await refresh(refreshToken, {}, { scope: "orgs:read" })).body.scope).toBe("orgs:read");
  });

  test("is over after a month of silence", async () => {
    const { refreshToken } = await signIn();
    clock.advance(29 * DAY_MS);
    const next = (await refresh(refreshToken)).body;
    clock.advance(29 * DAY_MS);
    const last = (await refresh(next.refresh_token!)).body;
    clock.advance(31 * DAY_MS);
    expect((await refresh(last.refresh_token!)).body.error).toBe("invalid_grant");
  });

  test("and access tokens: revoking either ends both", async () => {
    for (const which of ["refreshToken", "accessToken"] as const) {
      const session = await signIn();
      expect(await told(`/v1/orgs/${org}`, session.accessToken)).toBe("200");
      expect((await send("/v1/auth/token/revoke", { token: session[which] })).status).toBe(200);
      expect(await told(`/v1/orgs/${org}`, session.accessToken)).toBe("401 TOKEN_REVOKED");
      expect((await send("/v1/auth/token/revoke", { token: session[which] })).status).toBe(200);
    }
    expect((await send("/v1/auth/token/revoke", { token: "never-was" })).status).toBe(200);
  });
});

describe("a program", () => {
  test("signs in with its secret: by parameters, by Basic, within its scopes", async () => {
    const { principalId, clientSecret } = await newProgram(world, org, "developer");
    const grant = { grant_type: "client_credentials", client_id: principalId, client_secret: clientSecret };
    const { status, body } = await send("/v1/auth/token", grant);
    expect([status, body.expires_in, body.refresh_token]).toEqual([200, 15 * 60, undefined]);
    expect((await get("/v1/auth/whoami", body.access_token)).body).toMatchObject({
      type: "servicePrincipal",
      id: principalId,
    });
    const basic = { authorization: `Basic ${btoa(`${principalId}:${clientSecret}`)}` };
    const form = await sendForm("/v1/auth/token", "grant_type=client_credentials&scope=logs%3Aread", basic);
    expect([form.status, form.body.scope]).toEqual([200, "logs:read"]);
    expect(await told(`/v1/orgs/${org}`, form.body.access_token)).toBe("403 INSUFFICIENT_SCOPE");
    expect(await told(`/v1/orgs/${org}`, body.access_token)).toBe("200");

    const wide = await send("/v1/auth/token", { ...grant, scopes: ["orgs:admin"] });
    expect([wide.status, wide.body.error]).toEqual([400, "invalid_scope"]);
    const wrong = await send("/v1/auth/token", { ...grant, client_secret: "bpc_wrong" });
    expect([wrong.status, wrong.body.error, wrong.headers.get("www-authenticate")]).toEqual([
      401,
      "invalid_client",
      'Basic realm="biplane"',
    ]);

    await done(world, { type: "servicePrincipal.rotate", accountId: org, principalId });
    expect(await told(`/v1/orgs/${org}`, body.access_token)).toBe("401 TOKEN_REVOKED");
    expect((await send("/v1/auth/token", grant)).body.error).toBe("invalid_client");
  });

  test("that changes its role or scopes has the new ones at its next request", async () => {
    const { principalId, clientSecret } = await newProgram(world, org, "owner");
    const grant = { grant_type: "client_credentials", client_id: principalId, client_secret: clientSecret };
    const { access_token: token } = (await send("/v1/auth/token", grant)).body;
    expect(await told(`/v1/orgs/${org}/users`, token)).toBe("200");
    const change = { type: "servicePrincipal.change", accountId: org, principalId } as const;
    await done(world, { ...change, scopes: ["orgs:read"] });
    expect(await told(`/v1/orgs/${org}/users`, token)).toBe("403 INSUFFICIENT_SCOPE");
    await done(world, { type: "servicePrincipal.delete", accountId: org, principalId });
    expect(await told(`/v1/orgs/${org}`, token)).toBe("401 TOKEN_REVOKED");
  });

  test("that guesses is slowed down, whether or not the client exists", async () => {
    const { principalId } = await newProgram(world, org, "readonly");
    for (const client_id of [principalId, "bsp_none"]) {
      const answers = [];
      for (let guess = 0; guess < 12; guess++) {
        const { status } = await send("/v1/auth/token", {
          grant_type: "client_credentials",
          client_id,
          client_secret: `bpc_${guess}`,
        });
        answers.push(status);
      }
      expect(answers.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
      expect(answers.at(-1)).toBe(429);
    }
  });

  test.each([
    ["grant_type=password&username=a&password=b", 400, "unsupported_grant_type"],
    ["client_id=x", 400, "invalid_request"],
    ["grant_type=client_credentials&grant_type=refresh_token", 400, "invalid_request"],
    ["grant_type=client_credentials&client_id=x&client_secret=", 400, "invalid_request"],
    ["grant_type=refresh_token&refresh_token=bpr_x", 400, "invalid_grant"],
    ["grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=x", 400, "invalid_grant"],
  ])("is refused %s", async (form, status, error) => {
    const answer = await sendForm("/v1/auth/token", form);
    expect([answer.status, answer.body.error]).toEqual([status, error]);
  });
});

describe("an API token", () => {
  test("expires and is revoked; a session makes them, a token does not", async () => {
    const ada = await newMember(world, org, "owner");
    const session = await newAccessToken(world, person(ada), ["orgs:read", "logs:read"]);
    const create = (body: object, token = session.token) =>
      send("/v1/tokens", { name: "ci", ...body }, { authorization: `Bearer ${token}` });
    const made = await create({ scopes: ["orgs:read"], lifetimeSeconds: 3600 });
    expect(made.status).toBe(201);
    const { token, tokenId } = made.body as unknown as { readonly token: string; readonly tokenId: string };
    expect(await told(`/v1/orgs/${org}`, token)).toBe("200");
    expect(await told(`/v1/orgs/${org}/members`, token)).toBe("403 INSUFFICIENT_SCOPE");
    expect((await create({ scopes: ["orgs:read"] }, token)).body.code).toBe("SESSION_NEEDED");
    expect((await create({ scopes: ["exec:write"] })).body.code).toBe("INSUFFICIENT_SCOPE");
    expect((await create({ scopes: ["orgs:read"], accountId: "999999999999" })).body.code).toBe("NoSuchAccount");
    expect((await create({ scopes: ["orgs:read"], lifetimeSeconds: 0.5 })).body.code).toBe("INVALID_BODY");
    expect((await create({ scope: ["orgs:read"] })).body.code).toBe("INVALID_BODY");
    clock.advance(3600_000);
    expect(await told(`/v1/orgs/${org}`, token)).toBe("401 TOKEN_EXPIRED");
    await done(world, { type: "apiToken.revoke", tokenId });
    expect(await told(`/v1/orgs/${org}`, token)).toBe("401 UNAUTHENTICATED");
  });
});

test("tampered and foreign access tokens are none", async () => {
  const { token } = await newAccessToken(world, person(await newMember(world, org, "owner")));
  expect(await told(`/v1/orgs/${org}`, token)).toBe("200");
  for (let at = 0; at < token.length; at += 7) {
    const altered = token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
    expect(await told(`/v1/orgs/${org}`, altered)).toBe("401 UNAUTHENTICATED");
  }
  const other = await startTestApi();
  const stranger = other.accessTokens.issue({ sessionId: "ses_x", expiresAt: Number.MAX_SAFE_INTEGER });
  expect(await told(`/v1/orgs/${org}`, stranger)).toBe("401 UNAUTHENTICATED");
  await other.close();
});

test("callers have their share and no more: 429 says when to come back", async () => {
  const { token } = await newAccessToken(world, person(await newMember(world, org, "owner")));
  const write = () => send("/v1/tokens", {}, { authorization: `Bearer ${token}` });
  let refused: Awaited<ReturnType<typeof write>> | undefined;
  for (let count = 0; count < 130 && refused === undefined; count++) {
    const answer = await write();
    if (answer.status === 429) refused = answer;
  }
  expect(refused?.body.code).toBe("TOO_MANY_REQUESTS");
  expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(await told(`/v1/orgs/${org}`, token)).toBe("200");
  const { token: other } = await newAccessToken(world, person(await newMember(world, org, "owner")));
  expect((await send("/v1/tokens", {}, { authorization: `Bearer ${other}` })).status).toBe(400);
});
