/** A catalog in memory whose secrets are not sealed, for tests of the front door. */
import type { AccessKeyRecord, AccountId, BucketId, BucketRecord, Region, UserRecord } from "#contracts";
import { MemoryCatalog } from "#data-plane/link/testing";

export const ACCOUNT = "111122223333" as AccountId;
export const OTHER_ACCOUNT = "444455556666" as AccountId;

export class FakeCatalog extends MemoryCatalog {
  addAccount(accountId: AccountId): void {
    this.put({
      kind: "account",
      accountId,
      name: accountId,
      canonicalUserId: accountId.padStart(64, "c"),
      createdAt: 0,
    });
  }

  removeAccount(accountId: AccountId): void {
    this.remove("account", accountId);
  }

  putUser(userName: string, fields: Partial<UserRecord> = {}): UserRecord {
    const record: UserRecord = {
      kind: "user",
      accountId: ACCOUNT,
      entityId: `AIDA${userName.toUpperCase()}`,
      name: userName,
      path: "/",
      createdAt: 0,
      modifiedAt: 0,
      revision: 1,
      sections: {},
      ...fields,
    };
    this.put(record);
    return record;
  }

  removeUser(userName: string): void {
    this.remove("user", `AIDA${userName.toUpperCase()}`);
  }

  /** @returns the credential of the key */
  putKey(
    accessKeyId: string,
    fields: Partial<AccessKeyRecord> = {},
  ): { readonly accessKeyId: string; readonly secretAccessKey: string } {
    const secretAccessKey = `secret of ${accessKeyId}`;
    this.put({
      kind: "accessKey",
      accessKeyId,
      accountId: ACCOUNT,
      owner: { type: "root" },
      status: "Active",
      sealedSecret: secretAccessKey,
      createdAt: 0,
      ...fields,
    });
    return { accessKeyId, secretAccessKey };
  }

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
