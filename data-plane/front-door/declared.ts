/** Operations with what they declare, and the check that they keep to it: an action that no table names would be one that no test walks. */
import {
  type AccessRequest,
  isSensitive,
  type Operation,
  type OperationPermission,
  type Service,
} from "#data-plane/service";

/** An operation that may be called. */
export interface OfferedOperation {
  readonly operation: Operation<unknown, unknown>;
  readonly permission: OperationPermission;
  /** Actions that it may ask about, in lower case: IAM takes them without regard to case, and SQS writes them so. */
  readonly actions: ReadonlySet<string>;
  /** Condition keys that it may bring, in lower case, `${…}` standing for any text. */
  readonly conditionKeys: RegExp;
  /** See {@link isSensitive}. */
  readonly sensitive: boolean;
}

/** @throws Error for an operation without an entry in the table, and for an entry without an operation */
export function offeredOperations(service: Service): ReadonlyMap<string, OfferedOperation> {
  const offered = new Map<string, OfferedOperation>();
  for (const [name, operation] of service.operations) {
    const permission = Object.hasOwn(service.permissions, name) ? service.permissions[name] : undefined;
    if (permission === undefined) throw new Error(`${service.name}:${name} has no entry in the table of permissions`);
    const actions = new Set(permission.actions.map((action) => action.toLowerCase()));
    offered.set(name, {
      operation: operation as Operation<unknown, unknown>,
      permission,
      actions,
      conditionKeys: patternOf(permission.conditionKeys),
      sensitive: isSensitive(permission),
    });
  }
  const surplus = Object.keys(service.permissions).find((name) => !offered.has(name));
  if (surplus !== undefined)
    throw new Error(`${service.name}:${surplus} is in the table of permissions and not offered`);
  return offered;
}

/** @throws Error for a question about an action that the operation does not declare */
export function expectDeclared({ actions }: OfferedOperation, { action }: AccessRequest): void {
  if (!actions.has(action) && !actions.has(action.toLowerCase())) {
    throw new Error(`an operation asked about ${action}, which its entry in the table of permissions does not name`);
  }
}

/**
 * The same for condition keys: one that the table does not name is one that nobody knows of. Works out every value of the question, which otherwise are worked out
 * only for policies that ask.
 *
 * @throws Error for a question that brings a condition key that the operation does not declare
 */
export function expectDeclaredKeys({ conditionKeys }: OfferedOperation, { action, conditions }: AccessRequest): void {
  for (const [key, value] of Object.entries(conditions ?? {})) {
    if (value !== undefined && !conditionKeys.test(key)) {
      throw new Error(`a question about ${action} brings ${key}, which the table of permissions does not name`);
    }
  }
}

function patternOf(keys: readonly string[]): RegExp {
  const alternatives = keys.map((key) =>
    key
      .toLowerCase()
      .split(/\$\{\w+\}/)
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
      .join(".+"),
  );
  return new RegExp(`^(?:${alternatives.join("|")})$`, "s");
}
