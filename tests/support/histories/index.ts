/**
 * Checkers of what clients of a store saw: given a history as plain data, each says whether the store kept its promise, and if not, shows where.
 */
export { checkLinearizable, type Linearizability, STEPS_MAX, type Violation } from "./linearizability/check.ts";
export {
  type KeyedRegisterInput,
  keyedRegisterModel,
  type RegisterInput,
  type RegisterOutput,
  type RegisterValue,
  registerModel,
  type TextMapInput,
  type TextMapOutput,
  textMapModel,
} from "./linearizability/models.ts";
export type { Model, Operation, Outcome } from "./linearizability/operation.ts";
export { checkListAppend, type Expectation, type Found, type Isolation } from "./list-append/check.ts";
export type { Anomaly, AnomalyClass, Doubt, Level } from "./list-append/consistency.ts";
export type { Element, ListTransaction, Step } from "./list-append/transaction.ts";
export { checkVersionOrder, type OrderReport, VIOLATIONS_MAX } from "./version-order/check.ts";
export type {
  PointRead,
  RangeRead,
  RecordedOutcome,
  RecordedRead,
  RecordedTransaction,
} from "./version-order/recorded.ts";
export type { OrderViolation, OrderViolationType } from "./version-order/violations.ts";
export { readWitnesses, witnessMutation } from "./version-order/witnesses.ts";
export { type BankRead, type BankRules, checkBank } from "./workloads/bank.ts";
export { checkRing } from "./workloads/cycle.ts";
export { checkRegister, type RegisterRead, type RegisterWrite } from "./workloads/register.ts";
