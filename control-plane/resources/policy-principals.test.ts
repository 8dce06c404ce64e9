import { beforeEach, describe, expect, test } from "bun:test";
import type { BucketId, Command, Region, ResourceId, UserRecord } from "#contracts";
import { CatalogViews, catalogChangesOf } from "#control-plane/events";
import { ACCOUNT, completed } from "#control-plane/events/testing";
import { createBucketHandlers, createResourceHandlers } from "./index.ts";

const REGION = "us-east-1" as Region;
const ANA = `arn:aws:iam::${ACCOUNT}:user/ana`;
const FOREIGN = "arn:aws:iam::123412341234:user/ana";
const ID = "AIDA00000000000000ANA";
const OTHER_ID = "AIDA0000000000000ANA2";

const naming = (...AWS: readonly string[]): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS }, Action: "*", Resource: "*" }],
  });

let views: CatalogViews;
let handlers: Readonly<Record<string, (command: never, views: CatalogViews) => ReturnType<typeof decide>>>;

beforeEach(() => {
  views = new CatalogViews();
  views.apply({
    change: "upsert",
    key: ACCOUNT,
    record: { kind: "account", accountId: ACCOUNT, name: "main", canonicalUserId: "c", createdAt: 0 },
  });
  handlers = {
    ...createBucketHandlers({ newBucketId: () => "bucket-1" as BucketId, limits: { bucketsPerAccount: 9 } }),
    ...createResourceHandlers({ newResourceId: () => "resource-1" as ResourceId }),
  } as unknown as typeof handlers;
  bear(ID);
});

/** From now on somebody of this id is called ana. */
function bear(entityId: string): void {
  const place = { kind: "user", entityId, accountId: ACCOUNT, name: "ana", path: "/" } as const;
  const record: UserRecord = { ...place, createdAt: 0, modifiedAt: 0, revision: 1, sections: {} };
  views.apply({ change: "upsert", key: entityId, record });
}
const leave = (entityId: string) => views.apply({ change: "delete", kind: "user", key: entityId });

function decide(command: object): {
  readonly ok: boolean;
  readonly events?: readonly unknown[];
  readonly code?: string;
} {
  const { type } = command as Command;
  const decision = handlers[type]!(command as never, views) as { ok: boolean; events?: readonly never[] };
  for (const event of decision.events ?? []) {
    for (const change of catalogChangesOf(completed(event), (kind, key) => views.record(kind, key)))
      views.apply(change);
  }
  return decision;
}

const PLACE = { accountId: ACCOUNT, region: REGION, name: "thing" };
const KEYS = { keySchema: [{ attribute: "id", role: "HASH" }] };

/** Each place where a resource keeps a policy. */
const PLACES = {
  "a bucket": {
    create: { type: "bucket.create", ...PLACE, objectLockEnabled: false },
    sections: (policy: string | null) => (policy === null ? {} : { policy }),
    put: (policy: string | null) => ({
      type: "bucket.configure",
      bucketId: "bucket-1",
      name: "thing",
      section: "policy",
      value: policy,
    }),
    forge: { type: "bucket.configure", bucketId: "bucket-1", name: "thing", section: "policyPrincipals", value: {} },
    now: () => views.bucket("thing")!.sections.policyPrincipals,
  },
  "a queue": {
    create: { type: "queue.create", ...PLACE },
    sections: (policy: string | null) => ({ attributes: policy === null ? {} : { Policy: policy } }),
    put: (policy: string | null) => ({
      type: "queue.configure",
      resourceId: "resource-1",
      ...PLACE,
      sections: { attributes: policy === null ? {} : { Policy: policy } },
    }),
    forge: { type: "queue.configure", resourceId: "resource-1", ...PLACE, sections: { policyPrincipals: {} } },
    now: () => views.resource("queue", ACCOUNT, REGION, "thing")!.sections.policyPrincipals,
  },
  "a table": {
    create: { type: "table.create", ...PLACE },
    sections: (policy: string | null) => ({ ...KEYS, ...(policy === null ? {} : { policy }) }),
    put: (policy: string | null) => ({
      type: "table.configure",
      resourceId: "resource-1",
      ...PLACE,
      sections: { policy },
    }),
    forge: { type: "table.configure", resourceId: "resource-1", ...PLACE, sections: { policyPrincipals: {} } },
    now: () => views.resource("table", ACCOUNT, REGION, "thing")!.sections.policyPrincipals,
  },
  "a stream": {
    create: { type: "table.create", ...PLACE },
    sections: (policy: string | null) => ({ ...KEYS, ...(policy === null ? {} : { streamPolicy: policy }) }),
    put: (policy: string | null) => ({
      type: "table.configure",
      resourceId: "resource-1",
      ...PLACE,
      sections: { streamPolicy: policy },
    }),
    forge: { type: "table.configure", resourceId: "resource-1", ...PLACE, sections: { streamPolicyPrincipals: {} } },
    now: () => views.resource("table", ACCOUNT, REGION, "thing")!.sections.streamPolicyPrincipals,
  },
} as const;

describe.each(Object.entries(PLACES))("the policy of %s", (_name, { create, sections, put, forge, now }) => {
  const made = (policy: string | null) => decide({ ...create, sections: sections(policy) });

  test("means those whom it names when it is put", () => {
    expect(made(null).ok).toBe(true);
    expect(decide(put(naming(ANA, ACCOUNT, FOREIGN)))).toMatchObject({ ok: true, events: [{}] });
    expect(now()).toEqual({ [ANA]: ID });
    expect(decide(put(naming(ANA, ACCOUNT, FOREIGN)))).toMatchObject({ ok: true, events: [] });
    leave(ID);
    bear(OTHER_ID);
    expect(now()).toEqual({ [ANA]: ID });
    // The same text means somebody else now: that is a change.
    expect(decide(put(naming(ANA, ACCOUNT, FOREIGN)))).toMatchObject({ ok: true, events: [{}] });
    expect(now()).toEqual({ [ANA]: OTHER_ID });
    decide(put(naming(ACCOUNT)));
    expect(now()).toBeUndefined();
    decide(put(naming(ANA)));
    decide(put(null));
    expect(now()).toBeUndefined();
  });

  test("may come with the resource", () => {
    expect(made(naming(ANA)).ok).toBe(true);
    expect(now()).toEqual({ [ANA]: ID });
  });

  test("is refused when it names nobody", () => {
    leave(ID);
    expect(made(naming(ANA))).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
    expect(made(null).ok).toBe(true);
    expect(decide(put(naming(ANA)))).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
    expect(decide(put(naming(ID)))).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
    // Also when it is the one that is in force, put again as it was.
    bear(ID);
    expect(decide(put(naming(ANA))).ok).toBe(true);
    leave(ID);
    expect(decide(put(naming(ANA)))).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
  });

  test("keeps the ids of those who are gone when it is put as it was shown", () => {
    made(naming(ANA));
    leave(ID);
    for (let again = 0; again < 2; again++) expect(decide(put(naming(ID, again === 0 ? ACCOUNT : "*"))).ok).toBe(true);
    expect(now()).toEqual({ [ID]: ID });
  });

  test("alone says whom it means", () => {
    made(naming(ANA));
    expect(decide(forge)).toMatchObject({ ok: false, code: "ValidationFailed" });
    expect(now()).toEqual({ [ANA]: ID });
  });
});

test("a queue's policy from before names were looked up stays while other attributes change", () => {
  decide({ type: "queue.create", ...PLACE, sections: {} });
  const record = views.resource("queue", ACCOUNT, REGION, "thing")!;
  const Policy = naming(`${ANA}-gone`);
  const key = `${ACCOUNT}/${REGION}/thing`;
  views.apply({ change: "upsert", key, record: { ...record, sections: { attributes: { Policy } } } });
  const changed = (attributes: object) =>
    decide({ type: "queue.configure", resourceId: "resource-1", ...PLACE, sections: { attributes } });
  expect(changed({ Policy, DelaySeconds: "5" })).toMatchObject({ ok: true, events: [{}] });
  expect(changed({ Policy: naming(`${ANA}-gone`, "*") })).toMatchObject({ ok: false, code: "MalformedPolicyDocument" });
});
