/** What a queue's attributes may become, seen with the other queues (SQS API Reference, CreateQueue, SetQueueAttributes). */
import type { AccountId, Region } from "#contracts";
import { invalidValue } from "../errors.ts";
import {
  checkAttributeValues,
  checkThroughput,
  defaultsOf,
  mergeAttributes,
  type StoredAttributes,
} from "../rules/attribute-values.ts";
import { checkQueuePolicy } from "../rules/permissions.ts";
import { isFifoName, queueArn } from "../rules/queue-address.ts";
import { allowsSource, parseRedriveAllowPolicy, parseRedrivePolicy, redrivePolicyText } from "../rules/redrive.ts";
import type { QueuesEnvironment } from "../service/environment.ts";
import { queueOfArn } from "../service/find-queue.ts";

/** The queue whose attributes they are; it may not exist yet. */
export interface AttributesOwner {
  readonly accountId: AccountId;
  readonly region: Region;
  readonly name: string;
}

/**
 * Checks attributes that a caller gives and brings them into the form in which they are kept.
 *
 * @throws AwsError InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue, OverLimit
 */
export function acceptAttributes(
  environment: Pick<QueuesEnvironment, "catalog">,
  owner: AttributesOwner,
  given: StoredAttributes,
): StoredAttributes {
  checkAttributeValues(given, isFifoName(owner.name));
  const accepted: Record<string, string> = { ...given };
  const { Policy, RedrivePolicy, RedriveAllowPolicy } = given;
  if (Policy !== undefined && Policy !== "") checkQueuePolicy(Policy);
  if (RedriveAllowPolicy !== undefined && RedriveAllowPolicy !== "") {
    accepted.RedriveAllowPolicy = JSON.stringify(parseRedriveAllowPolicy(RedriveAllowPolicy));
  }
  if (RedrivePolicy !== undefined && RedrivePolicy !== "") {
    accepted.RedrivePolicy = acceptRedrivePolicy(environment, owner, RedrivePolicy);
  }
  return accepted;
}

function acceptRedrivePolicy(
  environment: Pick<QueuesEnvironment, "catalog">,
  { accountId, region, name }: AttributesOwner,
  text: string,
): string {
  const policy = parseRedrivePolicy(text);
  const refuse = (reason: string) => invalidValue(text, "RedrivePolicy", reason);
  const arn = queueArn(region, accountId, name);
  if (policy.target.accountId !== accountId) {
    throw refuse("Dead-letter target owner should be same as the source.");
  }
  const target = policy.target.region === region ? queueOfArn(environment, policy.deadLetterTargetArn) : undefined;
  if (target === undefined) throw refuse("Dead letter target does not exist.");
  if (target.fifo !== isFifoName(name)) {
    throw refuse("Dead-letter queue must be same type of queue as the source.");
  }
  // A message would never leave, and nobody would ever get it.
  if (target.arn === arn) throw refuse("A queue cannot be its own dead-letter queue.");
  if (!allowsSource(target.redriveAllow, arn)) {
    throw refuse("The RedriveAllowPolicy of the dead-letter queue does not allow this source queue.");
  }
  return redrivePolicyText(policy);
}

/** The attributes of a queue with accepted changes. @throws AwsError InvalidAttributeValue for what does not go together */
export function changedAttributes(
  stored: StoredAttributes,
  accepted: StoredAttributes,
  fifo: boolean,
): StoredAttributes {
  const merged = mergeAttributes(stored, accepted);
  if (fifo) checkThroughput({ ...defaultsOf(true), ...merged });
  return merged;
}

/**
 * The first attribute of a request to create that a queue of the name has otherwise; undefined where all are the same. Attributes that the request does not name are not
 * compared, as on AWS.
 *
 * @param accepted in the form in which they are kept
 */
export function differingAttribute(effective: StoredAttributes, accepted: StoredAttributes): string | undefined {
  const wanted = mergeAttributes({}, accepted);
  return Object.keys(wanted).find((name) => name !== "FifoQueue" && !sameValue(name, effective[name], wanted[name]!));
}

function sameValue(name: string, left: string | undefined, right: string): boolean {
  if (left === right) return true;
  return name === "Policy" && left !== undefined && sameJson(left, right);
}

/** Both were read before. */
const sameJson = (left: string, right: string): boolean =>
  JSON.stringify(JSON.parse(left)) === JSON.stringify(JSON.parse(right));
