import { expect, test } from "bun:test";
import { objectsOperationNames } from "#data-plane/objects";
import { loadServiceModel, type S3 } from "#foundation/aws";
import { conditionValues } from "./condition-keys.ts";
import { CONDITION_MEMBERS, conditionKeysOf, KEYS_OF_MEMBERS } from "./operation-keys.ts";

/** Members of another thing than the one that is asked about, which nothing is read from; and those that come from a copy source. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  ListBuckets: ["Prefix"],
  PutBucketTagging: ["Tagging"],
};
const FROM_SOURCE: Readonly<Record<string, readonly string[]>> = {
  CopyObject: ["VersionId"],
  UploadPartCopy: ["VersionId"],
  DeleteObjects: ["VersionId"],
};

test("each operation names the members that its input has", async () => {
  const model = await loadServiceModel("s3");
  for (const name of objectsOperationNames as readonly (keyof S3.Operations)[]) {
    const { input } = model.operation(name) as unknown as {
      readonly input: { readonly members?: readonly { readonly name: string }[] };
    };
    const members = (input.members ?? []).map((member) => member.name).filter((member) => member in KEYS_OF_MEMBERS);
    const expected = members.filter((member) => LEFT_OUT[name]?.includes(member) !== true);
    const said: readonly string[] = CONDITION_MEMBERS[name] ?? [];
    expect({ name, members: [...said].sort() }).toEqual({
      name,
      members: [...expected, ...(FROM_SOURCE[name] ?? [])].sort(),
    });
  }
});

test("each member gives the keys that are said of it, and no others", () => {
  const date = new Date(0);
  const inputs: Readonly<Record<keyof typeof KEYS_OF_MEMBERS, unknown>> = {
    ...(Object.fromEntries(Object.keys(KEYS_OF_MEMBERS).map((member) => [member, "x"])) as Record<
      keyof typeof KEYS_OF_MEMBERS,
      string
    >),
    MaxKeys: 1,
    ObjectLockRetainUntilDate: date,
    CreateBucketConfiguration: { LocationConstraint: "eu-west-1" },
    Tagging: "a=b",
    Retention: { Mode: "GOVERNANCE", RetainUntilDate: date },
    LegalHold: { Status: "ON" },
  };
  for (const [member, value] of Object.entries(inputs)) {
    const values = Object.entries(conditionValues({ Key: "k", [member]: value }, 0, undefined));
    const given = values.filter(([, each]) => each !== undefined).map(([key]) => key);
    const said = KEYS_OF_MEMBERS[member as keyof typeof KEYS_OF_MEMBERS].map((key) =>
      key.toLowerCase().replace("${tagkey}", "a"),
    );
    expect([member, ...given.sort()]).toEqual([member, ...[...said].sort()]);
  }
  // Tags of a bucket are not those of an object.
  expect(conditionValues({ Tagging: { TagSet: [{ Key: "a", Value: "b" }] } }, 0, undefined)).not.toHaveProperty(
    "s3:requestobjecttagkeys",
  );
});

test("conditionKeysOf()", () => {
  expect(conditionKeysOf("ListObjectsV2")).toEqual([
    "s3:authType",
    "s3:delimiter",
    "s3:max-keys",
    "s3:prefix",
    "s3:signatureAge",
    "s3:signatureversion",
    "s3:x-amz-content-sha256",
  ]);
  expect(conditionKeysOf("DeleteObject")).toContain("s3:ExistingObjectTag/${TagKey}");
});
