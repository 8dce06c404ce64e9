/**
 * The expressions of DynamoDB, and the parameters that came before them. Pure and synchronous.
 *
 * A text is compiled with the {@link Bindings} of its request into plain data (`Condition`, `Update`, `Projection`, `KeyCondition`), which may be cloned into
 * another thread, and evaluated or applied there. Parsing is cached by text.
 */

export { applyUpdate, type UpdateOutcome, updatedAttributes } from "./apply-update.ts";
export { assembleUpdate } from "./assemble-update.ts";
export { Bindings, type Path } from "./bindings.ts";
export { compileCondition } from "./compile-condition.ts";
export { compileUpdate } from "./compile-update.ts";
export {
  assertKeysAreScalars,
  assertNoKeyAttributes,
  type Condition,
  type ConditionNode,
  type Mentions,
  type Operand,
} from "./condition.ts";
export { matches, valueAt } from "./evaluate.ts";
export type { ExpressionParameter } from "./invalid-expression.ts";
export {
  type AttributeConditions,
  compileKeyCondition,
  type KeyAttributeSchema,
  type KeyCondition,
  type KeySchema,
  keyConditionOf,
  type RangeCondition,
  type RangeOperator,
  readKeyConditions,
} from "./key-condition.ts";
export type { ComparisonOperator } from "./legacy-comparison.ts";
export {
  type ExpectedAttribute,
  type LegacyCondition,
  lowerExpected,
  lowerFilter,
  lowerKeyConditions,
  readLegacyKeyConditions,
} from "./legacy-conditions.ts";
export { type AttributeUpdate, lowerAttributesToGet, lowerAttributeUpdates } from "./legacy-updates.ts";
export { compileProjection, type Projection, project, projectTopLevel } from "./projection.ts";
export { isReservedWord } from "./reserved-words.ts";
export type { Comparator, PathPart } from "./syntax.ts";
export { assertKeysNotUpdated, type SetValue, type Update, type UpdateAction } from "./update.ts";
