/** A catalog in memory and a control plane that decides on the spot, for tests of operations. */
import type {
  AccessKeyRecord,
  AccountId,
  AccountRecord,
  BucketId,
  BucketRecord,
  BucketSections,
  CatalogChange,
  Command,
  CommandOrigin,
  CommandOutcome,
  EventId,
  UserRecord,
} from "#contracts";
import { type Catalog, type ControlPlane, ControlPlaneUnavailable } from "#data-plane/link";

/** What the two planes of a test share. */
export class FakePlanes implements Catalog, ControlPlane {
  readonly #accounts = new Map<string, AccountRecord>();
  readonly #keys = new Map<string, AccessKeyRecord>();
  readonly #users = new Map<string, UserRecord>();
  readonly #buckets = new Map<string, BucketRecord>();
  readonly #listeners = new Set<(changes: readonly CatalogChange[]) => void>();
  readonly #now: () => number;
  #events = 0;
  /** False: no command gets through. */
  connected = true;
  /** Commands in the order in which they arrived, with their actor. */
  readonly commands: { readonly command: Command; readonly origin: CommandOrigin }[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  get appliedThrough(): EventId {
    return this.#events as EventId;
  }
  addAccount(accountId: AccountId, canonicalUserId: string): void {
    this.#accounts.set(accountId, {
      kind: "account",
      accountId,
      name: `account ${accountId}`,
      canonicalUserId,
      createdAt: this.#now(),
    });
  }
  addUser(user: UserRecord): void {
    this.#users.set(`${user.accountId}/${user.userName}`, user);
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
  /** An active key of the account's root user. */
  addKey(accessKeyId: string, accountId: AccountId, secret: string): void {
    const owner = { type: "root" } as const;
    this.#keys.set(accessKeyId, {
      kind: "accessKey",
      accessKeyId,
      accountId,
      owner,
      status: "Active",
      sealedSecret: secret,
      createdAt: this.#now(),
    });
  }
  accessKey(accessKeyId: string): AccessKeyRecord | undefined {
    return this.#keys.get(accessKeyId);
  }
  /** Nothing is sealed here. */
  secretOf(accessKeyId: string): string | undefined {
    return this.#keys.get(accessKeyId)?.sealedSecret;
  }
  bucket(name: string): BucketRecord | undefined {
    return this.#buckets.get(name);
  }
  bucketsOf(accountId: AccountId): readonly BucketRecord[] {
    return [...this.#buckets.values()]
      .filter((bucket) => bucket.accountId === accountId)
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }
  buckets(): Iterable<BucketRecord> {
    return this.#buckets.values();
  }
  onChange(listener: (changes: readonly CatalogChange[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  async whenApplied(): Promise<void> {}

  /** Puts sections as if an operation had done so. */
  configure(name: string, sections: Partial<BucketSections>): void {
    const bucket = this.#buckets.get(name)!;
    this.#put({ ...bucket, sections: { ...bucket.sections, ...sections } });
  }

  #put(record: BucketRecord): void {
    this.#buckets.set(record.name, record);
    for (const listener of this.#listeners) listener([{ change: "upsert", key: record.name, record }]);
  }

  async execute<C extends Command>(command: C, origin: CommandOrigin): Promise<CommandOutcome<C["type"]>> {
    if (!this.connected) throw new ControlPlaneUnavailable("no change stream is open");
    this.commands.push({ command, origin });
    return this.#decide(command) as CommandOutcome<C["type"]>;
  }

  #decide(command: Command): CommandOutcome {
    const done = (result: object): CommandOutcome => ({
      ok: true,
      eventId: ++this.#events as EventId,
      result: result as { readonly bucketId: BucketId },
    });
    switch (command.type) {
      case "bucket.create": {
        const existing = this.#buckets.get(command.name);
        if (existing !== undefined) {
          // As the real one: the owner's second attempt in us-east-1 succeeds.
          if (existing.accountId === command.accountId && existing.region === "us-east-1") {
            return done({ bucketId: existing.bucketId });
          }
          const code = existing.accountId === command.accountId ? "BucketAlreadyOwnedByYou" : "BucketAlreadyExists";
          return { ok: false, code, message: code };
        }
        const bucketId = `bucket-${this.#events + 1}` as BucketId;
        this.#put({
          kind: "bucket",
          bucketId,
          name: command.name,
          accountId: command.accountId,
          region: command.region,
          createdAt: this.#now(),
          objectLockEnabled: command.objectLockEnabled,
          sections: JSON.parse(JSON.stringify(command.sections)) as BucketSections,
        });
        return done({ bucketId });
      }
      case "bucket.delete":
        if (!this.#buckets.delete(command.name)) return { ok: false, code: "NoSuchBucket", message: "gone" };
        return done({});
      case "bucket.configure": {
        const bucket = this.#buckets.get(command.name);
        if (bucket === undefined) return { ok: false, code: "NoSuchBucket", message: "gone" };
        const { [command.section]: _old, ...rest } = bucket.sections;
        const value: unknown = command.value === null ? undefined : JSON.parse(JSON.stringify(command.value));
        this.#put({
          ...bucket,
          // As the real one: for good.
          objectLockEnabled: bucket.objectLockEnabled || (command.section === "objectLock" && value !== undefined),
          sections: value === undefined ? rest : { ...rest, [command.section]: value },
        });
        return done({});
      }
      default:
        return { ok: false, code: "Internal", message: `the fake control plane does not know ${command.type}` };
    }
  }
}
