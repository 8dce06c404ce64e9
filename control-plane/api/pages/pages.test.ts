import { afterAll, beforeAll, beforeEach, describe, expect, spyOn, test } from "bun:test";
import type { AccountId } from "#contracts";
import { httpRequest } from "#foundation/http";
import { type PageAnswer, PageBrowser } from "../../../tests/support/page-browser.ts";
import { done, newOrg, newToken } from "../testing/identities.ts";
import { createShiftingClock } from "../testing/shifting-clock.ts";
import { startTestApi, type TestApi } from "../testing/test-api.ts";
import { html } from "./html.ts";
import { PAGES } from "./serve-pages.ts";

const PASSWORD = "correct horse battery";

let world: TestApi;
let org: AccountId;
const clock = createShiftingClock();
beforeAll(async () => {
  world = await startTestApi({ clock });
  org = await newOrg(world);
});
afterAll(() => world.close());
beforeEach(() => clock.advance(60 * 60_000));

/** A browser that looks at the headers of all pages. */
class Browser extends PageBrowser {
  constructor() {
    super(world.api.url);
  }

  override async open(path: string, init: RequestInit = {}): Promise<PageAnswer> {
    const answer = await super.open(path, init);
    for (const cookie of answer.headers.getSetCookie()) expect(cookie).toContain("; HttpOnly; SameSite=Strict");
    if (answer.status !== 303) {
      expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-/);
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
    return answer;
  }
}

async function invite(email: string): Promise<string> {
  const { token } = await done(world, { type: "invitation.create", accountId: org, email, role: "developer" });
  return `/invitations/accept?token=${token}`;
}

async function newPerson(email: string): Promise<Browser> {
  const browser = new Browser();
  const answer = await browser.fill(await invite(email), { name: "Ada Lovelace", password: PASSWORD });
  expect(answer.status).toBe(200);
  return browser;
}

const startDevice = async () =>
  (await (
    await fetch(`${world.api.url}/v1/auth/device/start`, {
      method: "POST",
      body: JSON.stringify({ client_name: `Ada's <laptop>` }),
    })
  ).json()) as { readonly device_code: string; readonly user_code: string };
const poll = async (deviceCode: string) =>
  (await (
    await fetch(`${world.api.url}/v1/auth/device/token`, {
      method: "POST",
      body: JSON.stringify({ device_code: deviceCode }),
    })
  ).json()) as { readonly error?: string; readonly access_token?: string };

describe("invitations", () => {
  test("make a person who is signed in from then on", async () => {
    const link = await invite("first@example.com");
    const browser = new Browser();
    const short = await browser.fill(link, { name: "Ada", password: "too short" });
    expect([short.status, short.text.includes('role="alert"')]).toEqual([400, true]);
    const nameless = await browser.fill(link, { name: "\u202eadA", password: PASSWORD });
    expect(nameless.status).toBe(400);
    const welcome = await browser.fill(link, { name: "Ada", password: PASSWORD });
    expect(welcome.text).toContain(`biplane login --endpoint ${world.api.url}`);
    expect(browser.signedIn).toBe(true);
    expect((await browser.open(link)).status).toBe(404);
    expect((await browser.open("/device")).status).toBe(200);
  });

  test("for somebody who is known ask to sign in, and are not for another", async () => {
    const ada = await newPerson("known@example.com");
    const other = await newOrg(world);
    const command = { type: "invitation.create", accountId: other, email: "Known@example.com", role: "admin" } as const;
    const link = `/invitations/accept?token=${(await done(world, command)).token}`;
    const stranger = new Browser();
    const offered = await stranger.open(link);
    expect(offered.text).toContain("/login?next=%2Finvitations%2Faccept%3Ftoken%3D");
    expect(offered.text).not.toContain("<form");
    const eve = await newPerson("eve@example.com");
    expect((await eve.open(link)).text).toContain("this invitation is not for you");
    const joined = await ada.fill(link, {});
    expect(joined.text).toContain("Welcome");
    expect(world.core.views.inGroup("member", `account ${other}`)).toHaveLength(1);
  });

  test("that are none, used or old say so", async () => {
    const browser = new Browser();
    for (const path of ["/invitations/accept", "/invitations/accept?token=bpi_x"]) {
      expect((await browser.open(path)).status).toBe(404);
    }
    const link = await invite("late@example.com");
    clock.advance(8 * 24 * 60 * 60_000);
    expect((await browser.open(link)).status).toBe(404);
  });
});

describe("signing in", () => {
  test("goes where it was asked to, within these pages, and out again", async () => {
    await newPerson("in@example.com");
    const browser = new Browser();
    const right = { email: "IN@example.com", password: PASSWORD };
    const wrong = await browser.fill("/login", { ...right, password: "wrong password" });
    expect([wrong.status, browser.signedIn]).toEqual([403, false]);
    expect(wrong.text).toContain('value="IN@example.com"');
    expect(wrong.text).not.toContain("wrong password");
    for (const [next, goes] of [
      ["/device?user_code=BBBB", "/device?user_code=BBBB"],
      ["//evil.example/device", "/device"],
      ["https://evil.example/device", "/device"],
      ["/\\evil.example/device", "/device"],
      ["/v1/openapi.json", "/device"],
      ["javascript:alert(1)", "/device"],
    ] as const) {
      const fresh = new Browser();
      const done = await fresh.fill(`/login?next=${encodeURIComponent(next)}`, right);
      expect([done.status, done.location]).toEqual([303, goes]);
    }
    await browser.fill("/login", right);
    expect((await browser.open("/login")).location).toBe("/device");
    expect((await browser.fill("/logout", {})).text).toContain("You are signed out.");
    expect((await browser.open("/device")).location).toBe("/login?next=%2Fdevice");
  });

  test("is over when the session ends elsewhere", async () => {
    const browser = await newPerson("remote@example.com");
    expect((await browser.open("/device")).status).toBe(200);
    const person = [...world.core.views.records("person")].find(({ email }) => email === "remote@example.com")!;
    const [session] = world.core.views.inGroup("session", `person ${person.personId}`);
    expect(session?.clientName).toBe("Web browser");
    await done(world, { type: "session.end", sessionId: session!.sessionId });
    expect((await browser.open("/device")).status).toBe(303);
  });

  test("cannot be guessed for long, whether or not the person exists", async () => {
    await newPerson("guessed@example.com");
    for (const email of ["guessed@example.com", "nobody@example.com"]) {
      const browser = new Browser();
      const answers: PageAnswer[] = [];
      for (let guess = 0; guess < 6; guess++)
        answers.push(await browser.fill("/login", { email, password: `guess ${guess}` }));
      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 429]);
      clock.advance(60 * 60_000);
    }
    const browser = new Browser();
    expect((await browser.fill("/login", { email: "guessed@example.com", password: PASSWORD })).status).toBe(303);
  });

  test("does the same work for a person who does not exist", async () => {
    await newPerson("compared@example.com");
    const verify = spyOn(Bun.password, "verify");
    try {
      for (const email of ["compared@example.com", "nobody@example.com"]) {
        clock.advance(60 * 60_000);
        const browser = new Browser();
        await browser.open("/login");
        expect((await browser.fill("/login", { email, password: "a wrong password" })).status).toBe(403);
      }
      // One hash each, of the same cost: what a clock could tell them apart by.
      const costs = verify.mock.calls.map(([, hash]) => String(hash).split("$").slice(1, 4));
      expect(costs).toHaveLength(2);
      expect(costs[0]).toEqual(costs[1]!);
      expect(costs[0]![0]).toBe("argon2id");
    } finally {
      verify.mockRestore();
    }
  });
});

describe("a new password", () => {
  const linkFor = async (email: string) => {
    const answer = await world.call("/v1/people/password-link", { method: "POST", body: JSON.stringify({ email }) });
    const { url } = (await answer.json()) as { readonly url: string };
    return url.slice(world.api.url.length);
  };
  const signIn = async (email: string, password: string) =>
    (await new Browser().fill("/login", { email, password })).status;
  const NEXT = "another horse battery";

  test("is set with the old one, and ends all other sessions", async () => {
    const browser = await newPerson("change@example.com");
    const elsewhere = new Browser();
    await elsewhere.fill("/login", { email: "change@example.com", password: PASSWORD });
    const wrong = await browser.fill("/password", { current: "not the password", password: NEXT });
    expect([wrong.status, wrong.text.includes("That is not your password.")]).toEqual([400, true]);
    expect((await browser.fill("/password", { current: PASSWORD, password: "short" })).status).toBe(400);
    expect(await signIn("change@example.com", PASSWORD)).toBe(303);
    expect((await browser.fill("/password", { current: PASSWORD, password: NEXT })).text).toContain("is changed");
    expect((await browser.open("/device")).status).toBe(200);
    expect((await elsewhere.open("/device")).status).toBe(303);
    expect([await signIn("change@example.com", PASSWORD), await signIn("change@example.com", NEXT)]).toEqual([
      403, 303,
    ]);
    expect((await new Browser().open("/password")).location).toBe("/login?next=%2Fpassword");
  });

  test("is set by a link of the operator's, once and within an hour", async () => {
    await newPerson("lost@example.com");
    const [link, second] = [await linkFor("LOST@example.com"), await linkFor("lost@example.com")];
    const browser = new Browser();
    expect((await browser.fill(link, { password: NEXT })).text).toContain("is changed");
    expect(browser.signedIn).toBe(true);
    // Each names the password that it replaces.
    for (const used of [link, second]) expect((await new Browser().open(used)).status).toBe(404);
    expect(await signIn("lost@example.com", NEXT)).toBe(303);
    const late = await linkFor("lost@example.com");
    clock.advance(61 * 60_000);
    expect((await new Browser().open(late)).status).toBe(404);
    expect((await new Browser().open("/password?token=bpw_v1.x.y")).status).toBe(404);
    const nobody = await world.call("/v1/people/password-link", {
      method: "POST",
      body: JSON.stringify({ email: "nobody@example.com" }),
    });
    expect(nobody.status).toBe(404);
  });

  test("set by a link leaves nothing to whoever had the account before", async () => {
    const thief = await newPerson("taken@example.com");
    const person = [...world.core.views.records("person")].find(({ email }) => email === "taken@example.com")!;
    const token = await newToken(world, { type: "person", personId: person.personId });
    const known = async () => (await world.call("/v1/orgs", { headers: { authorization: `Bearer ${token}` } })).status;
    const approved = await startDevice();
    await thief.fill(`/device?user_code=${approved.user_code}`, { answer: "approve" });
    expect(await known()).toBe(200);
    const told = await new Browser().fill(await linkFor("taken@example.com"), { password: NEXT });
    expect(told.text).toContain("Your API tokens are revoked.");
    expect(await known()).toBe(401);
    expect((await poll(approved.device_code)).error).toBe("invalid_grant");
    expect((await thief.open("/device")).status).toBe(303);
  });
});

test("a cookie that comes twice is none: scripts at other ports of the host can add cookies", async () => {
  const cookieOf = async (email: string) => {
    const { text, headers } = await new Browser().open("/login");
    const form = headers.getSetCookie()[0]!.split(";", 1)[0]!;
    const proof = /name="proof" value="([^"]+)"/.exec(text)![1]!;
    const answer = await fetch(`${world.api.url}/login`, {
      method: "POST",
      redirect: "manual",
      body: new URLSearchParams({ proof, email, password: PASSWORD }),
      headers: { origin: world.api.url, cookie: form },
    });
    return answer.headers.getSetCookie()[0]!.split(";", 1)[0]!;
  };
  await newPerson("tosser@example.com");
  await newPerson("tossed@example.com");
  const [tosser, tossed] = [await cookieOf("tosser@example.com"), await cookieOf("tossed@example.com")];
  const shown = async (cookie: string) => {
    const answer = await fetch(`${world.api.url}/device`, { headers: { cookie }, redirect: "manual" });
    return /Signed in as ([^. ]+)/.exec(await answer.text())?.[1] ?? answer.status;
  };
  expect(await shown(tossed)).toBe("tossed@example");
  expect(await shown(`${tosser}; ${tossed}`)).toBe(303);
  expect(await shown(`other=${tosser}; ${tossed}`)).toBe("tossed@example");
});

describe("letting a device in", () => {
  test("shows what asks, and tells the device the answer", async () => {
    const browser = await newPerson("device@example.com");
    const { device_code, user_code } = await startDevice();
    const page = `/device?user_code=${user_code.toLowerCase()}`;
    const shown = await browser.open(page);
    expect(shown.text).toContain("Ada&#39;s &lt;laptop&gt;");
    expect(shown.text).toContain(user_code);
    expect(shown.text).toContain("device@example.com");
    expect((await poll(device_code)).error).toBe("authorization_pending");
    const done = await browser.fill(page, { answer: "approve" });
    expect(done.text).toContain('role="status"');
    clock.advance(6_000);
    expect((await poll(device_code)).access_token).toStartWith("bps_");
    expect((await browser.open(page)).status).toBe(404);

    const second = await startDevice();
    await browser.fill(`/device?user_code=${second.user_code}`, { answer: "deny" });
    expect((await poll(second.device_code)).error).toBe("access_denied");
  });

  test("needs somebody who is signed in, and comes back afterwards", async () => {
    const { user_code } = await startDevice();
    const answer = await new Browser().open(`/device?user_code=${user_code}`);
    expect(answer.location).toBe(`/login?next=${encodeURIComponent(`/device?user_code=${user_code}`)}`);
  });

  test("is not done by pages of others", async () => {
    const browser = await newPerson("victim@example.com");
    const { device_code, user_code } = await startDevice();
    const { text } = await browser.open(`/device?user_code=${user_code}`);
    const proof = /name="proof" value="([^"]+)"/.exec(text)![1]!;
    const fields = { proof, user_code, answer: "approve" };
    const foreignHeaders: readonly Record<string, string>[] = [
      { origin: "http://evil.example" },
      { origin: "null" },
      { origin: world.api.url.replace(/\d+$/, "1") },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "cross-site" },
    ];
    for (const headers of foreignHeaders) {
      expect((await browser.send("/device", fields, headers)).status).toBe(403);
    }
    expect((await browser.send("/device", { ...fields, proof: "x" })).text).toContain("This form is too old.");
    // The proof of another browser.
    const { text: other } = await new Browser().open("/login");
    const foreign = /name="proof" value="([^"]+)"/.exec(other)![1]!;
    expect((await browser.send("/device", { ...fields, proof: foreign })).status).toBe(403);
    expect((await poll(device_code)).error).toBe("authorization_pending");
  });
});

test("pages answer under their own names only, and need an Origin for forms", async () => {
  for (const { path } of PAGES) {
    const foreign = await httpRequest({ url: `${world.api.url}${path}`, headers: [["host", "evil.example"]] });
    expect(`${path} ${foreign.status}`).toBe(`${path} 421`);
    if (path === "/logout") continue;
    const bare = await httpRequest({ url: `${world.api.url}${path}`, method: "POST", body: "x=1" });
    expect(`${path} ${bare.status}`).toBe(`${path} 403`);
  }
});

test("html escapes whatever is put in", () => {
  const text = `<a href="x" onclick='y'>&`;
  const escaped = "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;";
  expect(html`<p title="${text}">${[text, html`<b>${text}</b>`, undefined, 1]}</p>`.markup).toBe(
    `<p title="${escaped}">${escaped}<b>${escaped}</b>1</p>`,
  );
});
