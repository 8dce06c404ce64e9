/** Who may call what: every cell of role × scope × route × own, foreign or no org, made from the route table. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AccountId, ORG_ROLES, type OrgRole } from "#contracts";
import { CLOUD_SCOPES, ORG_SCOPES, ROLE_SCOPES } from "#control-plane/platform-identity";
import { type CallersOrgRoute, isPublic, type OrgRoute, type Route } from "./route.ts";
import { API_ROUTES } from "./routes.ts";
import {
  done,
  joinAgain,
  newAccessToken,
  newMember,
  newOrg,
  newProgram,
  newToken,
  person,
  program,
} from "./testing/identities.ts";
import { startTestApi, type TestApi } from "./testing/test-api.ts";

let world: TestApi;
let own: AccountId;
let foreign: AccountId;
const NOBODYS = "999999999999" as AccountId;
/** With every credential at foreign orgs, too: `tests/soak/access-matrix.ts`. */
const EVERY_CELL = process.env.BIPLANE_EVERY_CELL === "1";
/** Ids of the foreign org, by the names of path parameters. */
const foreignIds = new Map<string, string>();

beforeAll(async () => {
  // The limits of what one caller may have are tested elsewhere.
  world = await startTestApi({ admission: { admitCaller: () => undefined, admitSource: () => undefined } });
  own = await newOrg(world);
  foreign = await newOrg(world);
  // An owner, so that whoever leaves is not the last.
  await newMember(world, own, "owner");
  const stranger = await newMember(world, foreign, "owner");
  foreignIds.set("member", stranger);
  const invitation = { type: "invitation.create", accountId: foreign, email: "x@example.com", role: "owner" } as const;
  foreignIds.set("invitation", (await done(world, invitation)).invitationId);
  foreignIds.set("principal", (await newProgram(world, foreign, "owner")).principalId);
});
afterAll(() => world.close());

/** Those that name an org, in their path or in their query. Which one is meant when none is named: `own-org.test.ts`. */
const ORG_ROUTES = API_ROUTES.filter(
  (route): route is OrgRoute | CallersOrgRoute => route.org === "path" || route.org === "callers",
);
const OTHER_ROUTES = API_ROUTES.filter((route) => route.org === undefined);

const NO_SUCH_IDS: Readonly<Record<string, string>> = {
  member: "prs_none",
  invitation: "inv_none",
  principal: "bsp_none",
  token: "tok_none",
  session: "ses_none",
};

function pathOf(route: Route, org: string, ids: (name: string) => string | undefined = (name) => NO_SUCH_IDS[name]) {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) => (name === "org" ? org : (ids(name) ?? "none")));
  return route.org === "callers" ? `${path}?org=${org}` : path;
}

interface Answered {
  readonly status: number;
  readonly code: string;
  readonly text: string;
}

async function call(route: Route, path: string, token: string | undefined): Promise<Answered> {
  const hangUp = new AbortController();
  const answer = await fetch(world.api.url + path, {
    method: route.method,
    signal: hangUp.signal,
    headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    ...(route.method === "GET" ? {} : { body: "{}" }),
  });
  // What goes on for ever was let in.
  const goesOn = answer.headers.get("content-type") === "application/x-ndjson";
  const text = goesOn ? "" : await answer.text();
  if (goesOn) hangUp.abort();
  const isProblem = answer.headers.get("content-type") === "application/problem+json";
  return { status: answer.status, code: isProblem ? (JSON.parse(text) as { readonly code: string }).code : "", text };
}

/** What became of the authorization; what the route made of the rest is not of interest here. */
function verdict({ status, code }: Answered): string {
  if (status === 401) return "unknown";
  if (code === "NO_SUCH_ORG") return "no such org";
  if (code === "INSUFFICIENT_SCOPE") return "insufficient scope";
  if (code === "SESSION_NEEDED") return "session needed";
  expect(status).toBeLessThan(500);
  return "allowed";
}

test("the table of roles and scopes is as reviewed", () => {
  const lines = ORG_SCOPES.map((scope) =>
    [scope.padEnd(22), ...ORG_ROLES.map((role) => (ROLE_SCOPES[role].has(scope) ? role[0]! : "."))].join(" "),
  );
  expect(lines.join("\n")).toBe(
    [
      "orgs:read              o a d r",
      "orgs:admin             o a . .",
      "members:read           o a d r",
      "iam:read               o a d r",
      "iam:admin              o a . .",
      "aws:credentials        o a d r",
      "events:read            o a d r",
      "audit:read             o a . .",
      "apps:read              o a d r",
      "apps:write             o a d .",
      "envs:read              o a d r",
      "envs:write             o a d .",
      "releases:read          o a d r",
      "releases:write         o a d .",
      "deploys:write          o a d .",
      "rollbacks:write        o a d .",
      "routes:read            o a d r",
      "routes:write           o a d .",
      "volumes:read           o a d r",
      "volumes:write          o a d .",
      "secrets:read-metadata  o a d r",
      "secrets:write          o a d .",
      "logs:read              o a d r",
      "exec:write             o a . .",
      "gateways:read          o a d r",
      "gateways:write         o a d .",
      "gateway-keys:write     o a . .",
    ].join("\n"),
  );
});

test("the table of routes and scopes is as reviewed", () => {
  const lines = API_ROUTES.map((route) => `${route.method.padEnd(6)} ${route.path} ${route.scope}`);
  expect(lines.sort()).toEqual([
    "DELETE /v1/artifacts/{artifact} gateways:write",
    "DELETE /v1/nodes/{node} nodes:admin",
    "DELETE /v1/orgs/{org}/apps/{app} apps:write",
    "DELETE /v1/orgs/{org}/apps/{app}/envs/{env} envs:write",
    "DELETE /v1/orgs/{org}/apps/{app}/envs/{env}/routes/{route} routes:write",
    "DELETE /v1/orgs/{org}/apps/{app}/envs/{env}/volume-attachments/{attachment} volumes:write",
    "DELETE /v1/orgs/{org}/invitations/{invitation} orgs:admin",
    "DELETE /v1/orgs/{org}/members/{member} orgs:admin",
    "DELETE /v1/orgs/{org}/projects/{project} apps:write",
    "DELETE /v1/orgs/{org}/projects/{project}/api-keys/{key} gateway-keys:write",
    "DELETE /v1/orgs/{org}/projects/{project}/artifacts/{artifact} gateways:write",
    "DELETE /v1/orgs/{org}/projects/{project}/data-planes/{dataPlane} gateways:write",
    "DELETE /v1/orgs/{org}/projects/{project}/gateway-groups/{group} gateways:write",
    "DELETE /v1/orgs/{org}/projects/{project}/specs/{spec} gateways:write",
    "DELETE /v1/orgs/{org}/projects/{project}/trusted-keys/{trustedKey} gateway-keys:write",
    "DELETE /v1/orgs/{org}/service-principals/{principal} orgs:admin",
    "DELETE /v1/orgs/{org}/volumes/{volume} volumes:write",
    "DELETE /v1/orgs/{org}/volumes/{volume}/snapshots/{snapshot} volumes:write",
    "DELETE /v1/projects/{project} apps:write",
    "DELETE /v1/projects/{project}/api-keys/{key} gateway-keys:write",
    "DELETE /v1/projects/{project}/data-planes/{dataPlane} gateways:write",
    "DELETE /v1/projects/{project}/gateway-groups/{group} gateways:write",
    "DELETE /v1/projects/{project}/trusted-keys/{trustedKey} gateway-keys:write",
    "DELETE /v1/sessions/{session} session",
    "DELETE /v1/specs/{spec} gateways:write",
    "DELETE /v1/tokens/{token} session",
    "GET    /healthz public",
    "GET    /metrics metrics",
    "GET    /readyz public",
    "GET    /v1/access-keys cloud:admin",
    "GET    /v1/accounts cloud:admin",
    "GET    /v1/aggregates/{type}/{aggregate} cloud:admin",
    "GET    /v1/artifacts/{artifact} gateways:read",
    "GET    /v1/artifacts/{artifact}/download gateways:read",
    "GET    /v1/audit cloud:admin",
    "GET    /v1/audit/head cloud:admin",
    "GET    /v1/audit/tail cloud:admin",
    "GET    /v1/audit/verify cloud:admin",
    "GET    /v1/auth/whoami authenticated",
    "GET    /v1/buckets cloud:admin",
    "GET    /v1/builds/{build} gateways:read",
    "GET    /v1/data-planes cloud:admin",
    "GET    /v1/drills cloud:admin",
    "GET    /v1/edges authenticated",
    "GET    /v1/events cloud:admin",
    "GET    /v1/findings cloud:admin",
    "GET    /v1/nodes nodes:admin",
    "GET    /v1/nodes/{node} nodes:admin",
    "GET    /v1/openapi.json public",
    "GET    /v1/orgs authenticated",
    "GET    /v1/orgs/{org} orgs:read",
    "GET    /v1/orgs/{org}/access-keys iam:read",
    "GET    /v1/orgs/{org}/apps apps:read",
    "GET    /v1/orgs/{org}/apps/{app} apps:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs envs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env} envs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/deploys envs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/deploys/{deploy} envs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/instances envs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/instances/{instance} envs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/logs logs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/logs/stream logs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/routes routes:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/routes/{route} routes:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/scale envs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/secrets secrets:read-metadata",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/status envs:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/volume-attachments volumes:read",
    "GET    /v1/orgs/{org}/apps/{app}/envs/{env}/why envs:read",
    "GET    /v1/orgs/{org}/apps/{app}/releases releases:read",
    "GET    /v1/orgs/{org}/apps/{app}/releases/{release} releases:read",
    "GET    /v1/orgs/{org}/audit audit:read",
    "GET    /v1/orgs/{org}/buckets orgs:read",
    "GET    /v1/orgs/{org}/events events:read",
    "GET    /v1/orgs/{org}/invitations members:read",
    "GET    /v1/orgs/{org}/members members:read",
    "GET    /v1/orgs/{org}/projects orgs:read",
    "GET    /v1/orgs/{org}/projects/{project} orgs:read",
    "GET    /v1/orgs/{org}/projects/{project}/api-keys gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/api-keys/{key} gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/artifacts gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/artifacts/{artifact} gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/artifacts/{artifact}/download gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/builds gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/builds/{build} gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/data-planes gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/data-planes/{dataPlane} gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/deployments gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/deployments/{deployment} gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/gateway-groups gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/specs gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/specs/{spec} gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/specs/{spec}/revisions gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/specs/{spec}/revisions/{revision} gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/specs/{spec}/revisions/{revision}/content gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/trusted-keys gateways:read",
    "GET    /v1/orgs/{org}/projects/{project}/trusted-keys/{trustedKey} gateways:read",
    "GET    /v1/orgs/{org}/queues orgs:read",
    "GET    /v1/orgs/{org}/quotas orgs:read",
    "GET    /v1/orgs/{org}/restores/{restore} volumes:read",
    "GET    /v1/orgs/{org}/roles iam:read",
    "GET    /v1/orgs/{org}/service-principals members:read",
    "GET    /v1/orgs/{org}/service-principals/{principal} members:read",
    "GET    /v1/orgs/{org}/tables orgs:read",
    "GET    /v1/orgs/{org}/users iam:read",
    "GET    /v1/orgs/{org}/volumes volumes:read",
    "GET    /v1/orgs/{org}/volumes/{volume} volumes:read",
    "GET    /v1/orgs/{org}/volumes/{volume}/snapshots volumes:read",
    "GET    /v1/orgs/{org}/volumes/{volume}/snapshots/{snapshot} volumes:read",
    "GET    /v1/people cloud:admin",
    "GET    /v1/projects orgs:read",
    "GET    /v1/projects/{project} orgs:read",
    "GET    /v1/projects/{project}/api-keys gateways:read",
    "GET    /v1/projects/{project}/api-keys/{key} gateways:read",
    "GET    /v1/projects/{project}/artifacts gateways:read",
    "GET    /v1/projects/{project}/builds gateways:read",
    "GET    /v1/projects/{project}/data-planes gateways:read",
    "GET    /v1/projects/{project}/data-planes/{dataPlane} gateways:read",
    "GET    /v1/projects/{project}/deployments gateways:read",
    "GET    /v1/projects/{project}/deployments/{deployment} gateways:read",
    "GET    /v1/projects/{project}/gateway-groups gateways:read",
    "GET    /v1/projects/{project}/specs gateways:read",
    "GET    /v1/projects/{project}/trusted-keys gateways:read",
    "GET    /v1/projects/{project}/trusted-keys/{trustedKey} gateways:read",
    "GET    /v1/queues cloud:admin",
    "GET    /v1/roles cloud:admin",
    "GET    /v1/secret-keys cloud:admin",
    "GET    /v1/sessions session",
    "GET    /v1/specs/{spec} gateways:read",
    "GET    /v1/specs/{spec}/revisions gateways:read",
    "GET    /v1/specs/{spec}/revisions/{revision} gateways:read",
    "GET    /v1/specs/{spec}/revisions/{revision}/content gateways:read",
    "GET    /v1/status cloud:admin",
    "GET    /v1/tables cloud:admin",
    "GET    /v1/tokens session",
    "GET    /v1/users cloud:admin",
    "GET    /v1/views cloud:admin",
    "GET    /v1/views/rebuild cloud:admin",
    "PATCH  /v1/nodes/{node} nodes:admin",
    "PATCH  /v1/orgs/{org} orgs:admin",
    "PATCH  /v1/orgs/{org}/apps/{app} apps:write",
    "PATCH  /v1/orgs/{org}/apps/{app}/envs/{env} envs:write",
    "PATCH  /v1/orgs/{org}/apps/{app}/envs/{env}/routes/{route} routes:write",
    "PATCH  /v1/orgs/{org}/apps/{app}/envs/{env}/secrets secrets:write",
    "PATCH  /v1/orgs/{org}/members/{member} orgs:admin",
    "PATCH  /v1/orgs/{org}/projects/{project} apps:write",
    "PATCH  /v1/orgs/{org}/projects/{project}/data-planes/{dataPlane} gateways:write",
    "PATCH  /v1/orgs/{org}/projects/{project}/gateway-groups/{group} gateways:write",
    "PATCH  /v1/orgs/{org}/service-principals/{principal} orgs:admin",
    "PATCH  /v1/projects/{project} apps:write",
    "PATCH  /v1/projects/{project}/data-planes/{dataPlane} gateways:write",
    "PATCH  /v1/projects/{project}/gateway-groups/{group} gateways:write",
    "POST   /v1/auth/device/approve session",
    "POST   /v1/auth/device/start public",
    "POST   /v1/auth/device/token public",
    "POST   /v1/auth/token public",
    "POST   /v1/auth/token/refresh public",
    "POST   /v1/auth/token/revoke public",
    "POST   /v1/commands cloud:admin",
    "POST   /v1/drills cloud:admin",
    "POST   /v1/findings/remedy cloud:admin",
    "POST   /v1/invitations/accept session",
    "POST   /v1/orgs session",
    "POST   /v1/orgs/{org}/apps apps:write",
    "POST   /v1/orgs/{org}/apps/{app}/envs envs:write",
    "POST   /v1/orgs/{org}/apps/{app}/envs/{env}/deploys deploys:write",
    "POST   /v1/orgs/{org}/apps/{app}/envs/{env}/instances/{instance}/exec exec:write",
    "POST   /v1/orgs/{org}/apps/{app}/envs/{env}/instances/{instance}/restarts deploys:write",
    "POST   /v1/orgs/{org}/apps/{app}/envs/{env}/restarts deploys:write",
    "POST   /v1/orgs/{org}/apps/{app}/envs/{env}/rollbacks rollbacks:write",
    "POST   /v1/orgs/{org}/apps/{app}/envs/{env}/routes routes:write",
    "POST   /v1/orgs/{org}/apps/{app}/envs/{env}/secrets/confirm-none secrets:write",
    "POST   /v1/orgs/{org}/apps/{app}/envs/{env}/volume-attachments volumes:write",
    "POST   /v1/orgs/{org}/apps/{app}/release-uploads releases:write",
    "POST   /v1/orgs/{org}/apps/{app}/releases releases:write",
    "POST   /v1/orgs/{org}/credentials aws:credentials",
    "POST   /v1/orgs/{org}/invitations orgs:admin",
    "POST   /v1/orgs/{org}/leave orgs:read",
    "POST   /v1/orgs/{org}/members/{member}/revoke-sessions orgs:admin",
    "POST   /v1/orgs/{org}/projects apps:write",
    "POST   /v1/orgs/{org}/projects/{project}/api-keys gateway-keys:write",
    "POST   /v1/orgs/{org}/projects/{project}/api-keys/{key}/rotate gateway-keys:write",
    "POST   /v1/orgs/{org}/projects/{project}/artifacts gateways:write",
    "POST   /v1/orgs/{org}/projects/{project}/builds gateways:write",
    "POST   /v1/orgs/{org}/projects/{project}/deploy deploys:write",
    "POST   /v1/orgs/{org}/projects/{project}/deployments/{deployment}/advance deploys:write",
    "POST   /v1/orgs/{org}/projects/{project}/deployments/{deployment}/halt deploys:write",
    "POST   /v1/orgs/{org}/projects/{project}/deployments/{deployment}/resume deploys:write",
    "POST   /v1/orgs/{org}/projects/{project}/gateway-groups gateways:write",
    "POST   /v1/orgs/{org}/projects/{project}/rollback rollbacks:write",
    "POST   /v1/orgs/{org}/projects/{project}/specs gateways:write",
    "POST   /v1/orgs/{org}/projects/{project}/specs/{spec}/compile gateways:write",
    "POST   /v1/orgs/{org}/projects/{project}/specs/{spec}/revisions gateways:write",
    "POST   /v1/orgs/{org}/service-principals orgs:admin",
    "POST   /v1/orgs/{org}/service-principals/{principal}/rotate orgs:admin",
    "POST   /v1/orgs/{org}/volumes volumes:write",
    "POST   /v1/orgs/{org}/volumes/{volume}/restore volumes:write",
    "POST   /v1/orgs/{org}/volumes/{volume}/snapshots volumes:write",
    "POST   /v1/people/password-link cloud:admin",
    "POST   /v1/projects apps:write",
    "POST   /v1/projects/{project}/api-keys gateway-keys:write",
    "POST   /v1/projects/{project}/api-keys/{key}/rotate gateway-keys:write",
    "POST   /v1/projects/{project}/artifacts gateways:write",
    "POST   /v1/projects/{project}/builds gateways:write",
    "POST   /v1/projects/{project}/deploy deploys:write",
    "POST   /v1/projects/{project}/deployments/{deployment}/advance deploys:write",
    "POST   /v1/projects/{project}/deployments/{deployment}/halt deploys:write",
    "POST   /v1/projects/{project}/deployments/{deployment}/resume deploys:write",
    "POST   /v1/projects/{project}/gateway-groups gateways:write",
    "POST   /v1/projects/{project}/rollback rollbacks:write",
    "POST   /v1/projects/{project}/specs gateways:write",
    "POST   /v1/secret-keys/rewrap cloud:admin",
    "POST   /v1/secret-keys/rotate cloud:admin",
    "POST   /v1/specs/{spec}/compile gateways:write",
    "POST   /v1/specs/{spec}/revisions gateways:write",
    "POST   /v1/tokens session",
    "POST   /v1/views/rebuild cloud:admin",
    "PUT    /v1/orgs/{org}/apps/{app}/envs/{env}/scale envs:write",
    "PUT    /v1/orgs/{org}/apps/{app}/envs/{env}/secrets secrets:write",
    "PUT    /v1/orgs/{org}/projects/{project}/trusted-keys/{trustedKey} gateway-keys:write",
    "PUT    /v1/projects/{project}/trusted-keys/{trustedKey} gateway-keys:write",
    "PUT    /v1/quotas/{account} cloud:admin",
  ]);
});

describe.each(ORG_ROLES)("as %s", (role) => {
  describe.each(["person", "program"] as const)("a %s", (kind) => {
    let subjectId: string;
    const tokens = new Map<string, string>();

    beforeAll(async () => {
      if (kind === "person") {
        subjectId = await newMember(world, own, role);
        // A home, so that leaving the org leaves the tokens.
        await joinAgain(world, await newOrg(world), subjectId, "owner");
      } else subjectId = (await newProgram(world, own, role)).principalId;
      const subject = kind === "person" ? person(subjectId) : program(subjectId);
      for (const scope of ORG_SCOPES) tokens.set(scope, await newToken(world, subject, [scope]));
      tokens.set("every scope", await newToken(world, subject));
      tokens.set("no scope", await newToken(world, subject, []));
      tokens.set("a session", (await newAccessToken(world, subject)).token);
    });

    const expected = (route: OrgRoute | CallersOrgRoute, credential: string): string => {
      const has = credential === route.scope || credential === "every scope" || credential === "a session";
      return has && ROLE_SCOPES[role].has(route.scope) ? "allowed" : "insufficient scope";
    };

    const cells = ORG_ROUTES.map((route, index) => [`${route.method} ${route.path}`, route, index] as const);
    test.each(cells)("%s", async (_, route, index) => {
      // In foreign orgs: what lets in at home, what never does, and one of the other scopes after the other.
      const abroad = new Set([
        route.scope,
        "every scope",
        "no scope",
        "a session",
        ORG_SCOPES[index % ORG_SCOPES.length],
      ]);
      const atHome = async (credential: string, token: string) => {
        const answer = await call(route, pathOf(route, own), token);
        expect(`${credential}: ${verdict(answer)}`).toBe(`${credential}: ${expected(route, credential)}`);
        return answer;
      };
      const elsewhere = async (credential: string, token: string) => {
        const answers = await Promise.all(
          [foreign, NOBODYS].map(async (org) => {
            const answer = await call(route, pathOf(route, org), token);
            expect(`${credential}: ${answer.status} ${answer.code}`).toBe(`${credential}: 404 NO_SUCH_ORG`);
            return answer.text.replaceAll(org, "ORG");
          }),
        );
        // A foreign org looks like none, to the letter.
        expect(answers[0]).toBe(answers[1]!);
      };
      const credentials = [...tokens];
      const abroadOnes = credentials.filter(([credential]) => EVERY_CELL || abroad.has(credential));
      if (route.operationId === "leaveOrg") {
        // Who has left is let in again before the next credential is tried.
        for (const [credential, token] of credentials) {
          const { status } = await atHome(credential, token);
          if (status === 200) await joinAgain(world, own, subjectId, role);
        }
        for (const [credential, token] of abroadOnes) await elsewhere(credential, token);
        return;
      }
      // Side by side: no credential's answer depends on another's, and one after the other they would take most of their time to change threads.
      await Promise.all([
        ...credentials.map(([credential, token]) => atHome(credential, token)),
        ...abroadOnes.map(([credential, token]) => elsewhere(credential, token)),
      ]);
    });
  });
});

describe("an org's routes", () => {
  test("know nobody without a token", async () => {
    for (const route of ORG_ROUTES) {
      for (const org of [own, NOBODYS, "x", "..%2f..%2fv1"]) {
        expect(`${route.path} ${verdict(await call(route, pathOf(route, org), undefined))}`).toBe(
          `${route.path} unknown`,
        );
      }
    }
  });

  test("are all open to the operator, of every org that exists", async () => {
    for (const route of ORG_ROUTES) {
      const token = world.tokens.apiToken;
      for (const org of [own, foreign]) {
        expect(`${route.path} ${verdict(await call(route, pathOf(route, org), token))}`).toBe(`${route.path} allowed`);
      }
      // In a query it is checked for its form before it is looked for.
      for (const org of route.org === "callers" ? [NOBODYS] : [NOBODYS, "x", "1"]) {
        expect(`${route.path} ${verdict(await call(route, pathOf(route, org), token))}`).toBe(
          `${route.path} no such org`,
        );
      }
    }
  });

  test("are closed to a token that is bound to another org of its owner", async () => {
    const personId = await newMember(world, own, "owner");
    const home = await newOrg(world);
    await joinAgain(world, home, personId, "owner");
    const token = await newToken(world, person(personId), ORG_SCOPES, home);
    for (const route of ORG_ROUTES) {
      expect(verdict(await call(route, pathOf(route, own), token))).toBe("no such org");
      if (route.operationId === "leaveOrg") continue;
      expect(verdict(await call(route, pathOf(route, home), token))).toBe("allowed");
    }
  });

  test("tell a foreign id from none in no way", async () => {
    const token = (await newAccessToken(world, person(await newMember(world, own, "owner")))).token;
    let told = 0;
    for (const route of ORG_ROUTES) {
      const name = /\/\{(member|invitation|principal)\}/.exec(route.path)?.[1];
      if (name === undefined) continue;
      told++;
      const theirs = foreignIds.get(name)!;
      const foreignAnswer = await call(
        route,
        pathOf(route, own, () => theirs),
        token,
      );
      const none = await call(route, pathOf(route, own), token);
      expect(foreignAnswer.status).toBe(404);
      expect(foreignAnswer.text.replaceAll(theirs, "ID")).toBe(none.text.replaceAll(NO_SUCH_IDS[name]!, "ID"));
    }
    expect(told).toBeGreaterThan(5);
  });
});

describe("the other routes", () => {
  type Who = "nobody" | "the operator" | "a person's session" | "a person's API token" | "a program's session";

  function expected(route: Route, who: Who): string {
    // The test comes from this machine.
    if (isPublic(route)) return "allowed";
    if (who === "nobody") return "unknown";
    if (who === "the operator" || route.scope === "authenticated") return "allowed";
    if (CLOUD_SCOPES.some((scope) => scope === route.scope)) return "insufficient scope";
    expect(route.scope).toBe("session");
    return who === "a person's API token" ? "session needed" : "allowed";
  }

  test("let in whom they name", async () => {
    const member = person(await newMember(world, own, "owner"));
    const tokens: Readonly<Record<Who, string | undefined>> = {
      nobody: undefined,
      "the operator": world.tokens.apiToken,
      "a person's session": (await newAccessToken(world, member)).token,
      "a person's API token": await newToken(world, member),
      "a program's session": (await newAccessToken(world, program((await newProgram(world, own, "owner")).principalId)))
        .token,
    };
    for (const route of OTHER_ROUTES) {
      for (const [who, token] of Object.entries(tokens)) {
        const answer = await call(route, pathOf(route, own), token);
        // OAuth has a 401 of its own for clients (RFC 6749 §5.2); none of these requests names one.
        const place = `${route.method} ${route.path}, ${who}`;
        expect(`${place}: ${verdict(answer)}`).toBe(`${place}: ${expected(route, who as Who)}`);
      }
    }
  });

  test("hold back the ids of others' tokens and sessions", async () => {
    const mine = (await newAccessToken(world, person(await newMember(world, own, "owner")))).token;
    const other = person(await newMember(world, own, "readonly" as OrgRole));
    const session = await newAccessToken(world, other);
    await newToken(world, other);
    const [token] = world.core.views.inGroup("apiToken", `person ${other.type === "person" ? other.personId : ""}`);
    for (const path of [`/v1/sessions/${session.sessionId}`, `/v1/tokens/${token!.tokenId}`]) {
      const answer = await fetch(world.api.url + path, {
        method: "DELETE",
        headers: { authorization: `Bearer ${mine}` },
      });
      expect(answer.status).toBe(404);
    }
    expect(world.core.views.record("session", session.sessionId)).toBeDefined();
  });
});
