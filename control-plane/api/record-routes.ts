/** Routes that list what the control plane knows: for the operator of all orgs, for members and programs of their own. */
import type { CatalogKind, CatalogRecord } from "#contracts";
import { resourceKey } from "#control-plane/events";
import type { OrgScope } from "#control-plane/platform-identity";
import { type HttpResponse, json } from "#foundation/http";
import type { ApiEnvironment } from "./environment.ts";
import { RECORDS_PAGE_DEFAULT, RECORDS_PAGE_MAX } from "./limits.ts";
import {
  presentedAccessKey,
  presentedAccount,
  presentedBucket,
  presentedEnrolment,
  presentedEntity,
  presentedResource,
} from "./presented.ts";
import type { QueryParameter, QueryValues, Route } from "./route.ts";
import { pageOf } from "./schemas.ts";

const PAGE: readonly QueryParameter[] = [
  {
    name: "limit",
    description: "Most records of the answer.",
    type: "integer",
    minimum: 1,
    maximum: RECORDS_PAGE_MAX,
    default: RECORDS_PAGE_DEFAULT,
  },
  { name: "after", description: "The `next` of the page before.", type: "string", pattern: "^.{1,512}$" },
];

const ACCOUNT: QueryParameter = {
  name: "account",
  description: "Only of this account: twelve digits.",
  type: "string",
  pattern: "^[0-9]{12}$",
};

const USER: QueryParameter = {
  name: "user",
  description: "Only of this user of the account: an IAM user name.",
  type: "string",
  pattern: "^[\\w+=,.@-]{1,64}$",
};

type RecordOf<Kind extends CatalogKind> = Extract<CatalogRecord, { readonly kind: Kind }>;

/** One kind of record: how it is named, sorted and shown. */
interface Listing<Kind extends CatalogKind> {
  readonly kind: Kind;
  /** In paths: `access-keys`. */
  readonly path: string;
  /** In operation ids: `AccessKeys`. */
  readonly name: string;
  /** In sentences: `access keys, never their secrets`. */
  readonly label: string;
  readonly schema: "Account" | "IamEntity" | "AccessKey" | "Bucket" | "Queue" | "Table" | "DataPlane";
  readonly query?: readonly QueryParameter[];
  /** Who may list those of their org; absent for what is in no org. */
  readonly scope?: OrgScope;
  readonly keyOf: (record: RecordOf<Kind>) => string;
  readonly matches?: (record: RecordOf<Kind>, query: QueryValues) => boolean;
  readonly present: (record: RecordOf<Kind>) => unknown;
}

function listing<Kind extends CatalogKind>(options: Listing<Kind>): readonly Route[] {
  const { path, name, label, scope, query = [] } = options;
  const shared = {
    method: "GET",
    answer: {
      status: 200,
      contentType: "application/json",
      schema: pageOf(options.schema),
      description: "A page, in ascending order of key.",
    },
  } as const;
  const ofCloud: Route = {
    ...shared,
    path: `/v1/${path}`,
    operationId: `list${name}`,
    summary: `Lists ${label}.`,
    scope: "cloud:admin",
    query: [...PAGE, ...(scope === undefined ? [] : [ACCOUNT]), ...query],
    handle: ({ query: given }, environment) => page(options, given, given.account, environment),
  };
  if (scope === undefined) return [ofCloud];
  const ofOrg: Route = {
    ...shared,
    path: `/v1/orgs/{org}/${path}`,
    operationId: `listOrg${name}`,
    summary: `Lists ${label} of the org.`,
    scope,
    org: "path",
    query: [...PAGE, ...query],
    handle: ({ query: given, org }, environment) => page(options, given, org.accountId, environment),
  };
  return [ofCloud, ofOrg];
}

function page<Kind extends CatalogKind>(
  { kind, keyOf, matches, present }: Listing<Kind>,
  query: QueryValues,
  account: QueryValues[string],
  { core }: ApiEnvironment,
): HttpResponse {
  const { limit, after } = query;
  const found: RecordOf<Kind>[] = [];
  for (const record of core.views.records(kind)) {
    // The view of a kind holds that kind.
    const own = record as RecordOf<Kind>;
    if (account !== undefined && !("accountId" in own && own.accountId === account)) continue;
    if (after !== undefined && keyOf(own) <= String(after)) continue;
    if (matches === undefined || matches(own, query)) found.push(own);
  }
  found.sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
  const shown = found.slice(0, Number(limit));
  const next = found.length > shown.length ? keyOf(shown.at(-1)!) : undefined;
  return json({ items: shown.map(present), next });
}

/** IAM entities sort by account and name, as people look for them. */
const entityKey = (record: { readonly accountId: string; readonly name: string }) =>
  `${record.accountId}/${record.name}`;

export const RECORD_ROUTES: readonly Route[] = [
  ...listing({
    kind: "account",
    path: "accounts",
    name: "Accounts",
    label: "accounts",
    schema: "Account",
    keyOf: (record) => record.accountId,
    present: presentedAccount,
  }),
  ...listing({
    kind: "user",
    path: "users",
    name: "Users",
    label: "IAM users",
    schema: "IamEntity",
    scope: "iam:read",
    keyOf: entityKey,
    present: presentedEntity,
  }),
  ...listing({
    kind: "role",
    path: "roles",
    name: "Roles",
    label: "IAM roles",
    schema: "IamEntity",
    scope: "iam:read",
    keyOf: entityKey,
    present: presentedEntity,
  }),
  ...listing({
    kind: "accessKey",
    path: "access-keys",
    name: "AccessKeys",
    label: "access keys (never their secrets)",
    schema: "AccessKey",
    query: [USER],
    scope: "iam:read",
    keyOf: (record) => record.accessKeyId,
    matches: (record, { user }) =>
      user === undefined || (record.owner.type === "user" && record.owner.userName === user),
    present: presentedAccessKey,
  }),
  ...listing({
    kind: "bucket",
    path: "buckets",
    name: "Buckets",
    label: "buckets of all regions",
    schema: "Bucket",
    scope: "orgs:read",
    keyOf: (record) => record.name,
    present: presentedBucket,
  }),
  ...listing({
    kind: "dataPlane",
    path: "data-planes",
    name: "DataPlanes",
    label: "the data plane that is enrolled (`/v1/status` says whether it is connected)",
    schema: "DataPlane",
    keyOf: (record) => record.dataPlaneId,
    present: presentedEnrolment,
  }),
  ...listing({
    kind: "queue",
    path: "queues",
    name: "Queues",
    label: "queues of all regions",
    schema: "Queue",
    scope: "orgs:read",
    keyOf: resourceKey,
    present: presentedResource,
  }),
  ...listing({
    kind: "table",
    path: "tables",
    name: "Tables",
    label: "tables of all regions",
    schema: "Table",
    scope: "orgs:read",
    keyOf: resourceKey,
    present: presentedResource,
  }),
];
