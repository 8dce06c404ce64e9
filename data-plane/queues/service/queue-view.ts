/**
 * A queue's record as the operations ask it: attributes read and policies compiled once.
 *
 * Records are immutable and replaced whole, so that a record's identity is the key of the cache and nothing has to be invalidated.
 */
import type { QueueRecord } from "#contracts";
import type { CatalogLookups } from "#data-plane/link";
import { compileResourcePolicy, shownPolicy } from "#data-plane/principals";
import type { AccessRequest } from "#data-plane/service";
import type { CompiledPolicy } from "#foundation/policy";
import { defaultsOf, type NumberAttribute, type StoredAttributes } from "../rules/attribute-values.ts";
import { isFifoName, queueArn } from "../rules/queue-address.ts";
import {
  parseRedriveAllowPolicy,
  parseRedrivePolicy,
  type RedriveAllowPolicy,
  type RedrivePolicy,
} from "../rules/redrive.ts";
import type { Tags } from "../rules/tags.ts";

const DEFAULTS = { standard: defaultsOf(false), fifo: defaultsOf(true) };
const NO_TAGS: Tags = Object.freeze({});
const NO_ATTRIBUTES: StoredAttributes = Object.freeze({});

export class QueueView {
  readonly record: QueueRecord;
  readonly arn: string;
  readonly fifo: boolean;
  /** As set, without defaults. */
  readonly stored: StoredAttributes;
  readonly tags: Tags;
  readonly maxMessageBytes: number;
  readonly waitSeconds: number;
  readonly contentBasedDeduplication: boolean;
  /** Whether messages are encrypted before they are kept. */
  readonly encrypted: boolean;
  readonly redrive: RedrivePolicy | undefined;
  readonly #questions = new Map<string, readonly AccessRequest[]>();
  #policy: CompiledPolicy | null | undefined;

  constructor(record: QueueRecord) {
    this.record = record;
    const { region, accountId, name, sections } = record;
    this.arn = queueArn(region, accountId, name);
    this.fifo = isFifoName(name);
    this.stored = sections.attributes ?? NO_ATTRIBUTES;
    this.tags = sections.tags ?? NO_TAGS;
    this.maxMessageBytes = this.number("MaximumMessageSize");
    this.waitSeconds = this.number("ReceiveMessageWaitTimeSeconds");
    this.contentBasedDeduplication = this.stored.ContentBasedDeduplication === "true";
    this.encrypted = this.stored.SqsManagedSseEnabled === "true";
    this.redrive = this.stored.RedrivePolicy === undefined ? undefined : parseRedrivePolicy(this.stored.RedrivePolicy);
  }

  /** As set, or else the default. */
  attribute(name: string): string | undefined {
    return this.stored[name] ?? (this.fifo ? DEFAULTS.fifo : DEFAULTS.standard)[name];
  }

  number(name: NumberAttribute): number {
    return Number(this.attribute(name));
  }

  /**
   * As set, with the policy as it is shown. Who changes attributes begins with these: names in the policy are looked up again when it is put, and must mean whom they
   * meant.
   */
  shownIn(catalog: Pick<CatalogLookups, "entity">): StoredAttributes {
    const { Policy } = this.stored;
    if (Policy === undefined) return this.stored;
    return { ...this.stored, Policy: shownPolicy(catalog, Policy, this.record.sections.policyPrincipals) };
  }

  /** The same, with defaults. */
  effectiveIn(catalog: Pick<CatalogLookups, "entity">): StoredAttributes {
    return { ...(this.fifo ? DEFAULTS.fifo : DEFAULTS.standard), ...this.shownIn(catalog) };
  }

  get redriveAllow(): RedriveAllowPolicy | undefined {
    const text = this.stored.RedriveAllowPolicy;
    return text === undefined ? undefined : parseRedriveAllowPolicy(text);
  }

  get policy(): CompiledPolicy | undefined {
    if (this.#policy === undefined) {
      const text = this.stored.Policy;
      const { policyPrincipals } = this.record.sections;
      this.#policy = text === undefined ? null : compileResourcePolicy(text, policyPrincipals);
    }
    return this.#policy ?? undefined;
  }

  /** What a caller must be allowed to do for an action; always the same for one record, so it is made once. @param action lower case, as SQS writes it in refusals */
  questions(action: string): readonly AccessRequest[] {
    let questions = this.#questions.get(action);
    if (questions === undefined) {
      questions = [this.question(action)];
      this.#questions.set(action, questions);
    }
    return questions;
  }

  /** @param conditions of the request, besides the queue's tags */
  question(action: string, conditions: Readonly<Record<string, string | readonly string[]>> = {}): AccessRequest {
    const { accountId } = this.record;
    return {
      action,
      resource: this.arn,
      resourceAccount: accountId,
      ...(this.policy === undefined ? {} : { resourcePolicy: this.policy }),
      conditions: { ...resourceTagConditions(this.tags), ...conditions },
    };
  }
}

/** `aws:ResourceTag/…`, in the lower case in which condition keys are looked up. */
function resourceTagConditions(tags: Tags): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(tags).map(([key, value]) => [`aws:resourcetag/${key.toLowerCase()}`, value]),
  );
}

const views = new WeakMap<QueueRecord, QueueView>();

/** The view of a record; made once. */
export function viewOf(record: QueueRecord): QueueView {
  let view = views.get(record);
  if (view === undefined) {
    view = new QueueView(record);
    views.set(record, view);
  }
  return view;
}
