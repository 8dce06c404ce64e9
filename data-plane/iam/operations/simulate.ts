/** The policy simulator (IAM API Reference: SimulateCustomPolicy, SimulatePrincipalPolicy, GetContextKeysForCustomPolicy, GetContextKeysForPrincipalPolicy). */
import type { CallContext } from "#data-plane/service";
import type { IAM } from "#foundation/aws";
import { parseEntityArn } from "#foundation/ids";
import {
  contextKeysOf,
  type PolicyDocument,
  PolicySyntaxError,
  type PrincipalContext,
  parsePolicy,
  type SimulatedPolicy,
} from "#foundation/policy";
import { invalidInput } from "../errors.ts";
import { accountOfOwner, contextOf, inputPolicies, SOURCE_TYPES, shownResult } from "../rules/simulation.ts";
import type { PrincipalRecord } from "../service/attachments.ts";
import { accountOf, type Definitions, type InputOf } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { arnOf, type CatalogOnly } from "../service/find.ts";
import { pageOf } from "../service/paging.ts";
import { expectPolicySource } from "../service/policy-source.ts";
import { defaultDocumentOf, policyOfArn } from "../service/policy-view.ts";
import { type PrincipalPolicy, policiesOf } from "../service/principal-policies.ts";
import { question } from "../service/questions.ts";
import { readable, simulateInTurns } from "../service/simulation-turns.ts";

type Names =
  | "SimulateCustomPolicy"
  | "SimulatePrincipalPolicy"
  | "GetContextKeysForCustomPolicy"
  | "GetContextKeysForPrincipalPolicy";

type SimulationInput = InputOf<"SimulateCustomPolicy"> | InputOf<"SimulatePrincipalPolicy">;

export function simulator(tools: IamEnvironment): Definitions<Names> {
  return {
    SimulateCustomPolicy: {
      access: (_input, context) => [question("SimulateCustomPolicy", context)],
      handle(input, context) {
        const boundary = boundaryOfInput(input);
        return answer(tools, context, input, inputPolicies(input.PolicyInputList), boundary, undefined);
      },
    },

    SimulatePrincipalPolicy: {
      access: (input, context) => [question("SimulatePrincipalPolicy", context, input.PolicySourceArn)],
      handle(input, context) {
        const source = expectPolicySource(tools, context, input.PolicySourceArn);
        const own = policiesOf(tools, source)
          .filter((policy) => !isExcluded(policy, input.PolicyExclusionList ?? []))
          .map((policy) => ({ sourceId: idOf(policy), sourceType: SOURCE_TYPES.identity, text: policy.document }));
        const boundary = boundaryOfInput(input) ?? boundaryOf(tools, source);
        const policies = [...own, ...inputPolicies(input.PolicyInputList)];
        return answer(tools, context, input, policies, boundary, source);
      },
    },

    GetContextKeysForCustomPolicy: {
      access: (_input, context) => [question("GetContextKeysForCustomPolicy", context)],
      handle: (input) => ({ ContextKeyNames: contextKeys(input.PolicyInputList) }),
    },

    GetContextKeysForPrincipalPolicy: {
      access: (input, context) => [question("GetContextKeysForPrincipalPolicy", context, input.PolicySourceArn)],
      handle(input, context) {
        const own = policiesOf(tools, expectPolicySource(tools, context, input.PolicySourceArn));
        return {
          ContextKeyNames: contextKeys([...own.map(({ document }) => document), ...(input.PolicyInputList ?? [])]),
        };
      },
    },
  };
}

async function answer(
  tools: IamEnvironment,
  context: CallContext,
  input: SimulationInput,
  identity: readonly SimulatedPolicy[],
  boundary: SimulatedPolicy | undefined,
  source: PrincipalRecord | undefined,
): Promise<IAM.SimulatePolicyResponse> {
  const { ActionNames, ResourceArns = [], ResourcePolicy, ResourceOwner, ContextEntries } = input;
  if ((input as InputOf<"SimulateCustomPolicy">).OrderedOrganizationPolicyInputList !== undefined) {
    throw invalidInput("Invalid Input Organization Policies: accounts of this cloud belong to no AWS organization.");
  }
  const principal = callerOfSimulation(tools, context, input.CallerArn, source);
  if (ResourcePolicy !== undefined && principal === undefined) {
    throw invalidInput("Invalid caller - Caller must be an IAM user in this context.");
  }
  const numbered = ActionNames.map((action, index) => ({ action, key: String(index).padStart(7, "0") }));
  const { items, end } = pageOf(numbered, ({ key }) => key, input, `${accountOf(context)} ${ActionNames.join()}`);
  const resource =
    ResourcePolicy === undefined
      ? undefined
      : { sourceId: "ResourcePolicy", sourceType: SOURCE_TYPES.resource, text: ResourcePolicy };
  const results = await simulateInTurns(tools.timers, {
    principal,
    actions: items.map(({ action }) => action),
    resources: ResourceArns,
    ...(ResourceOwner === undefined ? {} : { resourceAccount: accountOfOwner(ResourceOwner) }),
    context: contextOf(ContextEntries),
    identity,
    ...(boundary === undefined ? {} : { boundary }),
    ...(resource === undefined ? {} : { resource }),
  });
  return { EvaluationResults: results.map(shownResult), ...end };
}

/** Who is imagined to call: the user that is named, or else the one whose policies are simulated; roles and groups do not call by themselves. */
function callerOfSimulation(
  { catalog }: CatalogOnly,
  context: CallContext,
  callerArn: string | undefined,
  source: PrincipalRecord | undefined,
): PrincipalContext | undefined {
  if (callerArn === undefined && source?.kind !== "user") return undefined;
  const arn = callerArn ?? arnOf(source!);
  const place = parseEntityArn(arn);
  if (place?.kind !== "user") throw invalidInput("Invalid caller - Caller must be an IAM user in this context.");
  const { accountId, name: userName } = place;
  const known =
    accountId === accountOf(context) ? catalog.entityByName("user", accountOf(context), userName) : undefined;
  if (known === undefined || arnOf(known) !== arn) return { type: "user", accountId, arn, userId: "", userName };
  const tags = new Map(Object.entries(known.sections.tags ?? {}).map(([key, value]) => [key.toLowerCase(), value]));
  return { type: "user", accountId, arn, userId: known.entityId, userName: known.name, tags };
}

/** @throws AwsError InvalidInput */
function boundaryOfInput({
  PermissionsBoundaryPolicyInputList: list = [],
}: SimulationInput): SimulatedPolicy | undefined {
  const [text] = list;
  if (text === undefined) return undefined;
  if (list.length > 1) throw invalidInput("Invalid Input Permissions Boundary: there can be one policy only.");
  return { sourceId: "PermissionsBoundaryPolicyInputList.1", sourceType: SOURCE_TYPES.boundary, text };
}

/** The boundary of a user or role. */
function boundaryOf(tools: CatalogOnly, source: PrincipalRecord): SimulatedPolicy | undefined {
  const arn = "boundary" in source.sections ? source.sections.boundary : undefined;
  const view = arn === undefined ? undefined : policyOfArn(tools, source.accountId, arn);
  if (view === undefined) return undefined;
  return { sourceId: view.name, sourceType: SOURCE_TYPES.boundary, text: defaultDocumentOf(view) };
}

/** Managed policies are called by their name, others after whose they are. */
const idOf = (policy: PrincipalPolicy): string =>
  policy.type === "managed" ? policy.name : `${policy.bearer.kind}_${policy.bearer.name}_${policy.name}`;

/** @throws AwsError InvalidInput */
function isExcluded(policy: PrincipalPolicy, exclusions: readonly IAM.PolicyIdentifier[]): boolean {
  return exclusions.some(({ PolicyArn, InlinePolicyIdentifier: inline, PolicyType }) => {
    if (PolicyType !== undefined) {
      throw invalidInput("Invalid Input Policy Exclusions: policies are excluded by ARN or by name here, not by type.");
    }
    if (policy.type === "managed") return PolicyArn === policy.arn;
    return (
      inline?.PolicyName === policy.name &&
      inline.AttachmentType === policy.bearer.kind &&
      inline.AttachmentName === policy.bearer.name
    );
  });
}

function contextKeys(documents: readonly string[]): readonly string[] {
  return readable(() => contextKeysOf(documents.map(parseAny)));
}

/** Any kind of policy may be asked about. @throws PolicySyntaxError what is wrong with it as a policy of an identity */
function parseAny(text: string): PolicyDocument {
  for (const kind of ["resource", "trust"] as const) {
    try {
      return parsePolicy(text, kind);
    } catch (error) {
      if (!(error instanceof PolicySyntaxError)) throw error;
    }
  }
  return parsePolicy(text, "identity");
}
