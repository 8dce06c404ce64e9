/**
 * The policy of a form upload: what it permits, and whether a form keeps to it
 * (Amazon S3 API reference, "Creating a POST policy"). Pure.
 */
import { accessDenied, s3Error } from "../errors.ts";

/** One condition on a field. Names are in lower case, without the dollar sign. */
export type PostCondition =
  | { readonly kind: "eq" | "starts-with"; readonly field: string; readonly value: string; readonly source: string }
  | { readonly kind: "content-length-range"; readonly min: number; readonly max: number };

export interface PostPolicy {
  /** Epoch milliseconds. */
  readonly expiration: number;
  readonly conditions: readonly PostCondition[];
}

const invalidPolicy = (detail: string) => s3Error("InvalidPolicyDocument", 400, `Invalid Policy: ${detail}`);
const against = (detail: string) => accessDenied(`Invalid according to Policy: ${detail}`);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isCount = (value: unknown): boolean =>
  (typeof value === "number" || (typeof value === "string" && /^\d+$/.test(value))) &&
  Number.isSafeInteger(Number(value)) &&
  Number(value) >= 0;

function parseList(list: readonly unknown[]): PostCondition {
  const [operator, first, second] = list;
  if (list.length !== 3 || typeof operator !== "string") {
    throw invalidPolicy("Invalid Condition: wrong number of arguments.");
  }
  const kind = operator.toLowerCase();
  if (kind === "content-length-range") {
    if (!isCount(first) || !isCount(second))
      throw invalidPolicy("Invalid content-length-range: bounds must be numbers.");
    return { kind, min: Number(first), max: Number(second) };
  }
  if (kind !== "eq" && kind !== "starts-with") throw invalidPolicy(`Unknown operation: ${operator}.`);
  if (typeof first !== "string" || !first.startsWith("$") || typeof second !== "string") {
    throw invalidPolicy("Invalid Condition: a field name must begin with $ and a value must be text.");
  }
  return { kind, field: first.slice(1).toLowerCase(), value: second, source: JSON.stringify(list) };
}

function parseCondition(condition: unknown): readonly PostCondition[] {
  if (Array.isArray(condition)) return [parseList(condition)];
  if (!isRecord(condition)) throw invalidPolicy("Invalid Condition.");
  return Object.entries(condition).map(([name, value]) => {
    if (typeof value !== "string") throw invalidPolicy("Invalid Simple-Condition: value must be a string.");
    const source = JSON.stringify(["eq", `$${name}`, value]);
    return { kind: "eq", field: name.toLowerCase(), value, source };
  });
}

/**
 * Reads the `policy` field of a form.
 * @param text base64, as sent
 * @throws AwsError InvalidPolicyDocument
 */
export function parsePostPolicy(text: string): PostPolicy {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
  } catch {
    throw invalidPolicy("Invalid JSON.");
  }
  if (!isRecord(document)) throw invalidPolicy("Invalid JSON.");
  const { expiration, conditions } = document;
  if (typeof expiration !== "string") throw invalidPolicy("Policy document must contain an expiration.");
  const at = Date.parse(expiration);
  if (Number.isNaN(at)) throw invalidPolicy(`Invalid 'expiration' value: '${expiration}'`);
  if (!Array.isArray(conditions)) throw invalidPolicy("Policy document must contain conditions.");
  return { expiration: at, conditions: conditions.flatMap(parseCondition) };
}

/** Fields that need no condition: they are the permission itself, or the file. */
const FREE_FIELDS: ReadonlySet<string> = new Set([
  "awsaccesskeyid",
  "signature",
  "policy",
  "x-amz-signature",
  "file",
  "bucket",
]);

/** The bounds that the file must keep to. */
export interface LengthRange {
  readonly min: number;
  readonly max: number;
}

/**
 * Holds a form against a policy: every condition is true, and every field has a condition.
 *
 * @param fields by lower-case name, with the bucket as `bucket`; the key before `${filename}` is filled in
 * @param now epoch milliseconds
 * @returns the permitted length of the file
 * @throws AwsError AccessDenied, "Invalid according to Policy: …"
 */
export function checkPostPolicy(policy: PostPolicy, fields: ReadonlyMap<string, string>, now: number): LengthRange {
  if (policy.expiration <= now) throw against("Policy expired.");
  const covered = new Set<string>();
  let min = 0;
  let max = Number.POSITIVE_INFINITY;
  for (const condition of policy.conditions) {
    if (condition.kind === "content-length-range") {
      min = Math.max(min, condition.min);
      max = Math.min(max, condition.max);
      continue;
    }
    covered.add(condition.field);
    const value = fields.get(condition.field) ?? "";
    const holds = condition.kind === "eq" ? value === condition.value : value.startsWith(condition.value);
    if (!holds) throw against(`Policy Condition failed: ${condition.source}`);
  }
  for (const name of fields.keys()) {
    if (!covered.has(name) && !FREE_FIELDS.has(name) && !name.startsWith("x-ignore-")) {
      throw against(`Extra input fields: ${name}`);
    }
  }
  return { min, max };
}
