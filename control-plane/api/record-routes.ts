/** Routes that list what the control plane knows. */
import type { CatalogKind, CatalogRecord } from "#contracts";
import { resourceKey } from "#control-plane/events";
import { json } from "#foundation/http";
import { RECORDS_PAGE_DEFAULT, RECORDS_PAGE_MAX } from "./limits.ts";
import {
  presentedAccessKey,
  presentedAccount,
  presentedBucket,
  presentedEnrolment,
  presentedResource,
  presentedUser,
} from "./presented.ts";
import type { QueryParameter, Route } from "./route.ts";
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

/** One kind of record: how it is named, sorted and shown. */
interface Listing<Kind extends CatalogKind> {
  readonly kind: Kind;
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly schema: "Account" | "User" | "AccessKey" | "Bucket" | "Queue" | "Table" | "DataPlane";
  readonly query: readonly QueryParameter[];
  readonly keyOf: (record: RecordOf<Kind>) => string;
  readonly matches?: (record: RecordOf<Kind>, query: Readonly<Record<string, unknown>>) => boolean;
  readonly present: (record: RecordOf<Kind>) => unknown;
}

type RecordOf<Kind extends CatalogKind> = Extract<CatalogRecord, { readonly kind: Kind }>;

function listing<Kind extends CatalogKind>(options: Listing<Kind>): Route {
  const { kind, keyOf, matches, present } = options;
  return {
    method: "GET",
    path: options.path,
    operationId: options.operationId,
    summary: options.summary,
    scope: "read",
    query: [...PAGE, ...options.query],
    answer: {
      status: 200,
      contentType: "application/json",
      schema: pageOf(options.schema),
      description: "A page, in ascending order of key.",
    },
    handle({ query }, { core }) {
      const { account, limit, after } = query;
      const found: RecordOf<Kind>[] = [];
      for (const record of core.views.records(kind)) {
        // The view of a kind holds that kind.
        const own = record as RecordOf<Kind>;
        if (account !== undefined && !("accountId" in own && own.accountId === account)) continue;
        if (after !== undefined && keyOf(own) <= String(after)) continue;
        if (matches === undefined || matches(own, query)) found.push(own);
      }
      found.sort((left, right) => (keyOf(left) < keyOf(right) ? -1 : 1));
      const page = found.slice(0, Number(limit));
      const next = found.length > page.length ? keyOf(page.at(-1)!) : undefined;
      return json({ items: page.map(present), next });
    },
  };
}

export const RECORD_ROUTES: readonly Route[] = [
  listing({
    kind: "account",
    path: "/v1/accounts",
    operationId: "listAccounts",
    summary: "Lists accounts.",
    schema: "Account",
    query: [],
    keyOf: (record) => record.accountId,
    present: presentedAccount,
  }),
  listing({
    kind: "user",
    path: "/v1/users",
    operationId: "listUsers",
    summary: "Lists IAM users.",
    schema: "User",
    query: [ACCOUNT],
    keyOf: (record) => `${record.accountId}/${record.userName}`,
    present: presentedUser,
  }),
  listing({
    kind: "accessKey",
    path: "/v1/access-keys",
    operationId: "listAccessKeys",
    summary: "Lists access keys, never their secrets.",
    schema: "AccessKey",
    query: [ACCOUNT, USER],
    keyOf: (record) => record.accessKeyId,
    matches: (record, { user }) =>
      user === undefined || (record.owner.type === "user" && record.owner.userName === user),
    present: presentedAccessKey,
  }),
  listing({
    kind: "bucket",
    path: "/v1/buckets",
    operationId: "listBuckets",
    summary: "Lists buckets of all accounts and regions.",
    schema: "Bucket",
    query: [ACCOUNT],
    keyOf: (record) => record.name,
    present: presentedBucket,
  }),
  listing({
    kind: "dataPlane",
    path: "/v1/data-planes",
    operationId: "listDataPlanes",
    summary: "Lists the data plane that is enrolled; `/v1/status` says whether it is connected.",
    schema: "DataPlane",
    query: [],
    keyOf: (record) => record.dataPlaneId,
    present: presentedEnrolment,
  }),
  listing({
    kind: "queue",
    path: "/v1/queues",
    operationId: "listQueues",
    summary: "Lists queues of all accounts and regions.",
    schema: "Queue",
    query: [ACCOUNT],
    keyOf: resourceKey,
    present: presentedResource,
  }),
  listing({
    kind: "table",
    path: "/v1/tables",
    operationId: "listTables",
    summary: "Lists tables of all accounts and regions.",
    schema: "Table",
    query: [ACCOUNT],
    keyOf: resourceKey,
    present: presentedResource,
  }),
];
