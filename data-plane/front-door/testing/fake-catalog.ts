/** A catalog in memory whose secrets are not sealed, for tests of the front door. */
import type {
  AccessKeyRecord,
  AccountId,
  AccountRecord,
  BucketId,
  BucketRecord,
  EventId,
  Region,
  UserRecord,
} from "#contracts";
import type { Catalog } from "#data-plane/link";

export const ACCOUNT = "111122223333" as AccountId;
export const OTHER_ACCOUNT = "444455556666" as AccountId;

export class FakeCatalog implements Catalog {
  readonly appliedThrough = 1 as EventId;
  readonly #accounts = new Map<string, AccountRecord>();
  readonly #users = new Map<string, UserRecord>();
  readonly #keys = new Map<string, AccessKeyRecord>();
  readonly #buckets = new Map<string, BucketRecord>();

  addAccount(accountId: AccountId): void {
    this.#accounts.set(accountId, {
      kind: "account",
      accountId,
      name: accountId,
      canonicalUserId: accountId.padStart(64, "c"),
      createdAt: 0,
    });
  }

  removeAccount(accountId: AccountId): void {
    this.#accounts.delete(accountId);
  }

  putUser(userName: string, fields: Partial<UserRecord> = {}): UserRecord {
    const record: UserRecord = {
      kind: "user",
      accountId: ACCOUNT,
      userName,
      userId: `AIDA${userName.toUpperCase()}`,
      path: "/",
      inlinePolicies: {},
      createdAt: 0,
      ...fields,
    };
    this.#users.set(`${record.accountId}/${userName}`, record);
    return record;
  }

  removeUser(userName: string): void {
    this.#users.delete(`${ACCOUNT}/${userName}`);
  }

  /** @returns the credential of the key */
  putKey(
    accessKeyId: string,
    fields: Partial<AccessKeyRecord> = {},
  ): { readonly accessKeyId: string; readonly secretAccessKey: string } {
    const secretAccessKey = `secret of ${accessKeyId}`;
    this.#keys.set(accessKeyId, {
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
    this.#buckets.set(name, record);
    return record;
  }

  account(accountId: AccountId): AccountRecord | undefined {
    return this.#accounts.get(accountId);
  }
  accountByCanonicalId(canonicalUserId: string): AccountRecord | undefined {
    return [...this.#accounts.values()].find((account) => account.canonicalUserId === canonicalUserId);
  }
  user(accountId: AccountId, userName: string): UserRecord | undefined {
    return this.#users.get(`${accountId}/${userName}`);
  }
  accessKey(accessKeyId: string): AccessKeyRecord | undefined {
    return this.#keys.get(accessKeyId);
  }
  secretOf(accessKeyId: string): string | undefined {
    return this.#keys.get(accessKeyId)?.sealedSecret;
  }
  bucket(name: string): BucketRecord | undefined {
    return this.#buckets.get(name);
  }
  bucketsOf(accountId: AccountId): readonly BucketRecord[] {
    return [...this.#buckets.values()].filter((bucket) => bucket.accountId === accountId);
  }
  buckets(): Iterable<BucketRecord> {
    return this.#buckets.values();
  }
  onChange(): () => void {
    return () => {};
  }
  async whenApplied(): Promise<void> {}
}
