/**
 * Whether a bucket policy is public (Amazon S3 user guide, "Blocking public access", "The meaning of 'public'"): it allows something to everybody, or
 * to somebody who is not named, unless a condition limits it to fixed values.
 */

interface LooseStatement {
  readonly Effect?: unknown;
  readonly Principal?: unknown;
  readonly NotPrincipal?: unknown;
  readonly Condition?: unknown;
}

/** Keys that pin a request to somebody or some network when their values are fixed. */
const PINNING_KEYS: ReadonlySet<string> = new Set([
  "aws:principalarn",
  "aws:principalaccount",
  "aws:principalorgid",
  "aws:principalorgpaths",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceorgid",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:userid",
  "s3:dataaccesspointaccount",
  "s3:dataaccesspointarn",
  "s3:x-amz-server-side-encryption-aws-kms-key-id",
]);

const PINNING_OPERATOR = /^(?:forany|forall)?(?:value:|values:)?(?:string|arn)(?:equals|like|equalsignorecase)$/i;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listOf = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : value === undefined ? [] : [value];

const hasWildcard = (value: unknown): boolean => typeof value !== "string" || /[*?]|\$\{/.test(value);

/** An ARN with a wildcard is still fixed when its account is. */
function isFixedValue(key: string, value: unknown): boolean {
  if (!hasWildcard(value)) return true;
  if (typeof value !== "string" || !key.endsWith("arn")) return false;
  const account = value.split(":")[4];
  return account !== undefined && /^\d{12}$/.test(account);
}

/** `0.0.0.0/0`, and ranges so wide that they exclude nobody (wider than /8, or /32 for IPv6), are no limit. */
function isNarrowAddress(value: unknown): boolean {
  if (typeof value !== "string") return false;
  const [address = "", prefix] = value.split("/");
  if (prefix === undefined) return true;
  return Number(prefix) >= (address.includes(":") ? 32 : 8);
}

function isPinned(condition: unknown): boolean {
  if (!isRecord(condition)) return false;
  for (const [operator, block] of Object.entries(condition)) {
    if (!isRecord(block)) continue;
    for (const [name, raw] of Object.entries(block)) {
      const key = name.toLowerCase();
      const values = listOf(raw);
      if (values.length === 0) continue;
      if (key === "aws:sourceip" && /^ipaddress$/i.test(operator) && values.every(isNarrowAddress)) return true;
      if (!PINNING_KEYS.has(key) || !PINNING_OPERATOR.test(operator)) continue;
      if (values.every((value) => isFixedValue(key, value))) return true;
    }
  }
  return false;
}

/** Whether the principal element admits somebody who is not named. Services are named. */
function isOpenPrincipal(statement: LooseStatement): boolean {
  if (statement.NotPrincipal !== undefined) return true;
  const { Principal } = statement;
  if (!isRecord(Principal)) return true;
  for (const [type, raw] of Object.entries(Principal)) {
    if (type === "Service") continue;
    if (type === "Federated" || listOf(raw).some(hasWildcard)) return true;
  }
  return false;
}

/**
 * @param text a bucket policy that passed the grammar
 * @returns false for text that is no policy
 */
export function isPublicPolicy(text: string): boolean {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return false;
  }
  if (!isRecord(document)) return false;
  return listOf(document.Statement).some(
    (statement) =>
      isRecord(statement) &&
      statement.Effect === "Allow" &&
      isOpenPrincipal(statement) &&
      !isPinned(statement.Condition),
  );
}
