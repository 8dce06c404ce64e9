/**
 * A bucket's record as the operations ask it: sections parsed and compiled once.
 *
 * Records are immutable and replaced whole, so that a record's identity is the key of the cache and nothing has to be invalidated.
 */
import type { BucketRecord } from "#contracts";
import { compileResourcePolicy } from "#data-plane/principals";
import type { S3 } from "#foundation/aws";
import { type CompiledPolicy, isPublicPolicy, parsePolicy } from "#foundation/policy";
import type { VersioningState } from "../engine/port.ts";
import { type ObjectOwnership, OPEN, type PublicAccessBlock } from "../rules/acl/evaluate.ts";
import type { AccessControl } from "../rules/acl/grants.ts";
import { type CorsRules, compileCors } from "../rules/cors/match.ts";
import { type CompiledRule, compileLifecycle, type StoredLifecycle } from "../rules/lifecycle/compile.ts";
import { compileNotifications, type Notifications } from "../rules/notifications/compile.ts";
import type { LockConfiguration } from "../rules/object-lock.ts";

function isPublicText(text: string): boolean {
  try {
    return isPublicPolicy(parsePolicy(text, "resource"));
  } catch {
    return false;
  }
}

function publicAccessOf(section: S3.PublicAccessBlockConfiguration | undefined): PublicAccessBlock {
  if (section === undefined) return OPEN;
  return {
    blockPublicAcls: section.BlockPublicAcls === true,
    ignorePublicAcls: section.IgnorePublicAcls === true,
    blockPublicPolicy: section.BlockPublicPolicy === true,
    restrictPublicBuckets: section.RestrictPublicBuckets === true,
  };
}

/** Computes a value when it is first asked for. */
class Lazy<Value> {
  readonly #compute: () => Value;
  #value: { readonly value: Value } | undefined;
  constructor(compute: () => Value) {
    this.#compute = compute;
  }
  get(): Value {
    this.#value ??= { value: this.#compute() };
    return this.#value.value;
  }
}

export class BucketView {
  readonly record: BucketRecord;
  readonly arn: string;
  readonly versioning: VersioningState;
  readonly ownership: ObjectOwnership;
  readonly publicAccess: PublicAccessBlock;
  /** The ACL as last put; undefined stands for "the owner has full control". */
  readonly acl: AccessControl | undefined;
  /** Objects without their own wish are encrypted with SSE-S3. */
  readonly encryptsByDefault: boolean;
  readonly requesterPays: boolean;
  readonly lock: LockConfiguration | undefined;
  readonly website: S3.WebsiteConfiguration | undefined;
  readonly #policy: Lazy<CompiledPolicy | undefined>;
  readonly #policyIsPublic: Lazy<boolean>;
  readonly #policyReadsTags: Lazy<boolean>;
  readonly #cors: Lazy<CorsRules | undefined>;
  readonly #lifecycle: Lazy<readonly CompiledRule[]>;
  readonly #notifications: Lazy<Notifications | undefined>;

  constructor(record: BucketRecord) {
    const { sections } = record;
    const versioning = sections.versioning as S3.VersioningConfiguration | undefined;
    const ownership = sections.ownershipControls as S3.OwnershipControls | undefined;
    const encryption = sections.encryption as S3.ServerSideEncryptionConfiguration | undefined;
    const cors = sections.cors as S3.CORSConfiguration | undefined;
    const { policy, policyPrincipals } = sections;
    this.record = record;
    this.arn = `arn:aws:s3:::${record.name}`;
    this.versioning = versioning?.Status ?? "Off";
    // Without ownership controls (they were deleted) S3 falls back to the rule of before 2023: the writer owns the object.
    this.ownership = ownership?.Rules[0]?.ObjectOwnership ?? "ObjectWriter";
    this.publicAccess = publicAccessOf(sections.publicAccessBlock as S3.PublicAccessBlockConfiguration | undefined);
    this.acl = sections.acl as AccessControl | undefined;
    this.encryptsByDefault = encryption?.Rules[0]?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm === "AES256";
    const payment = sections.requestPayment as S3.RequestPaymentConfiguration | undefined;
    this.requesterPays = payment?.Payer === "Requester";
    this.lock = sections.objectLock as LockConfiguration | undefined;
    this.website = sections.website as S3.WebsiteConfiguration | undefined;
    this.#policy = new Lazy(() => (policy === undefined ? undefined : compileResourcePolicy(policy, policyPrincipals)));
    this.#policyIsPublic = new Lazy(() => policy !== undefined && isPublicText(policy));
    this.#policyReadsTags = new Lazy(() => policy !== undefined && /existingobjecttag/i.test(policy));
    this.#cors = new Lazy(() => (cors === undefined ? undefined : compileCors(cors)));
    const notification = sections.notification as S3.NotificationConfiguration | undefined;
    this.#notifications = new Lazy(() => (notification === undefined ? undefined : compileNotifications(notification)));
    this.#lifecycle = new Lazy(() => compileLifecycle(sections.lifecycle as StoredLifecycle | undefined));
  }

  /** ACLs are switched off: only policies decide, and the bucket's owner owns every object. */
  get aclsDisabled(): boolean {
    return this.ownership === "BucketOwnerEnforced";
  }
  get policy(): CompiledPolicy | undefined {
    return this.#policy.get();
  }
  get policyIsPublic(): boolean {
    return this.#policyIsPublic.get();
  }
  /** The policy has a condition on tags that an object already has. */
  get policyReadsTags(): boolean {
    return this.#policyReadsTags.get();
  }
  get cors(): CorsRules | undefined {
    return this.#cors.get();
  }
  get lifecycle(): readonly CompiledRule[] {
    return this.#lifecycle.get();
  }
  /** Who is told of events; undefined when nobody is. */
  get notifications(): Notifications | undefined {
    return this.#notifications.get();
  }
}

const views = new WeakMap<BucketRecord, BucketView>();

/** The view of a record; made once. */
export function viewOf(record: BucketRecord): BucketView {
  let view = views.get(record);
  if (view === undefined) {
    view = new BucketView(record);
    views.set(record, view);
  }
  return view;
}
