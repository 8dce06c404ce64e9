/** From an operation and its input to the questions that the policy evaluator must answer with yes. */
import type { AccountId } from "#contracts";
import type { AccessRequest, CallContext, Caller } from "#data-plane/service";
import type { S3 } from "#foundation/aws";
import type { CompiledPolicy } from "#foundation/policy";
import type { ObjectVersion, Tag } from "../engine/port.ts";
import { accessDenied, noSuchBucket } from "../errors.ts";
import {
  type ConditionInput,
  type ConditionSource,
  type ConditionValues,
  conditionValues,
} from "../rules/access/condition-keys.ts";
import { type AccessEntry, type FurtherInput, S3_ACCESS } from "../rules/access/table.ts";
import { aclGrants, bucketPermission, objectPermission } from "../rules/acl/evaluate.ts";
import { type AccessControl, ownerOnly } from "../rules/acl/grants.ts";
import { parseCopySource } from "../rules/copy-source.ts";
import { type BucketView, viewOf } from "./bucket-view.ts";
import type { ObjectsEnvironment } from "./environment.ts";

/** What this room reads of any input. */
export interface AccessInput extends ConditionInput, FurtherInput {
  readonly Bucket?: string;
  readonly Key?: string;
  readonly ExpectedBucketOwner?: string;
  readonly ExpectedSourceBucketOwner?: string;
  readonly RequestPayer?: string;
}

/** One question; its condition keys are computed only when a policy asks for one. */
class Question implements AccessRequest {
  readonly action: string;
  readonly resource: string;
  readonly resourceAccount: AccountId;
  readonly resourcePolicy: CompiledPolicy | undefined;
  readonly grantedByAcl: boolean;
  readonly #input: ConditionSource;
  readonly #now: number;
  readonly #tags: readonly Tag[] | undefined;
  #conditions: ConditionValues | undefined;

  constructor(
    action: string,
    resource: string,
    account: AccountId,
    policy: CompiledPolicy | undefined,
    grantedByAcl: boolean,
    input: ConditionSource,
    now: number,
    tags: readonly Tag[] | undefined,
  ) {
    this.action = action;
    this.resource = resource;
    this.resourceAccount = account;
    this.resourcePolicy = policy;
    this.grantedByAcl = grantedByAcl;
    this.#input = input;
    this.#now = now;
    this.#tags = tags;
  }

  get conditions(): ConditionValues {
    this.#conditions ??= conditionValues(this.#input, this.#now, this.#tags);
    return this.#conditions;
  }
}

const accountOf = (caller: Caller): AccountId | undefined =>
  caller.type === "anonymous" ? undefined : caller.accountId;
const canonicalOf = (caller: Caller): string | undefined =>
  caller.type === "anonymous" ? undefined : caller.canonicalUserId;

/** Actions that the owner of the bucket decides about, whoever owns the object. */
const BUCKET_OWNERS_ACTIONS: ReadonlySet<string> = new Set([
  "s3:PutObject",
  "s3:DeleteObject",
  "s3:DeleteObjectVersion",
  "s3:AbortMultipartUpload",
  "s3:ListMultipartUploadParts",
]);

export class AccessQuestions {
  readonly #environment: ObjectsEnvironment;

  constructor(environment: ObjectsEnvironment) {
    this.#environment = environment;
  }

  /**
   * The view of a bucket that exists and, where the client says whose it must be, is that account's.
   * @throws AwsError NoSuchBucket, AccessDenied
   */
  bucket(name: string | undefined, expectedOwner?: string): BucketView {
    const record = name === undefined ? undefined : this.#environment.catalog.bucket(name);
    if (record === undefined) throw noSuchBucket(name ?? "");
    if (expectedOwner !== undefined && expectedOwner !== record.accountId) throw accessDenied();
    return viewOf(record);
  }

  /** All questions of one call. Asynchronous only where an object must be looked at (its ACL, its tags). */
  of(
    operation: keyof S3.Operations,
    input: AccessInput,
    context: CallContext,
  ): readonly AccessRequest[] | Promise<readonly AccessRequest[]> {
    const entry = S3_ACCESS[operation];
    if (entry.on === "account" || operation === "CreateBucket") return this.#accountQuestions(entry, input, context);
    const view = this.bucket(input.Bucket, input.ExpectedBucketOwner);
    // Each key of DeleteObjects is asked about when it is deleted, so that one refusal does not refuse the others.
    if (entry.perKey === true) return [];
    if (entry.readsCopySource === true) return this.#copyQuestions(entry, view, input, context);
    return this.#questions(entry, view, input, context);
  }

  /** One question about an object, for operations that ask by themselves. */
  async ask(
    action: string,
    view: BucketView,
    input: AccessInput,
    context: CallContext,
    version?: ObjectVersion,
  ): Promise<AccessRequest> {
    const [question] = await this.#questions({ on: "object", action }, view, input, context, version);
    return question!;
  }

  /** Whether the caller may list the bucket: who may not is not told which keys are missing. */
  mayList(view: BucketView, context: CallContext): boolean {
    return context.decide(this.#onBucket("s3:ListBucket", view, {}, context)).allowed;
  }

  #accountQuestions(entry: AccessEntry, input: AccessInput, context: CallContext): readonly AccessRequest[] {
    const account = accountOf(context.caller);
    if (account === undefined) throw accessDenied();
    // Not `*`: policies speak of all buckets as `arn:aws:s3:::*` too (S3 User Guide, "Identity-based policy examples for Amazon S3").
    const resource = `arn:aws:s3:::${input.Bucket ?? "*"}`;
    // What is listed are buckets: the prefix of their names is not `s3:prefix`.
    const facts = entry.on === "account" ? {} : input;
    return actionsOf(entry, input).map(
      (action) => new Question(action, resource, account, undefined, false, facts, context.now, undefined),
    );
  }

  async #copyQuestions(
    entry: AccessEntry,
    view: BucketView,
    input: AccessInput,
    context: CallContext,
  ): Promise<readonly AccessRequest[]> {
    const source = parseCopySource(input.CopySource ?? "");
    const sourceView = this.bucket(source.bucket, input.ExpectedSourceBucketOwner);
    const read: AccessEntry = { on: "object", action: "s3:GetObject", versionAction: "s3:GetObjectVersion" };
    const { RequestPayer } = input;
    const sourceInput = { Bucket: source.bucket, Key: source.key, VersionId: source.versionId, RequestPayer };
    const reading = await this.#questions(read, sourceView, sourceInput, context);
    return [...reading, ...(await this.#questions(entry, view, input, context))];
  }

  #questions(
    entry: AccessEntry,
    view: BucketView,
    input: AccessInput,
    context: CallContext,
    version?: ObjectVersion,
  ): readonly AccessRequest[] | Promise<readonly AccessRequest[]> {
    if (this.#isShutOut(view, context.caller) || refusesToPay(view, input, context.caller)) throw accessDenied();
    if (entry.on === "bucket") {
      return actionsOf(entry, input).map((action) => this.#onBucket(action, view, input, context));
    }
    if (version !== undefined || !this.#needsObject(view, context)) {
      return this.#onObject(entry, view, input, context, version);
    }
    return this.#environment.engine
      .head(view.record.bucketId, input.Key ?? "", input.VersionId)
      .then((found) => this.#onObject(entry, view, input, context, found));
  }

  /** RestrictPublicBuckets: a public policy counts for nobody outside the account. */
  #isShutOut(view: BucketView, caller: Caller): boolean {
    return (
      view.publicAccess.restrictPublicBuckets && accountOf(caller) !== view.record.accountId && view.policyIsPublic
    );
  }

  /** Whether the object itself (owner, ACL, tags) can decide about access. */
  #needsObject(view: BucketView, context: CallContext): boolean {
    return !view.aclsDisabled || view.policyReadsTags || context.asksFor("s3:existingobjecttag/");
  }

  #onBucket(action: string, view: BucketView, input: AccessInput, context: CallContext): Question {
    return new Question(
      action,
      view.arn,
      view.record.accountId,
      view.policy,
      this.#bucketAclGrants(action, view, context.caller),
      input,
      context.now,
      undefined,
    );
  }

  #bucketAclGrants(action: string, view: BucketView, caller: Caller): boolean {
    if (view.aclsDisabled || accountOf(caller) === view.record.accountId) return false;
    const permission = bucketPermission(action);
    if (permission === undefined || view.acl === undefined) return false;
    return aclGrants(view.acl, canonicalOf(caller), permission, view.publicAccess.ignorePublicAcls);
  }

  #onObject(
    entry: AccessEntry,
    view: BucketView,
    input: AccessInput,
    context: CallContext,
    version: ObjectVersion | undefined,
  ): readonly AccessRequest[] {
    const resource = `${view.arn}/${input.Key ?? ""}`;
    const { caller, now } = context;
    return actionsOf(entry, input).map((action) => {
      // With ACLs, an object belongs to whoever wrote it; the bucket's policy does not speak for it.
      const foreign =
        version !== undefined &&
        !view.aclsDisabled &&
        version.owner !== view.record.accountId &&
        !BUCKET_OWNERS_ACTIONS.has(action);
      return new Question(
        action,
        resource,
        foreign ? version.owner : view.record.accountId,
        foreign ? undefined : view.policy,
        // Who may write through the bucket's ACL will own the object, and may say what its ACL is.
        this.#objectAclGrants(entry.action === "s3:PutObject" ? entry.action : action, view, version, caller),
        input,
        now,
        version?.tags,
      );
    });
  }

  #objectAclGrants(action: string, view: BucketView, version: ObjectVersion | undefined, caller: Caller): boolean {
    if (view.aclsDisabled) return false;
    if (this.#bucketAclGrants(action, view, caller)) return true;
    const permission = objectPermission(action);
    if (permission === undefined || version === undefined || accountOf(caller) === version.owner) return false;
    const acl = (version.acl as AccessControl | undefined) ?? ownerOnly(this.canonicalId(version.owner));
    return aclGrants(acl, canonicalOf(caller), permission, view.publicAccess.ignorePublicAcls);
  }

  /** Canonical user id of an account; empty for one that is gone. */
  canonicalId(account: AccountId): string {
    return this.#environment.catalog.account(account)?.canonicalUserId ?? "";
  }
}

/** Requester Pays: others than the owner say with every request that they pay; who is nobody cannot pay. */
function refusesToPay(view: BucketView, input: AccessInput, caller: Caller): boolean {
  if (!view.requesterPays || accountOf(caller) === view.record.accountId) return false;
  return caller.type === "anonymous" || input.RequestPayer !== "requester";
}

function actionsOf(entry: AccessEntry, input: AccessInput): readonly string[] {
  const action =
    entry.versionAction !== undefined && input.VersionId !== undefined ? entry.versionAction : entry.action;
  if (entry.further === undefined) return [action];
  return [action, ...entry.further.filter(({ when }) => when(input)).map((further) => further.action)];
}
