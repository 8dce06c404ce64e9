import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { loadServiceModel, type S3 } from "#foundation/aws";
import { S3_ACCESS } from "../rules/access/table.ts";
import { ACCOUNT, ANONYMOUS, OTHER_ACCOUNT, OTHER_ROOT, openWorld, ROOT, type World } from "../testing/world.ts";

let world: World;
let Bucket: string;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());
beforeEach(async () => {
  Bucket = await world.bucket();
  await world.put(Bucket, "k", "x", { Tagging: "class=open" });
});

const policy = (...Statement: object[]) =>
  world.planes.configure(Bucket, {
    policy: JSON.stringify({ Version: "2012-10-17", Statement }),
    publicAccessBlock: undefined,
  });
const allow = (Action: string | string[], more: object = {}) => ({
  Effect: "Allow",
  Principal: "*",
  Action,
  Resource: `arn:aws:s3:::${Bucket}/*`,
  ...more,
});
const user = (name: string, Action: string | string[], Resource: string | string[] = "*") =>
  world.user(name, [{ Effect: "Allow", Action, Resource }]);

test("the table names every operation of the model", async () => {
  const model = await loadServiceModel("s3");
  expect(Object.keys(S3_ACCESS).toSorted()).toEqual([...model.operationNames].toSorted());
});

describe("who may not list is not told what is missing", () => {
  test("403 instead of 404 without s3:ListBucket", async () => {
    const reader = user("reader", "s3:GetObject");
    expect((await world.refused("GetObject", { Bucket, Key: "none" }, { as: reader })).code).toBe("AccessDenied");
    const lister = user("lister", ["s3:GetObject", "s3:ListBucket"]);
    expect((await world.refused("GetObject", { Bucket, Key: "none" }, { as: lister })).code).toBe("NoSuchKey");
    expect(await world.refused("HeadObject", { Bucket, Key: "none" }, { as: reader })).toMatchObject({
      statusCode: 403,
    });
  });
});

describe("identity policies", () => {
  test("listing asks the bucket, reading asks the object", async () => {
    const onBucket = user("bucket-only", "s3:*", `arn:aws:s3:::${Bucket}`);
    await world.call("ListObjectsV2", { Bucket }, { as: onBucket });
    expect((await world.refused("GetObject", { Bucket, Key: "k" }, { as: onBucket })).code).toBe("AccessDenied");
    const onObjects = user("objects-only", "s3:*", `arn:aws:s3:::${Bucket}/*`);
    await world.call("GetObject", { Bucket, Key: "k" }, { as: onObjects });
    expect((await world.refused("ListObjectsV2", { Bucket }, { as: onObjects })).code).toBe("AccessDenied");
  });

  test("the list of buckets is asked of all buckets, however a policy calls them", async () => {
    await world.call("ListBuckets", {}, { as: user("by-star", "s3:ListAllMyBuckets") });
    await world.call("ListBuckets", {}, { as: user("by-arn", "s3:ListAllMyBuckets", "arn:aws:s3:::*") });
    const ofOne = user("of-one", "s3:ListAllMyBuckets", `arn:aws:s3:::${Bucket}`);
    expect((await world.refused("ListBuckets", {}, { as: ofOne })).code).toBe("AccessDenied");
  });

  test("a version asks for another action, tags and locks for more", async () => {
    const plain = user("plain", ["s3:GetObject", "s3:PutObject"]);
    const named = await world.refused("GetObject", { Bucket, Key: "k", VersionId: "null" }, { as: plain });
    expect(named.message).toContain("s3:GetObjectVersion");
    const tagged = await world.refused("PutObject", { Bucket, Key: "t", Tagging: "a=b" }, { as: plain, body: "x" });
    expect(tagged.message).toContain("s3:PutObjectTagging");
    const held = { Bucket, Key: "t", ObjectLockLegalHoldStatus: "ON" } as const;
    expect((await world.refused("PutObject", held, { as: plain, body: "x" })).message).toContain(
      "s3:PutObjectLegalHold",
    );
    const acl = { Bucket, Key: "t", ACL: "public-read" } as const;
    expect((await world.refused("PutObject", acl, { as: plain, body: "x" })).message).toContain("s3:PutObjectAcl");
  });

  test("the number of tags and the lock are shown only to who may see them", async () => {
    const plain = user("unseeing", "s3:GetObject");
    expect((await world.call("HeadObject", { Bucket, Key: "k" }, { as: plain })).TagCount).toBeUndefined();
    expect((await world.call("HeadObject", { Bucket, Key: "k" })).TagCount).toBe(1);
  });

  test("conditions on prefix, tags and headers", async () => {
    const home = world.user("home", [
      { Effect: "Allow", Action: "s3:ListBucket", Resource: "*", Condition: { StringLike: { "s3:prefix": "home/*" } } },
      {
        Effect: "Allow",
        Action: "s3:GetObject",
        Resource: "*",
        Condition: { StringEquals: { "s3:ExistingObjectTag/class": "open" } },
      },
      {
        Effect: "Allow",
        Action: "s3:PutObject",
        Resource: "*",
        Condition: { StringEquals: { "s3:x-amz-server-side-encryption": "AES256" } },
      },
    ]);
    await world.call("ListObjectsV2", { Bucket, Prefix: "home/x" }, { as: home });
    expect((await world.refused("ListObjectsV2", { Bucket }, { as: home })).code).toBe("AccessDenied");
    await world.call("GetObject", { Bucket, Key: "k" }, { as: home });
    await world.put(Bucket, "closed", "x", { Tagging: "class=closed" });
    expect((await world.refused("GetObject", { Bucket, Key: "closed" }, { as: home })).code).toBe("AccessDenied");
    expect((await world.refused("PutObject", { Bucket, Key: "n" }, { as: home, body: "x" })).code).toBe("AccessDenied");
    await world.call("PutObject", { Bucket, Key: "n", ServerSideEncryption: "AES256" }, { as: home, body: "x" });
  });
});

describe("bucket policies", () => {
  test("open a bucket to everybody, and to another account", async () => {
    expect((await world.refused("GetObject", { Bucket, Key: "k" }, { as: ANONYMOUS })).code).toBe("AccessDenied");
    policy(allow("s3:GetObject"));
    await world.call("GetObject", { Bucket, Key: "k" }, { as: ANONYMOUS });
    await world.call("GetObject", { Bucket, Key: "k" }, { as: OTHER_ROOT });
    expect((await world.refused("PutObject", { Bucket, Key: "k" }, { as: ANONYMOUS, body: "x" })).code).toBe(
      "AccessDenied",
    );
  });

  test("conditions on the tags of the object", async () => {
    policy(allow("s3:GetObject", { Condition: { StringEquals: { "s3:ExistingObjectTag/class": "open" } } }));
    await world.call("GetObject", { Bucket, Key: "k" }, { as: ANONYMOUS });
    await world.put(Bucket, "closed", "x");
    expect((await world.refused("GetObject", { Bucket, Key: "closed" }, { as: ANONYMOUS })).code).toBe("AccessDenied");
  });

  test("an explicit denial beats the owner's own root", async () => {
    policy({ ...allow("s3:GetObject"), Effect: "Deny" });
    expect((await world.refused("GetObject", { Bucket, Key: "k" }, { as: ROOT })).code).toBe("AccessDenied");
  });

  test("RestrictPublicBuckets takes a public policy away from everybody outside", async () => {
    policy(allow("s3:GetObject"));
    world.planes.configure(Bucket, { publicAccessBlock: { RestrictPublicBuckets: true } });
    expect((await world.refused("GetObject", { Bucket, Key: "k" }, { as: ANONYMOUS })).code).toBe("AccessDenied");
    expect((await world.refused("GetObject", { Bucket, Key: "k" }, { as: OTHER_ROOT })).code).toBe("AccessDenied");
    await world.call("GetObject", { Bucket, Key: "k" });
  });

  test("a policy that cannot be read denies", async () => {
    world.planes.configure(Bucket, { policy: "{ broken" });
    expect((await world.refused("GetObject", { Bucket, Key: "k" })).code).toBe("AccessDenied");
  });
});

describe("access control lists", () => {
  const withAcls = () =>
    world.planes.configure(Bucket, {
      ownershipControls: { Rules: [{ ObjectOwnership: "ObjectWriter" }] },
      publicAccessBlock: undefined,
    });

  test("are refused while they are disabled, except for what holds anyway", async () => {
    const put = (ACL: S3.ObjectCannedACL) => ({ Bucket, Key: "k", ACL });
    expect(await world.refused("PutObject", put("public-read"), { body: "x" })).toMatchObject({
      code: "AccessControlListNotSupported",
      statusCode: 400,
    });
    await world.call("PutObject", put("private"), { body: "x" });
    await world.call("PutObject", put("bucket-owner-full-control"), { body: "x" });
    expect((await world.refused("PutObjectAcl", put("public-read"))).code).toBe("AccessControlListNotSupported");
    expect((await world.call("GetObjectAcl", { Bucket, Key: "k" })).Grants).toHaveLength(1);
  });

  test("open single objects to the public, to all accounts, to one account", async () => {
    withAcls();
    await world.put(Bucket, "open", "x", { ACL: "public-read" });
    await world.call("GetObject", { Bucket, Key: "open" }, { as: ANONYMOUS });
    expect((await world.refused("GetObject", { Bucket, Key: "k" }, { as: ANONYMOUS })).code).toBe("AccessDenied");
    await world.put(Bucket, "members", "x", { ACL: "authenticated-read" });
    await world.call("GetObject", { Bucket, Key: "members" }, { as: OTHER_ROOT });
    expect((await world.refused("GetObject", { Bucket, Key: "members" }, { as: ANONYMOUS })).code).toBe("AccessDenied");
    await world.put(Bucket, "granted", "x", { GrantRead: `id="${"b".repeat(64)}"` });
    await world.call("GetObject", { Bucket, Key: "granted" }, { as: OTHER_ROOT });
    expect((await world.refused("GetObjectAcl", { Bucket, Key: "granted" }, { as: OTHER_ROOT })).code).toBe(
      "AccessDenied",
    );
  });

  test("IgnorePublicAcls and BlockPublicAcls", async () => {
    withAcls();
    await world.put(Bucket, "open", "x", { ACL: "public-read" });
    world.planes.configure(Bucket, { publicAccessBlock: { IgnorePublicAcls: true, BlockPublicAcls: true } });
    expect((await world.refused("GetObject", { Bucket, Key: "open" }, { as: ANONYMOUS })).code).toBe("AccessDenied");
    expect((await world.refused("PutObject", { Bucket, Key: "n", ACL: "public-read" }, { body: "x" })).code).toBe(
      "AccessDenied",
    );
    expect((await world.refused("PutObjectAcl", { Bucket, Key: "k", ACL: "public-read" })).code).toBe("AccessDenied");
  });

  test("an object belongs to who wrote it, until the bucket's owner enforces its own", async () => {
    withAcls();
    world.planes.configure(Bucket, {
      acl: {
        Owner: { ID: "a".repeat(64) },
        Grants: [
          { Grantee: { Type: "CanonicalUser", ID: "a".repeat(64) }, Permission: "FULL_CONTROL" },
          { Grantee: { Type: "CanonicalUser", ID: "b".repeat(64) }, Permission: "WRITE" },
        ],
      },
    });
    await world.call("PutObject", { Bucket, Key: "theirs" }, { as: OTHER_ROOT, body: "x" });
    expect((await world.refused("GetObject", { Bucket, Key: "theirs" }, { as: ROOT })).code).toBe("AccessDenied");
    await world.call("GetObject", { Bucket, Key: "theirs" }, { as: OTHER_ROOT });
    // Nor does the bucket's policy open it.
    policy(allow("s3:GetObject"));
    expect((await world.refused("GetObject", { Bucket, Key: "theirs" }, { as: ANONYMOUS })).code).toBe("AccessDenied");
    await world.call("GetObject", { Bucket, Key: "k" }, { as: ANONYMOUS });
    // The owner of the bucket may always delete.
    await world.call("DeleteObject", { Bucket, Key: "theirs" }, { as: ROOT });
    const shared = { Bucket, Key: "shared", ACL: "bucket-owner-full-control" } as const;
    await world.call("PutObject", shared, { as: OTHER_ROOT, body: "x" });
    await world.call("GetObject", { Bucket, Key: "shared" }, { as: ROOT });
    expect((await world.call("GetObjectAcl", { Bucket, Key: "shared" }, { as: ROOT })).Owner?.ID).toBe("b".repeat(64));
    world.planes.configure(Bucket, { ownershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] } });
    await world.call("GetObject", { Bucket, Key: "shared" }, { as: ROOT });
  });
});

test("Requester Pays: others say that they pay, and nobody cannot", async () => {
  policy(allow("s3:GetObject"));
  world.planes.configure(Bucket, { requestPayment: { Payer: "Requester" } });
  expect((await world.refused("GetObject", { Bucket, Key: "k" }, { as: OTHER_ROOT })).code).toBe("AccessDenied");
  await world.call("GetObject", { Bucket, Key: "k", RequestPayer: "requester" }, { as: OTHER_ROOT });
  const anonymous = await world.refused(
    "GetObject",
    { Bucket, Key: "k", RequestPayer: "requester" },
    { as: ANONYMOUS },
  );
  expect(anonymous.code).toBe("AccessDenied");
  await world.call("GetObject", { Bucket, Key: "k" });
});

test("the expected owner is checked before anything else", async () => {
  await world.call("GetObject", { Bucket, Key: "k", ExpectedBucketOwner: ACCOUNT });
  const other = { Bucket, Key: "k", ExpectedBucketOwner: OTHER_ACCOUNT };
  expect((await world.refused("GetObject", other)).code).toBe("AccessDenied");
});
