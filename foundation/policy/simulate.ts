/**
 * What the policy simulator answers (IAM API Reference, SimulateCustomPolicy, SimulatePrincipalPolicy, EvaluationResult). Pure: who calls finds the
 * policies and gives the answer its form.
 */

import { type ApplicablePolicies, decide } from "./authorize.ts";
import { type CompiledPolicy, compilePolicy } from "./compile.ts";
import { distinctKeys } from "./context-keys.ts";
import { parsePolicy } from "./parse.ts";
import { completeContext } from "./principal-context.ts";
import { type StatementPosition, statementPositions } from "./statement-positions.ts";
import type { AuthorizationRequest, ConditionContext, Decision, PolicyKind, PrincipalContext } from "./types.ts";

/** A policy to simulate, and what the answer calls it. */
export interface SimulatedPolicy {
  /** `PolicyInputList.1`, the name of a managed policy, `user_ana_Inline`. */
  readonly sourceId: string;
  /**
   * `SourcePolicyType`. The model lists `user`, `group`, `role`, `aws-managed`, `user-managed`, `resource`, `none`; IAM answers `IAM Policy`,
   * `Resource Policy` and `Permissions Boundary Policy`.
   */
  readonly sourceType: string;
  readonly text: string;
}

/** A question to the simulator. */
export interface SimulationInput {
  /** Who is imagined to ask. Undefined for a group, or when no caller was named: nothing is known that follows from who asks. */
  readonly principal: PrincipalContext | undefined;
  readonly actions: readonly string[];
  /** ARNs; none means `*`. */
  readonly resources: readonly string[];
  /** The account that owns the resources; by default the caller's. */
  readonly resourceAccount?: string;
  /** `ContextEntries`, by key in any letter case; they go before what follows from the principal. */
  readonly context: ReadonlyMap<string, string | readonly string[]>;
  readonly identity: readonly SimulatedPolicy[];
  readonly boundary?: SimulatedPolicy;
  readonly resource?: SimulatedPolicy;
}

/** `EvalDecision`, in IAM's words. */
export type SimulatedDecision = "allowed" | "explicitDeny" | "implicitDeny";

/** An entry of `MatchedStatements`. */
export interface SimulatedStatement extends StatementPosition {
  readonly sourceId: string;
  readonly sourceType: string;
}

/** What is answered about one action and one resource, or about an action and all of its resources. */
export interface SimulatedOutcome {
  /** `*`, an ARN, or, above several `ResourceSpecificResults`, `*`. */
  readonly resource: string;
  readonly decision: SimulatedDecision;
  /** The statements that decide: those that deny, or those that allow. */
  readonly matchedStatements: readonly SimulatedStatement[];
  /** Keys that the policies ask for and nobody gave; with them, the decision may be another. */
  readonly missingContextValues: readonly string[];
  /** `PermissionsBoundaryDecisionDetail`; undefined without a boundary. */
  readonly allowedByBoundary: boolean | undefined;
  /** `EvalDecisionDetails`, by source type: empty within one account, undefined for `*`. */
  readonly decisionDetails: Readonly<Record<string, SimulatedDecision>> | undefined;
}

/** One `EvaluationResult`. */
export interface SimulationResult extends SimulatedOutcome {
  readonly action: string;
  /** Empty when no resources were named. */
  readonly resourceResults: readonly SimulatedOutcome[];
}

/**
 * Simulates every action on every resource; one result for each action, in the order given.
 *
 * Above several resources stands what is true of any: `explicitDeny` where one is denied explicitly, otherwise `allowed` where one is allowed.
 *
 * @throws PolicySyntaxError when a policy cannot be read
 * @example
 * simulate({ principal: undefined, actions: ["s3:GetObject"], resources: [], context: new Map(), identity: [{ sourceId: "PolicyInputList.1", sourceType: "IAM Policy", text }] });
 */
export function simulate(input: SimulationInput): readonly SimulationResult[] {
  const simulator = new Simulator(input);
  return input.actions.map((action) => {
    if (input.resources.length === 0) return { action, resourceResults: [], ...simulator.ask(action, "*") };
    const outcomes = input.resources.map((resource) => simulator.ask(action, resource));
    return { action, resourceResults: outcomes, ...summary(outcomes) };
  });
}

/** A principal that no policy names. */
const nobody = { type: "user", accountId: "000000000000", arn: "", userId: "", userName: "" } as const;

interface Source {
  readonly policy: CompiledPolicy;
  readonly given: SimulatedPolicy;
  readonly positions: readonly StatementPosition[];
}

class Simulator {
  readonly #principal: PrincipalContext;
  readonly #resourceAccount: string;
  readonly #given: ConditionContext;
  readonly #isSomebody: boolean;
  readonly #identity: readonly Source[];
  readonly #boundary: Source | undefined;
  readonly #resource: Source | undefined;
  readonly #policies: ApplicablePolicies;

  constructor({ principal, resourceAccount, context, identity, boundary, resource }: SimulationInput) {
    this.#principal = principal ?? nobody;
    this.#isSomebody = principal !== undefined;
    this.#resourceAccount = resourceAccount ?? accountOf(this.#principal);
    const entries = new Map([...context].map(([key, value]) => [key.toLowerCase(), value]));
    this.#given = { get: (key) => entries.get(key) };
    this.#identity = identity.map((given) => read(given, "identity"));
    this.#boundary = boundary === undefined ? undefined : read(boundary, "boundary");
    this.#resource = resource === undefined ? undefined : read(resource, "resource");
    this.#policies = {
      identity: this.#identity.map(({ policy }) => policy),
      boundary: this.#boundary?.policy,
      resource: this.#resource?.policy,
    };
  }

  /** Simulates one action on one resource. */
  ask(action: string, resource: string): SimulatedOutcome {
    const request: AuthorizationRequest = {
      principal: this.#principal,
      action,
      resource,
      resourceAccount: this.#resourceAccount,
      context: this.#given,
    };
    const context = this.#isSomebody ? completeContext(request) : this.#given;
    const decision = inWords(decide(request, this.#policies, context));
    const lowerCaseAction = action.toLowerCase();
    const sources = [...this.#identity, this.#resource, this.#boundary].filter((source) => source !== undefined);
    const isDeciding = (source: Source, effect: "Allow" | "Deny"): boolean =>
      decision === "explicitDeny" ? effect === "Deny" : effect === "Allow" && source !== this.#boundary;
    return {
      resource,
      decision,
      matchedStatements:
        decision === "implicitDeny"
          ? []
          : sources.flatMap((source) =>
              source.policy
                .applicable(request, lowerCaseAction, context)
                .filter(({ effect }) => isDeciding(source, effect))
                .flatMap(({ index }) => statementOf(source, index)),
            ),
      missingContextValues: distinctKeys(
        sources.flatMap(({ policy }) => policy.missingKeys(request, lowerCaseAction, context)),
      ),
      allowedByBoundary:
        this.#boundary === undefined ? undefined : verdictOf([this.#boundary], request, context) === "allowed",
      decisionDetails: resource === "*" ? undefined : this.#details(request, context),
    };
  }

  /** Across accounts, what each side says by itself. */
  #details(request: AuthorizationRequest, context: ConditionContext): Readonly<Record<string, SimulatedDecision>> {
    if (accountOf(this.#principal) === this.#resourceAccount) return {};
    const resource = this.#resource === undefined ? [] : [this.#resource];
    return {
      "IAM Policy": verdictOf(this.#identity, request, context),
      "Resource Policy": verdictOf(resource, request, context),
    };
  }
}

function read(given: SimulatedPolicy, kind: PolicyKind): Source {
  const policy = compilePolicy(parsePolicy(given.text, kind), given.sourceId);
  return { policy, given, positions: statementPositions(given.text) };
}

function statementOf({ given, positions }: Source, index: number): readonly SimulatedStatement[] {
  const position = positions[index];
  return position === undefined ? [] : [{ sourceId: given.sourceId, sourceType: given.sourceType, ...position }];
}

/** What policies of one kind say, all others aside. */
function verdictOf(
  sources: readonly Source[],
  request: AuthorizationRequest,
  context: ConditionContext,
): SimulatedDecision {
  const verdicts = sources.map(({ policy }) => policy.evaluate(request, request.action.toLowerCase(), context));
  if (verdicts.some(({ deny }) => deny !== -1)) return "explicitDeny";
  return verdicts.some(({ allow }) => allow !== -1) ? "allowed" : "implicitDeny";
}

function summary(outcomes: readonly SimulatedOutcome[]): SimulatedOutcome {
  const [only] = outcomes;
  // What is missing stands below each resource only.
  if (only !== undefined && outcomes.length === 1) return { ...only, missingContextValues: [] };
  const decided = (wanted: SimulatedDecision): readonly SimulatedOutcome[] =>
    outcomes.filter(({ decision }) => decision === wanted);
  const decision =
    decided("explicitDeny").length > 0 ? "explicitDeny" : decided("allowed").length > 0 ? "allowed" : "implicitDeny";
  const statements = decided(decision).flatMap(({ matchedStatements }) => matchedStatements);
  return {
    resource: "*",
    decision,
    matchedStatements: [...new Map(statements.map((matched) => [JSON.stringify(matched), matched])).values()],
    missingContextValues: [],
    allowedByBoundary:
      only?.allowedByBoundary === undefined ? undefined : outcomes.some(({ allowedByBoundary }) => allowedByBoundary),
    decisionDetails: undefined,
  };
}

function inWords({ reason }: Decision): SimulatedDecision {
  return reason === "allowed" ? "allowed" : reason === "explicit-deny" ? "explicitDeny" : "implicitDeny";
}

function accountOf(principal: PrincipalContext): string {
  return "accountId" in principal ? principal.accountId : nobody.accountId;
}
