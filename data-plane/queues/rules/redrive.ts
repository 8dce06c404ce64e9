/**
 * Redrive policies: which queue takes the messages that are received too often, and which queues it takes them from.
 *
 * Source: SQS API Reference, SetQueueAttributes (`RedrivePolicy`, `RedriveAllowPolicy`); SQS Developer Guide, "Using dead-letter queues".
 */
import { invalidAttributeValue, invalidValue } from "../errors.ts";
import { parseQueueArn, type RegionalQueuePlace } from "./queue-address.ts";

const RECEIVE_COUNT_MAX = 1000;
const SOURCES_MAX = 10;

export interface RedrivePolicy {
  readonly deadLetterTargetArn: string;
  readonly target: RegionalQueuePlace;
  readonly maxReceiveCount: number;
}

export type RedriveAllowPolicy =
  | { readonly redrivePermission: "allowAll" | "denyAll" }
  | { readonly redrivePermission: "byQueue"; readonly sourceQueueArns: readonly string[] };

/**
 * Reads a `RedrivePolicy`. Whether the target exists is not looked at.
 *
 * @throws AwsError InvalidAttributeValue for what is no JSON object, InvalidParameterValue for what is missing or out of range
 */
export function parseRedrivePolicy(text: string): RedrivePolicy {
  const policy = parseObject(text);
  if (policy === undefined) throw invalidAttributeValue("RedrivePolicy", "Redrive policy is not a valid JSON map");
  const refuse = (reason: string) => invalidValue(text, "RedrivePolicy", reason);
  for (const name of ["maxReceiveCount", "deadLetterTargetArn"]) {
    if (policy[name] === undefined || policy[name] === null) {
      throw refuse(`Redrive policy does not contain mandatory attribute: ${name}.`);
    }
  }
  if (Object.keys(policy).length > 2) {
    throw refuse("Only following attributes are supported: [deadLetterTargetArn, maxReceiveCount].");
  }
  const { maxReceiveCount: given, deadLetterTargetArn } = policy;
  const maxReceiveCount =
    typeof given === "number" ? given : /^\d{1,6}$/.test(String(given)) ? Number(given) : Number.NaN;
  if (!Number.isInteger(maxReceiveCount) || maxReceiveCount < 1 || maxReceiveCount > RECEIVE_COUNT_MAX) {
    throw refuse(
      `Invalid value for maxReceiveCount: ${String(given).slice(0, 64)}, valid values are from 1 to 1000 both inclusive.`,
    );
  }
  const target = typeof deadLetterTargetArn === "string" ? parseQueueArn(deadLetterTargetArn) : undefined;
  if (target === undefined) throw refuse("Invalid value for deadLetterTargetArn.");
  return { deadLetterTargetArn: String(deadLetterTargetArn), target, maxReceiveCount };
}

/** The form in which SQS answers it, whatever the spelling of what was set. */
export const redrivePolicyText = ({ deadLetterTargetArn, maxReceiveCount }: RedrivePolicy): string =>
  JSON.stringify({ deadLetterTargetArn, maxReceiveCount });

const UNSUPPORTED_FORMAT = "Amazon SQS can't create the redrive allow policy, as it’s in an unsupported format";
const CANNOT_CREATE = "Amazon SQS can't create the redrive allow policy.";

/** Reads a `RedriveAllowPolicy`. @throws AwsError InvalidAttributeValue, InvalidParameterValue */
export function parseRedriveAllowPolicy(text: string): RedriveAllowPolicy {
  const malformed = () => invalidAttributeValue("RedriveAllowPolicy", UNSUPPORTED_FORMAT);
  const policy = parseObject(text);
  if (policy === undefined) throw malformed();
  const { redrivePermission, sourceQueueArns, ...others } = policy;
  if (Object.keys(others).length > 0) throw malformed();
  if (redrivePermission !== "allowAll" && redrivePermission !== "denyAll" && redrivePermission !== "byQueue") {
    throw malformed();
  }
  if (sourceQueueArns !== undefined && !isTexts(sourceQueueArns)) throw malformed();
  const refuse = (reason: string) => invalidValue(text, "RedriveAllowPolicy", `${CANNOT_CREATE} ${reason}`);
  if (redrivePermission !== "byQueue") {
    if (sourceQueueArns === undefined) return { redrivePermission };
    throw refuse("To specify one or more source queue ARNs, you must set redrivePermission to byQueue.");
  }
  if (sourceQueueArns === undefined || sourceQueueArns.length === 0) {
    throw refuse(
      "When you specify the byQueue permission type, you must also specify one or more sourceQueueArns values.",
    );
  }
  if (sourceQueueArns.length > SOURCES_MAX) {
    throw refuse(`The maximum number of source queue ARNs you can specify is ${SOURCES_MAX}.`);
  }
  return { redrivePermission, sourceQueueArns };
}

/** Whether a queue may name another as its dead-letter queue. @param policy of the dead-letter queue; none allows all */
export function allowsSource(policy: RedriveAllowPolicy | undefined, sourceArn: string): boolean {
  if (policy === undefined || policy.redrivePermission === "allowAll") return true;
  return policy.redrivePermission === "byQueue" && policy.sourceQueueArns.includes(sourceArn);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
