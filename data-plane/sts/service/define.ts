/** From this room's definitions to the operations that the front door calls: inputs are checked against the model before anything else. */
import type { KeyedCaller } from "#data-plane/principals";
import type { AccessRequest, CallContext, Operation } from "#data-plane/service";
import { type OperationModel, type ServiceModel, type STS, validateInput, validationMessage } from "#foundation/aws";
import { SignatureError } from "#foundation/aws/sigv4";
import { validationError } from "../errors.ts";

export type OperationName = keyof STS.Operations;
export type InputOf<Name extends OperationName> = STS.Operations[Name]["input"];
export type OutputOf<Name extends OperationName> = STS.Operations[Name]["output"];

/** One operation: what the caller must be allowed to do, and the work after access was granted. The input is valid by the model. */
export interface Definition<Name extends OperationName> {
  access(input: InputOf<Name>, context: CallContext): readonly AccessRequest[] | Promise<readonly AccessRequest[]>;
  handle(input: InputOf<Name>, context: CallContext): OutputOf<Name>;
}

export type Definitions<Names extends OperationName = OperationName> = { readonly [Name in Names]: Definition<Name> };

/** Somebody with credentials: the front door lets nobody else reach most operations. @throws SignatureError `missing` */
export function callerOf({ caller }: CallContext): KeyedCaller {
  if (caller.type === "anonymous") throw new SignatureError({ reason: "missing" });
  return caller;
}

export function operationsOf(
  model: ServiceModel,
  definitions: Partial<Definitions>,
): ReadonlyMap<string, Operation<never, unknown>> {
  const operations = new Map<string, Operation<never, unknown>>();
  for (const [name, definition] of Object.entries(definitions)) {
    const described = model.operation(name);
    if (described === undefined) throw new Error(`${name} is no operation of ${model.service}`);
    operations.set(name, define(model, described, definition as Definition<OperationName>));
  }
  return operations;
}

function define(
  model: ServiceModel,
  described: OperationModel,
  definition: Definition<OperationName>,
): Operation<never, unknown> {
  return {
    access(input, context) {
      const violations = validateInput(model, described, input);
      if (violations.length > 0) throw validationError(validationMessage(violations));
      return definition.access(input, context);
    },
    handle: (input, context) => definition.handle(input, context),
  };
}
