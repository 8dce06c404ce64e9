/** What each operation of a service asks of the policy evaluator: declared in one table a service, beside the code that asks. */

/** Service Authorization Reference, "Actions table: access level". */
export type AccessLevel = "List" | "Read" | "Write" | "Tagging" | "Permissions management";

export interface OperationPermission {
  /**
   * The IAM actions that it may ask about, as policies write them: the first is asked in any case, the others when the input wants more. Empty: every caller who is
   * who it says it is may call it.
   */
  readonly actions: readonly string[];
  readonly level: AccessLevel;
  /** It works on what a resource holds (objects, items, messages), not on how things are set up: CloudTrail calls it a data event. */
  readonly data?: true;
  /** What it asks about: ARNs with variables, or `*`. */
  readonly resources: readonly string[];
  /**
   * Condition keys that policies can ask for besides the global ones of every request, as policies write them: `s3:prefix`, `aws:ResourceTag/${TagKey}`. Those of tags
   * and of what the input says; a request brings only those that its input has a value for.
   */
  readonly conditionKeys: readonly string[];
  /** It gives credentials: it is in the audit log before it happens although it changes nothing. */
  readonly givesCredentials?: true;
}

/** By name of the operation. */
export type PermissionTable = Readonly<Record<string, OperationPermission>>;

/** Whether an operation must be in the audit log before it happens: it changes how things are set up, or it gives credentials. */
export function isSensitive({ level, data, givesCredentials }: OperationPermission): boolean {
  return givesCredentials === true || (data !== true && level !== "List" && level !== "Read");
}
