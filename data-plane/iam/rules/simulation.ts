/** From the inputs of the policy simulator to its question, and from its outcomes to IAM's answers (IAM API Reference, SimulateCustomPolicy, EvaluationResult). Pure. */
import type { IAM } from "#foundation/aws";
import { isAccountId } from "#foundation/ids";
import type { SimulatedOutcome, SimulatedPolicy, SimulationResult } from "#foundation/policy";
import { invalidInput } from "../errors.ts";

/** What IAM calls the kinds of policies in its answers; the model lists other words. */
export const SOURCE_TYPES = {
  identity: "IAM Policy",
  boundary: "Permissions Boundary Policy",
  resource: "Resource Policy",
} as const;

/** Policies of the input: `PolicyInputList.1` … */
export const inputPolicies = (documents: readonly string[] = []): readonly SimulatedPolicy[] =>
  documents.map((text, index) => ({
    sourceId: `PolicyInputList.${index + 1}`,
    sourceType: SOURCE_TYPES.identity,
    text,
  }));

/** @throws AwsError InvalidInput */
export function contextOf(entries: readonly IAM.ContextEntry[] = []): ReadonlyMap<string, string | readonly string[]> {
  const context = new Map<string, string | readonly string[]>();
  for (const { ContextKeyName: name, ContextKeyValues: values = [], ContextKeyType: type } of entries) {
    if (name === undefined || type === undefined) {
      throw invalidInput("Invalid Input Context Entries: every entry needs ContextKeyName and ContextKeyType.");
    }
    if (type.endsWith("List")) context.set(name, values);
    else if (values.length === 1) context.set(name, values[0]!);
    else throw invalidInput(`Invalid Input Context Entries: ${name} of type ${type} has exactly one value.`);
  }
  return context;
}

/** The account of `ResourceOwner`: an account id, or an ARN that holds one. @throws AwsError InvalidInput */
export function accountOfOwner(owner: string): string {
  const account = owner.startsWith("arn:") ? (owner.split(":")[4] ?? "") : owner;
  if (isAccountId(account)) return account;
  throw invalidInput(`Invalid Input Resource Owner: ${owner} does not name an account.`);
}

/** One `EvaluationResult`. */
export function shownResult({ action, resourceResults, ...whole }: SimulationResult): IAM.EvaluationResult {
  const { EvalDecisionDetails, MatchedStatements, MissingContextValues, PermissionsBoundaryDecisionDetail } =
    shownOutcome(whole);
  return {
    EvalActionName: action,
    EvalResourceName: whole.resource,
    EvalDecision: whole.decision,
    ...(MatchedStatements === undefined ? {} : { MatchedStatements }),
    ...(MissingContextValues === undefined ? {} : { MissingContextValues }),
    ...(PermissionsBoundaryDecisionDetail === undefined ? {} : { PermissionsBoundaryDecisionDetail }),
    ...(EvalDecisionDetails === undefined ? {} : { EvalDecisionDetails }),
    ...(resourceResults.length === 0 ? {} : { ResourceSpecificResults: resourceResults.map(shownOutcome) }),
  };
}

function shownOutcome(outcome: SimulatedOutcome): IAM.ResourceSpecificResult {
  const { allowedByBoundary, decisionDetails } = outcome;
  return {
    EvalResourceName: outcome.resource,
    EvalResourceDecision: outcome.decision,
    MatchedStatements: outcome.matchedStatements.map(({ sourceId, sourceType, start, end }) => ({
      SourcePolicyId: sourceId,
      SourcePolicyType: sourceType as IAM.PolicySourceType,
      StartPosition: { Line: start.line, Column: start.column },
      EndPosition: { Line: end.line, Column: end.column },
    })),
    MissingContextValues: outcome.missingContextValues,
    ...(decisionDetails === undefined ? {} : { EvalDecisionDetails: decisionDetails }),
    ...(allowedByBoundary === undefined
      ? {}
      : { PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: allowedByBoundary } }),
  };
}
