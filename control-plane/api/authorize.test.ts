import { describe, expect, test } from "bun:test";
import { checkRoute } from "./authorize.ts";
import type { Route } from "./route.ts";
import { API_ROUTES } from "./routes.ts";
import { withoutSecrets } from "./without-secrets.ts";

const [sample] = API_ROUTES;

/** What does not type-check must not start either. */
const route = (members: object): Route =>
  ({ ...sample!, scope: undefined, org: undefined, query: undefined, ...members }) as unknown as Route;

describe("checkRoute()", () => {
  test.each([
    ["without a scope", { path: "/v1/things" }],
    ["with one that nobody has", { path: "/v1/things", scope: "things:write" }],
    ["with a scope of orgs outside of an org", { path: "/v1/things", scope: "orgs:read" }],
    ["in an org with a scope of the cloud", { path: "/v1/orgs/{org}/things", org: "path", scope: "cloud:admin" }],
    ["in an org and open to everybody", { path: "/v1/orgs/{org}/things", org: "path", scope: "public" }],
    ["in an org that it does not check", { path: "/v1/orgs/{org}/things", scope: "authenticated" }],
    [
      "that finds an org and is open to everybody",
      { path: "/v1/things/{thing}", org: "found", find: () => undefined, scope: "authenticated" },
    ],
    ["with an org that is not in its path", { path: "/v1/things", org: "path", scope: "orgs:read" }],
    [
      "in the caller's org that cannot be told which",
      { path: "/v1/things", org: "callers", scope: "orgs:read", query: [] },
    ],
    [
      "that takes an org and is not in one",
      { path: "/v1/things", scope: "authenticated", query: [{ name: "org", type: "string" }] },
    ],
    [
      "in the caller's org and open to everybody",
      { path: "/v1/things", org: "callers", scope: "authenticated", query: [{ name: "org", type: "string" }] },
    ],
  ])("refuses a route %s", (_, members) => {
    expect(() => checkRoute(route(members))).toThrow();
  });

  test("takes those that there are", () => {
    for (const each of API_ROUTES) checkRoute(each);
  });
});

test.each([
  ["/v1/tokens/bpt_3kTYdNmEq0XgfZ1", "/v1/tokens/bpt_…"],
  ["/v1/artifacts/bbk_3kTYdNmEq0XgfZ1", "/v1/artifacts/bbk_…"],
  ["/x/bpr_ses_0011.abc-DEF_123/bpc_12345678", "/x/bpr_…/bpc_…"],
  ["/v1/orgs/1/service-principals/bsp_001122334455", "/v1/orgs/1/service-principals/bsp_001122334455"],
  ["/v1/orgs/111122223333/members/prs_0011223344", "/v1/orgs/111122223333/members/prs_0011223344"],
])("withoutSecrets(%j) is %j", (path, shown) => {
  expect(withoutSecrets(path)).toBe(shown);
});
