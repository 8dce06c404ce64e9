/** The pages that the control API serves to people, apart from the routes for programs. */
import { createRouteTable, type HttpRequest, type HttpResponse } from "#foundation/http";
import { DEVICE_PAGE } from "./device-page.ts";
import { GATEWAYS_PAGE } from "./gateways-page.ts";
import { INVITATION_PAGE } from "./invitation-page.ts";
import { LOGIN_PAGE, LOGOUT_PAGE } from "./login-page.ts";
import { type Page, type PageEnvironment, servePage } from "./page.ts";
import { PASSWORD_PAGE } from "./password-page.ts";

export const PAGES: readonly Page[] = [
  LOGIN_PAGE,
  LOGOUT_PAGE,
  PASSWORD_PAGE,
  DEVICE_PAGE,
  INVITATION_PAGE,
  GATEWAYS_PAGE,
];

/** The browser tells the pages themselves where a form comes from, and nobody else. Without a referrer it would not say the origin of a form (Fetch standard, "append a request `Origin` header"). */
const PAGE_HEADERS = [
  ["x-content-type-options", "nosniff"],
  ["referrer-policy", "same-origin"],
] as const;

export interface ServedPages {
  /** The answer; undefined when the path is not that of a page. */
  answer(request: HttpRequest): Promise<HttpResponse> | undefined;
  /** Whether what stands in the query of the target may be a secret, for logs. */
  has(path: string): boolean;
}

/** @param names configured names of this server, lower case */
export function createPages(environment: PageEnvironment, names: ReadonlySet<string>): ServedPages {
  const table = createRouteTable<Page>();
  for (const page of PAGES) {
    table.add("GET", page.path, page);
    if (page.take !== undefined) table.add("POST", page.path, page);
  }
  return {
    answer(request) {
      const match = table.match(request.method, request.path);
      if (match.kind !== "found") return undefined;
      return servePage(match.target, request, environment, names).then((answer) => ({
        ...answer,
        headers: [...PAGE_HEADERS, ...(answer.headers ?? [])],
      }));
    },
    has: (path) => table.match("GET", path).kind === "found",
  };
}
