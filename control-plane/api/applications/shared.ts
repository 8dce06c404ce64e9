/** What routes of the platform share: finding what the path names, pages, and schemas. */
import { type AppRecord, type EnvRecord, UNSCHEDULABLE_REASONS } from "#contracts";
import { appOf, envOf } from "#control-plane/applications";
import { type HttpResponse, json, ProblemError } from "#foundation/http";
import type { ApiEnvironment } from "../environment.ts";
import { IDEMPOTENCY_HEADER } from "../execute.ts";
import { named } from "../named-schemas.ts";
import type { ObjectSchema, OrgCall, OrgRoute, QueryParameter, Schema } from "../route.ts";
import { count, moment, object, text } from "../schemas.ts";

export const APP = "/v1/orgs/{org}/apps/{app}";
export const ENV = `${APP}/envs/{env}`;

const PAGE_MAX = 200;
const PAGE_DEFAULT = 50;

/** For the `query` of lists. */
export const PAGE: readonly QueryParameter[] = [
  {
    name: "limit",
    description: "Most items of a page.",
    type: "integer",
    minimum: 1,
    maximum: PAGE_MAX,
    default: PAGE_DEFAULT,
  },
  {
    name: "cursor",
    description: "The `next_cursor` of the page before.",
    type: "string",
    pattern: "^[A-Za-z0-9_-]{1,512}$",
  },
];

/** What making, changing and removing a record of a name may end with. */
export const RECORD_PROBLEMS: readonly string[] = [
  ...["NoSuchResource", "ResourceAlreadyExists", "RevisionMismatch", "ValidationFailed", "QuotaExceeded"],
];

/** For lists. */
export function byName(left: { readonly name: string }, right: { readonly name: string }): number {
  return left.name < right.name ? -1 : 1;
}

/** Why a process type of an environment has fewer instances than it should. */
export const UNSCHEDULABLE: Schema = named(
  "Unschedulable",
  object({ reason: { enum: UNSCHEDULABLE_REASONS }, message: { ...text, description: "For people." } }),
);

export const EXPECTED_VERSION: Schema = {
  ...count,
  description: "The `resource_version` that was seen; another one is refused (409 RevisionMismatch).",
};

/** A record of the platform by its name in the document; each schema says which members its kind has beside these. */
export function recordSchema(
  name: string,
  properties: Readonly<Record<string, Schema>>,
  optional: readonly string[] = [],
): ObjectSchema {
  const dated = {
    created_at: moment,
    updated_at: moment,
    resource_version: { ...count, description: "What a caller states as `expected_version`." },
  };
  return named(name, object({ id: text, ...properties, ...dated }, optional));
}

/** Values by names that people or manifests have given. */
export const byNames = (values: Schema, description?: string): Schema => ({
  type: "object",
  additionalProperties: values,
  ...(description === undefined ? {} : { description }),
});

export const listSchema = (items: Schema): ObjectSchema =>
  object({ items: { type: "array", items }, next_cursor: { type: ["string", "null"] } });

/** A page, by the keys of its items in descending or ascending order. */
export function page<Item>(
  { query }: Pick<OrgCall, "query">,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  present: (item: Item) => unknown,
): HttpResponse {
  const limit = Number(query.limit ?? PAGE_DEFAULT);
  const after =
    query.cursor === undefined ? undefined : Buffer.from(String(query.cursor), "base64url").toString("utf8");
  const from = after === undefined ? 0 : items.findIndex((item) => keyOf(item) === after) + 1;
  if (after !== undefined && from === 0) {
    // What the cursor named is gone: the page after it cannot be told.
    throw new ProblemError({
      status: 400,
      code: "INVALID_CURSOR",
      title: "The cursor is not good any more.",
      detail: "What it named has been deleted. Begin again without a cursor.",
    });
  }
  const part = items.slice(from, from + limit);
  const last = part.at(-1);
  const more = last !== undefined && from + limit < items.length;
  return json({
    items: part.map(present),
    next_cursor: more ? Buffer.from(keyOf(last), "utf8").toString("base64url") : null,
  });
}

/** @throws ProblemError 404 NoSuchResource */
export function appAt({ org, params }: OrgCall, { core }: ApiEnvironment): AppRecord {
  return found(appOf(core.views, org.accountId, params.app!), "app");
}

/** @throws ProblemError 404 NoSuchResource */
export function envAt(call: OrgCall, environment: ApiEnvironment): EnvRecord {
  const app = appAt(call, environment);
  return found(envOf(environment.core.views, app, call.params.env!), "environment");
}

/** @throws ProblemError 404 NoSuchResource */
export function found<Record>(record: Record | undefined, what: string): Record {
  if (record !== undefined) return record;
  throw new ProblemError({ status: 404, code: "NoSuchResource", title: `The org has no such ${what}.` });
}

type Described = Omit<OrgRoute, "org" | "handle"> & {
  readonly handle: OrgRoute["handle"];
  /** Members of the body by the names that commands have for them, where these are not the same words. */
  readonly names?: Readonly<Record<string, string>>;
};

/** A route under an org that reads. */
export const reads = (route: Described): OrgRoute => ({ ...route, org: "path" });

/** A route under an org that changes something: the same call under the same key is carried out once. */
export const writes = ({ names = {}, ...route }: Described): OrgRoute => ({
  ...route,
  org: "path",
  headers: { ...IDEMPOTENCY_HEADER, ...route.headers },
  async handle(call, environment) {
    try {
      return await route.handle(call, environment);
    } catch (error) {
      throw error instanceof ProblemError ? inWordsOfTheApi(error, names) : error;
    }
  },
});

/** A refusal begins with the member that it is about, by the name that commands have for it; who calls the API knows it by another. */
function inWordsOfTheApi(error: ProblemError, names: Readonly<Record<string, string>>): ProblemError {
  const { problem, headers } = error;
  const detail = problem.detail?.replace(/^[a-z]+(?:[A-Z][a-z]+)*(?=[ .:[])/, (name) => {
    const own = Object.keys(names).find((one) => names[one] === name);
    return own ?? name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  });
  if (detail === undefined || detail === problem.detail) return error;
  return new ProblemError({ ...problem, detail }, { headers, cause: error });
}

export const answerOf = (schema: Schema, description: string, status = 200) =>
  ({ status, contentType: "application/json", schema, description }) as const;

/** Members of a body by the names that commands have for them; members that were not given stay away. */
export function renamed(
  members: Readonly<Record<string, unknown>>,
  names: Readonly<Record<string, string>>,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [given, name] of Object.entries(names)) if (members[given] !== undefined) result[name] = members[given];
  return result;
}
