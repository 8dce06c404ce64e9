/** A catalog in memory and a control plane that decides on the spot, for tests of operations. */
import type {
  AccountId,
  BucketId,
  BucketSections,
  Command,
  CommandOrigin,
  CommandOutcome,
  EventId,
  UserRecord,
} from "#contracts";
import { type ControlPlane, ControlPlaneUnavailable } from "#data-plane/link";
import { decideResource, MemoryCatalog } from "#data-plane/link/testing";

/** What the two planes of a test share. */
export class FakePlanes extends MemoryCatalog implements ControlPlane {
  readonly #now: () => number;
  #events = 0;
  /** False: no command gets through. */
  connected = true;
  /** Commands in the order in which they arrived, with their actor. */
  readonly commands: { readonly command: Command; readonly origin: CommandOrigin }[] = [];

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  addAccount(accountId: AccountId, canonicalUserId: string): void {
    this.put({
      kind: "account",
      accountId,
      name: `account ${accountId}`,
      canonicalUserId,
      createdAt: this.#now(),
    });
  }
  addUser(user: UserRecord): void {
    this.put(user);
  }
  /** An active key of the account's root user. */
  addKey(accessKeyId: string, accountId: AccountId, secret: string): void {
    const owner = { type: "root" } as const;
    this.put({
      kind: "accessKey",
      accessKeyId,
      accountId,
      owner,
      status: "Active",
      sealedSecret: secret,
      createdAt: this.#now(),
    });
  }

  /** Puts sections as if an operation had done so. */
  configure(name: string, sections: Partial<BucketSections>): void {
    const bucket = this.bucket(name)!;
    this.put({ ...bucket, sections: { ...bucket.sections, ...sections } });
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
        const existing = this.bucket(command.name);
        if (existing !== undefined) {
          // As the real one: the owner's second attempt in us-east-1 succeeds.
          if (existing.accountId === command.accountId && existing.region === "us-east-1") {
            return done({ bucketId: existing.bucketId });
          }
          const code = existing.accountId === command.accountId ? "BucketAlreadyOwnedByYou" : "BucketAlreadyExists";
          return { ok: false, code, message: code };
        }
        const bucketId = `bucket-${this.#events + 1}` as BucketId;
        this.put({
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
        if (this.bucket(command.name) === undefined) return { ok: false, code: "NoSuchBucket", message: "gone" };
        this.remove("bucket", command.name);
        return done({});
      case "bucket.configure": {
        const bucket = this.bucket(command.name);
        if (bucket === undefined) return { ok: false, code: "NoSuchBucket", message: "gone" };
        const { [command.section]: _old, ...rest } = bucket.sections;
        const value: unknown = command.value === null ? undefined : JSON.parse(JSON.stringify(command.value));
        this.put({
          ...bucket,
          // As the real one: for good.
          objectLockEnabled: bucket.objectLockEnabled || (command.section === "objectLock" && value !== undefined),
          sections: value === undefined ? rest : { ...rest, [command.section]: value },
        });
        return done({});
      }
      case "queue.create":
      case "queue.configure":
      case "queue.delete":
      case "table.create":
      case "table.configure":
      case "table.delete":
        return decideResource(this, command, this.#now());
      default:
        return { ok: false, code: "Internal", message: `the fake control plane does not know ${command.type}` };
    }
  }
}
