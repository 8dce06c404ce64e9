/** A catalog in memory whose secrets are not sealed, for tests of the front door. */
import type { BucketId, BucketRecord, Region } from "#contracts";
import { ACCOUNT, IdentityCatalog, OTHER_ACCOUNT } from "#data-plane/principals/testing";

export { ACCOUNT, OTHER_ACCOUNT };

export class FakeCatalog extends IdentityCatalog {
  putBucket(name: string, fields: Partial<BucketRecord> = {}): BucketRecord {
    const record: BucketRecord = {
      kind: "bucket",
      bucketId: `id of ${name}` as BucketId,
      name,
      accountId: ACCOUNT,
      region: "us-east-1" as Region,
      createdAt: 0,
      objectLockEnabled: false,
      sections: {},
      ...fields,
    };
    this.put(record);
    return record;
  }
}
