/** IAM policies: reading, compiling, deciding. Pure. */

export { type ApplicablePolicies, authorize } from "./authorize.ts";
export { type CompiledPolicy, compilePolicy, type PolicyVerdict } from "./compile.ts";
export { contextKeysOf } from "./context-keys.ts";
export { type IpRange, parseIpRange } from "./ip-range.ts";
export { policySize, policySizeMax } from "./limits.ts";
export { accessDeniedMessage } from "./message.ts";
export {
  bindPrincipals,
  namedPrincipals,
  namesEntity,
  type PrincipalBindings,
  rewritePrincipals,
} from "./named-principals.ts";
export { parsePolicy, requireVersion } from "./parse.ts";
export { isPublicPolicy } from "./public-policy.ts";
export {
  type SimulatedDecision,
  type SimulatedOutcome,
  type SimulatedPolicy,
  type SimulatedStatement,
  type SimulationInput,
  type SimulationResult,
  simulate,
} from "./simulate.ts";
export { type StatementPosition, statementPositions, type TextPosition } from "./statement-positions.ts";
export { PolicySyntaxError } from "./syntax-error.ts";
export type * from "./types.ts";
