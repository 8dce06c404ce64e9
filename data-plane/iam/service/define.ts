/** From this room's definitions to the operations that the front door calls: inputs are checked against the model before anything else. */
import type { AccountId } from "#contracts";
import type { AccessRequest, CallContext, Caller, Operation } from "#data-plane/service";
import { AwsError, type IAM, type OperationModel, type ServiceModel } from "#foundation/aws";
import { checkInput } from "../rules/input.ts";

export type OperationName = keyof IAM.Operations;
export type InputOf<Name extends OperationName> = IAM.Operations[Name]["input"];
export type OutputOf<Name extends OperationName> = IAM.Operations[Name]["output"];

type Promised<Value> = Value | Promise<Value>;

/** One operation: what the caller must be allowed to do, and the work after access was granted. The input is valid by the model. */
export interface Definition<Name extends OperationName> {
  access(input: InputOf<Name>, context: CallContext): readonly AccessRequest[];
  handle(input: InputOf<Name>, context: CallContext): Promised<OutputOf<Name>>;
}

export type Definitions<Names extends OperationName = OperationName> = { readonly [Name in Names]: Definition<Name> };

/** Somebody with credentials: IAM has no operation for others. */
export type NamedCaller = Exclude<Caller, { readonly type: "anonymous" }>;

export function callerOf({ caller }: CallContext): NamedCaller {
  // The front door lets nobody else in; see its facts about services.
  if (caller.type === "anonymous") throw new AwsError("AccessDenied", "Access Denied", { statusCode: 403 });
  return caller;
}

/** The account that everything is about: IAM shows nobody another one. */
export const accountOf = (context: CallContext): AccountId => callerOf(context).accountId;

type AnyDefinition = Definition<OperationName>;

export function operationsOf(
  model: ServiceModel,
  definitions: Partial<Definitions>,
): ReadonlyMap<string, Operation<never, unknown>> {
  const operations = new Map<string, Operation<never, unknown>>();
  for (const [name, definition] of Object.entries(definitions)) {
    const described = model.operation(name);
    if (described === undefined) throw new Error(`${name} is no operation of ${model.service}`);
    operations.set(name, define(model, described, definition as AnyDefinition));
  }
  return operations;
}

function define(model: ServiceModel, described: OperationModel, definition: AnyDefinition): Operation<never, unknown> {
  return {
    access(input, context) {
      checkInput(model, described, input);
      return definition.access(input, context);
    },
    handle: (input, context) => definition.handle(input, context),
  };
}
