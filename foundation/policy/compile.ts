/** Policies, compiled once and evaluated many times. */

import { compileResourcePattern } from "./arn-pattern.ts";
import { type Condition, compileCondition } from "./conditions.ts";
import { keysOfConditions, keysOfResources } from "./context-keys.ts";
import { compilePattern, type Matcher } from "./pattern.ts";
import { compileExemption, compilePrincipal, gradeDirect, gradeNone, type PrincipalGrade } from "./principal-match.ts";
import type {
  AuthorizationRequest,
  ConditionContext,
  PolicyDocument,
  PolicyKind,
  PolicyStatement,
  PolicyVersion,
} from "./types.ts";

/** A statement as functions. */
interface CompiledStatement {
  readonly index: number;
  readonly sid: string | undefined;
  readonly deny: boolean;
  /** Takes the action in lower case. */
  readonly actions: (lowerCaseAction: string) => boolean;
  readonly resources: Matcher;
  readonly principal: (request: AuthorizationRequest) => PrincipalGrade;
  readonly conditions: readonly Condition[];
}

/** A statement that applies to a request. */
export interface ApplicableStatement {
  readonly index: number;
  readonly effect: "Allow" | "Deny";
  readonly grade: PrincipalGrade;
}

/** What one policy says to one request. */
export interface PolicyVerdict {
  /** Position of the first `Deny` that applies, or −1. The rest is not filled in then. */
  readonly deny: number;
  /** Position of the `Allow` that names the caller most directly, or −1. */
  readonly allow: number;
  /** How directly; for policies without principals the highest grade. */
  readonly grade: PrincipalGrade;
}

/** The most different actions whose statements a policy remembers; a service has fewer than 700 actions. */
const rememberedActionsMax = 512;

const nothing: PolicyVerdict = { deny: -1, allow: -1, grade: gradeNone };

/** A policy ready to be evaluated. Immutable to the outside. */
export class CompiledPolicy {
  readonly kind: PolicyKind;
  readonly version: PolicyVersion;
  /** The policy as it was read. */
  readonly document: PolicyDocument;
  /** What decisions call it. */
  readonly name: string | undefined;
  readonly #statements: readonly CompiledStatement[];
  /** Which statements speak of an action depends on nothing else. */
  readonly #byAction = new Map<string, readonly CompiledStatement[]>();

  constructor(document: PolicyDocument, name: string | undefined) {
    this.kind = document.kind;
    this.name = name;
    this.version = document.version;
    this.document = document;
    const variables = document.version === "2012-10-17";
    this.#statements = document.statements.map((statement, index) => compileStatement(statement, index, variables));
  }

  /**
   * Evaluates the policy by itself.
   *
   * @param lowerCaseAction `request.action` in lower case
   * @param context the request's context, completed with what follows from the principal
   */
  evaluate(request: AuthorizationRequest, lowerCaseAction: string, context: ConditionContext): PolicyVerdict {
    let allow = -1;
    let grade: PrincipalGrade = gradeNone;
    for (const statement of this.#statementsFor(lowerCaseAction)) {
      // An Allow that names the caller outright cannot be improved; only a Deny still counts.
      if (!statement.deny && grade === gradeDirect) continue;
      const named = statement.principal(request);
      if (named === gradeNone || (!statement.deny && named <= grade)) continue;
      if (!statement.resources(request.resource, context) || !allHold(statement.conditions, context)) continue;
      if (statement.deny) return { deny: statement.index, allow: -1, grade: gradeNone };
      allow = statement.index;
      grade = named;
    }
    return allow === -1 ? nothing : { deny: -1, allow, grade };
  }

  /** All statements that apply, in their order: what {@link evaluate} decides from, for those who want to show it. */
  applicable(
    request: AuthorizationRequest,
    lowerCaseAction: string,
    context: ConditionContext,
  ): readonly ApplicableStatement[] {
    const found: ApplicableStatement[] = [];
    for (const statement of this.#statementsFor(lowerCaseAction)) {
      const grade = statement.principal(request);
      if (grade === gradeNone || !statement.resources(request.resource, context)) continue;
      if (!allHold(statement.conditions, context)) continue;
      found.push({ index: statement.index, effect: statement.deny ? "Deny" : "Allow", grade });
    }
    return found;
  }

  /** The condition keys without value that what the policy says about a request depends on, as written, with repetitions. */
  missingKeys(request: AuthorizationRequest, lowerCaseAction: string, context: ConditionContext): readonly string[] {
    const missing: string[] = [];
    for (const statement of this.#statementsFor(lowerCaseAction)) {
      const source = this.document.statements[statement.index];
      if (source === undefined || statement.principal(request) === gradeNone) continue;
      const isMissing = (key: string): boolean => context.get(key.toLowerCase()) === undefined;
      const ofResources = keysOfResources(source, this.version).filter(isMissing);
      // A statement that cannot speak of the resource, whatever its variables stand for, depends on nothing.
      if (ofResources.length === 0 && !statement.resources(request.resource, context)) continue;
      missing.push(...ofResources, ...keysOfConditions(source, this.version).filter(isMissing));
    }
    return missing;
  }

  /** The `Sid` of a statement. */
  sidOf(index: number): string | undefined {
    return this.#statements[index]?.sid;
  }

  #statementsFor(lowerCaseAction: string): readonly CompiledStatement[] {
    const remembered = this.#byAction.get(lowerCaseAction);
    if (remembered !== undefined) return remembered;
    const found = this.#statements.filter((statement) => statement.actions(lowerCaseAction));
    if (this.#byAction.size < rememberedActionsMax) this.#byAction.set(lowerCaseAction, found);
    return found;
  }
}

/**
 * Compiles a policy that passed the grammar. Costs some microseconds per statement; keep the result.
 *
 * @param name what decisions shall call it, for messages and the audit log: the ARN of a managed policy, the name of an inline one
 */
export function compilePolicy(document: PolicyDocument, name?: string): CompiledPolicy {
  return new CompiledPolicy(document, name);
}

function allHold(conditions: readonly Condition[], context: ConditionContext): boolean {
  for (const holds of conditions) if (!holds(context)) return false;
  return true;
}

const noContext: ConditionContext = { get: () => undefined };

function compileStatement(statement: PolicyStatement, index: number, variables: boolean): CompiledStatement {
  return {
    index,
    sid: statement.sid,
    deny: statement.effect === "Deny",
    actions: compileActions(statement),
    resources: compileResources(statement, variables),
    principal: compilePrincipals(statement),
    conditions: statement.conditions.map((element) => compileCondition(element, variables)),
  };
}

function compileActions(statement: PolicyStatement): (lowerCaseAction: string) => boolean {
  const matchers = (statement.action ?? statement.notAction ?? []).map((pattern) =>
    compilePattern(pattern.toLowerCase(), { wildcards: true, variables: false }),
  );
  const wanted = statement.action !== undefined;
  return (action) => matchers.some((matches) => matches(action, noContext)) === wanted;
}

function compileResources(statement: PolicyStatement, variables: boolean): Matcher {
  const patterns = statement.resource ?? statement.notResource;
  // Trust policies have no resource: the role itself is meant.
  if (patterns === undefined) return () => true;
  const matchers = patterns.map((pattern) => compileResourcePattern(pattern, { wildcards: true, variables }));
  const wanted = statement.resource !== undefined;
  const [only] = matchers;
  if (only !== undefined && matchers.length === 1) {
    return wanted ? only : (text, context) => !only(text, context);
  }
  return (text, context) => matchers.some((matches) => matches(text, context)) === wanted;
}

function compilePrincipals(statement: PolicyStatement): (request: AuthorizationRequest) => PrincipalGrade {
  if (statement.principal !== undefined) return compilePrincipal(statement.principal);
  if (statement.notPrincipal !== undefined) {
    const isExempt = compileExemption(statement.notPrincipal);
    return (request) => (isExempt(request) ? gradeNone : gradeDirect);
  }
  return () => gradeDirect;
}
