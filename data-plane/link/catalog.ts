/** What the rest of the data plane sees of the control plane's decisions. */
import type {
  AccessKeyRecord,
  AccountId,
  AccountRecord,
  BucketRecord,
  CatalogChange,
  Command,
  CommandOrigin,
  CommandOutcome,
  EventId,
  IdentityKind,
  IdentityRecord,
  IdentitySection,
  KeyOwner,
  MemberRecord,
  QueueRecord,
  Region,
  ResourceId,
  SessionClaims,
  TableRecord,
  UserRecord,
} from "#contracts";

/**
 * What a catalog holds. All look-ups are synchronous and O(1) or O(result); records are frozen and replaced, never changed, so identity can serve as a cache key.
 */
export interface CatalogLookups {
  account(accountId: AccountId): AccountRecord | undefined;
  accountByCanonicalId(canonicalUserId: string): AccountRecord | undefined;
  accessKey(accessKeyId: string): AccessKeyRecord | undefined;
  accessKeysOf(accountId: AccountId, owner: KeyOwner): readonly AccessKeyRecord[];
  user(accountId: AccountId, userName: string): UserRecord | undefined;
  /** An IAM entity, of this account only. */
  entity<Kind extends IdentityKind>(
    kind: Kind,
    accountId: AccountId,
    entityId: string,
  ): IdentityRecord<Kind> | undefined;
  /** Without regard to case, as names are unique. */
  entityByName<Kind extends IdentityKind>(
    kind: Kind,
    accountId: AccountId,
    name: string,
  ): IdentityRecord<Kind> | undefined;
  /** By name, in byte order. */
  entitiesOf<Kind extends IdentityKind>(kind: Kind, accountId: AccountId): readonly IdentityRecord<Kind>[];
  /** Entities whose section refers to the target (see `IDENTITY_REFERENCES`): to a managed policy by ARN, to a group or a role by id. In no particular order. */
  entitiesReferring<Kind extends IdentityKind>(
    kind: Kind,
    section: IdentitySection<Kind>,
    target: string,
  ): readonly IdentityRecord<Kind>[];
  member(accountId: AccountId, personId: string): MemberRecord | undefined;
  bucket(name: string): BucketRecord | undefined;
  /** By name, in byte order. */
  bucketsOf(accountId: AccountId): readonly BucketRecord[];
  buckets(): Iterable<BucketRecord>;
  queue(accountId: AccountId, region: Region, name: string): QueueRecord | undefined;
  queueById(queueId: ResourceId): QueueRecord | undefined;
  /** Of one region of one account, by name in byte order. */
  queuesOf(accountId: AccountId, region: Region): readonly QueueRecord[];
  queues(): Iterable<QueueRecord>;
  table(accountId: AccountId, region: Region, name: string): TableRecord | undefined;
  tableById(tableId: ResourceId): TableRecord | undefined;
  /** Of one region of one account, by name in byte order. */
  tablesOf(accountId: AccountId, region: Region): readonly TableRecord[];
  tables(): Iterable<TableRecord>;
}

/** The local catalog: answers from memory, persisted with its cursor, fed by the change stream. */
export interface Catalog extends CatalogLookups {
  /** The last event whose effects are in memory and on disk. */
  readonly appliedThrough: EventId;
  /** The secret of a key, opened once and cached; undefined when the key is unknown, or when the sealing key is not here. */
  secretOf(accessKeyId: string): string | undefined;
  /**
   * Makes the token of a session.
   * @throws ControlPlaneUnavailable while the sealing key is not here; RangeError when the claims are too large for a token
   */
  sealSession(claims: SessionClaims): string;
  /**
   * The claims of a token, whether it has expired or not; undefined when it was not made by this cloud for this access key.
   * @throws ControlPlaneUnavailable while the sealing key is not here
   */
  openSession(token: string, accessKeyId: string): SessionClaims | undefined;
  /** Called after a change is in memory and on disk. Returns the function that ends the subscription. */
  onChange(listener: (changes: readonly CatalogChange[]) => void): () => void;
  /** Resolves when the event is applied; rejects with ControlPlaneUnavailable when `timeoutMs` passes first. */
  whenApplied(eventId: EventId, timeoutMs: number): Promise<void>;
}

/** The way to the control plane for control operations. */
export interface ControlPlane {
  /** Whether a change stream is open now. */
  readonly connected: boolean;
  /**
   * Has the control plane decide and waits until the local catalog has applied the decision (read your writes).
   * A refusal is an outcome, not an exception.
   *
   * @throws ControlPlaneUnavailable when no change stream is open, or it ends before the outcome arrives, or the answer takes too long. The command may then have
   * been carried out or not; repeating it with the same idempotency key is safe.
   */
  execute<C extends Command>(command: C, origin: CommandOrigin): Promise<CommandOutcome<C["type"]>>;
}

/** Front doors answer it as the service's 503. */
export class ControlPlaneUnavailable extends Error {
  override readonly name = "ControlPlaneUnavailable";
}

/** The control plane has another data plane and does not let this one in; the message says what can be done. */
export class DataPlaneRefused extends Error {
  override readonly name = "DataPlaneRefused";
}
