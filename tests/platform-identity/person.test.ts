/** A person's way through a new cloud, with the real program: invited, signed in on a device, at work, and gone. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, createCloud } from "../support/cloud.ts";
import { PageBrowser } from "../support/page-browser.ts";
import { createPeople, PASSWORD, type People } from "./people.ts";

let cloud: Cloud;
let url: string;
let people: People;
const home = mkdtempSync(join(tmpdir(), "biplane-homes-"));

beforeAll(async () => {
  cloud = createCloud();
  await cloud.start("up", "--port", "0", "--api-port", "0");
  const environment = await cloud.environment();
  url = environment.BIPLANE_API_URL!;
  people = createPeople(cloud, url, home);
});
afterAll(async () => {
  await cloud.dispose();
  rmSync(home, { recursive: true, force: true });
});

describe("a person", () => {
  test("is invited by the operator, signs a device in, and works in the org by its role", async () => {
    const invited = await cloud.cli("members", "invite", "ada@example.com", "--role", "owner", "--json");
    const { url: link } = JSON.parse(invited.stdout) as { readonly url: string };
    expect(link).toStartWith(`${url}/invitations/accept?token=bpi_`);
    const browser = new PageBrowser(url);
    const welcome = await browser.fill(link.slice(url.length), { name: "Ada Lovelace", password: PASSWORD });
    expect(welcome.status).toBe(200);

    const ada = await people.signIn("ada", browser);
    expect(ada.signedInAs).toMatchObject({ type: "person", email: "ada@example.com", orgs: [{ role: "owner" }] });
    expect(statSync(ada.credentials).mode & 0o777).toBe(0o600);
    expect((await ada.run("whoami")).stdout).toStartWith(`You are Ada Lovelace (ada@example.com) at ${url}.`);
    // With a token of her own she is herself even beside the operator's environment.
    expect((await ada.run("members", "list")).stdout).toMatch(/ada@example.com\s+Ada Lovelace\s+owner/);
    expect((await ada.json("orgs", "create", "ada's own")).role).toBe("owner");
    expect(await ada.refusal("orgs", "create", "ada's own")).toBe("5 AccountAlreadyExists");
    expect((await ada.run("orgs", "list")).stdout).toMatch(/ada's own\s+-\s+owner/);
    // Two orgs: which one is no longer clear.
    expect(await ada.refusal("members", "list")).toBe("2 USAGE");
    expect((await ada.run("members", "list", "--org", "Ada's own")).code).toBe(0);
    expect(await ada.refusal("members", "role", "ada@example.com", "admin", "--org", "ada's own")).toBe("5 LastOwner");
    expect(await ada.refusal("accounts", "list", "--endpoint", url)).toBe("3 NO_CREDENTIALS");
  });

  test("brings another one in, who does less", async () => {
    const ada = people.named("ada");
    const made = await ada.json("members", "invite", "bob@example.com", "--role", "readonly", "--org", "root");
    const browser = new PageBrowser(url);
    await browser.fill(String(made.url).slice(url.length), { name: "Bob", password: PASSWORD });
    const bob = await people.signIn("bob", browser);
    expect((await bob.run("members", "list")).code).toBe(0);
    expect(await bob.refusal("members", "invite", "eve@example.com")).toBe("3 INSUFFICIENT_SCOPE");
    expect(await bob.refusal("members", "list", "--org", "ada's own")).toBe("2 USAGE");
    await ada.json("members", "role", "bob@example.com", "admin", "--org", "root");
    expect((await bob.run("members", "invite", "eve@example.com")).code).toBe(0);
    expect(await bob.refusal("members", "invite", "eve@example.com", "--role", "owner")).toBe("3 ROLE_ABOVE_YOURS");
    expect(await bob.refusal("members", "remove", "ada@example.com")).toBe("3 ROLE_ABOVE_YOURS");
    const [invitation] = await bob.json<{ readonly invitationId: string }[]>("members", "invitations");
    await bob.json("members", "uninvite", invitation!.invitationId);
    expect(await bob.json<unknown[]>("members", "invitations")).toEqual([]);
  });

  test("makes tokens and programs, and takes them back", async () => {
    const ada = people.named("ada");
    const made = await ada.json(
      "tokens",
      "create",
      "ci",
      "--scopes",
      "members:read",
      "--org",
      "root",
      "--expires",
      "1d",
    );
    const asToken = (...args: string[]) =>
      cloud.cliWith(
        { PATH: process.env.PATH!, BIPLANE_TOKEN: String(made.token), BIPLANE_API_URL: url, HOME: home },
        ...args,
      );
    expect((await asToken("whoami")).code).toBe(0);
    const org = (await ada.json<{ readonly name: string; readonly accountId: string }[]>("orgs", "list")).find(
      ({ name }) => name === "root",
    )!;
    const members = await fetch(`${url}/v1/orgs/${org.accountId}/members`, {
      headers: { authorization: `Bearer ${String(made.token)}` },
    });
    expect(members.status).toBe(200);
    await ada.json("tokens", "revoke", String(made.tokenId));
    expect((await asToken("whoami")).code).toBe(3);

    const program = await ada.json(
      ...["service-principals", "create", "deployer", "--role", "developer"],
      ...["--scopes", "deploys:write,logs:read", "--org", "root"],
    );
    const token = await fetch(`${url}/v1/auth/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${String(program.principalId)}:${String(program.clientSecret)}`)}` },
      body: new URLSearchParams({ grant_type: "client_credentials" }),
    });
    expect(token.status).toBe(200);
    const rotated = await ada.json("service-principals", "rotate", "deployer", "--org", "root");
    expect(rotated.clientSecret).not.toBe(program.clientSecret!);
    await ada.json("service-principals", "delete", "deployer", "--org", "root");
    expect(await ada.refusal("service-principals", "delete", "deployer", "--org", "root")).toBe("4 NOT_FOUND");
  });

  test("whose access token has expired goes on, also in many processes at once", async () => {
    const ada = people.named("ada");
    const expire = () => {
      const { current, logins } = JSON.parse(readFileSync(ada.credentials, "utf8")) as {
        readonly current: string;
        readonly logins: Record<string, { readonly accessToken: string; readonly refreshToken: string }>;
      };
      const { refreshToken } = logins[url]!;
      const accessToken = people.expiredToken(refreshToken);
      writeFileSync(ada.credentials, JSON.stringify({ current, logins: { [url]: { accessToken, refreshToken } } }));
    };
    for (let round = 0; round < 2; round++) {
      expire();
      const answers = await Promise.all(Array.from({ length: 4 }, () => ada.run("whoami")));
      expect(answers.map(({ code, stderr }) => `${code} ${stderr}`)).toEqual(["0 ", "0 ", "0 ", "0 "]);
    }
  });

  test("who has lost the password sets a new one by a link of the operator's, and signs in anew", async () => {
    const listed = await cloud.cli("people", "list");
    expect(listed.stdout).toMatch(/ada@example.com\s+Ada Lovelace/);
    const { stdout } = await cloud.cli("people", "password-link", "bob@example.com", "--json");
    const link = (JSON.parse(stdout) as { readonly url: string }).url.slice(url.length);
    const bob = people.named("bob");
    expect((await bob.browser.fill(link, { password: "quite another password" })).status).toBe(200);
    expect(await bob.refusal("whoami")).toBe("3 TOKEN_REVOKED");
    await people.signIn("bob", bob.browser);
    expect(await bob.refusal("people", "list")).not.toStartWith("0");
  });

  test("signs out: the session is over, and the file forgets it", async () => {
    const bob = people.named("bob");
    const before = readFileSync(bob.credentials, "utf8");
    expect((await bob.run("logout")).stdout).toBe(`Signed out at ${url}.\n`);
    expect(readFileSync(bob.credentials, "utf8")).not.toContain("bpr_");
    writeFileSync(bob.credentials, before);
    expect(await bob.refusal("whoami")).toBe("3 TOKEN_REVOKED");
    await people.signIn("bob", bob.browser);
  });
});
