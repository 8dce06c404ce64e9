/** From handlers to the operations that the front door calls. */
import type { AccessRequest, CallContext, Operation } from "#data-plane/service";
import { AwsError, type SQS } from "#foundation/aws";
import { isQueueEngineError } from "../engine/engine-error.ts";
import { toSqsError } from "./engine-errors.ts";
import { queueOfUrl } from "./find-queue.ts";
import type { QueueView } from "./queue-view.ts";
import type { Toolbox } from "./toolbox.ts";

export type OperationName = keyof SQS.Operations;
export type InputOf<Name extends OperationName> = SQS.Operations[Name]["input"];
export type OutputOf<Name extends OperationName> = SQS.Operations[Name]["output"];

type Promised<Value> = Value | Promise<Value>;

/** One operation's work, after access was granted. */
export interface Definition<Name extends OperationName> {
  access(input: InputOf<Name>, context: CallContext): readonly AccessRequest[];
  handle(input: InputOf<Name>, context: CallContext): Promised<OutputOf<Name>>;
}

export type Definitions<Names extends OperationName = OperationName> = { readonly [Name in Names]: Definition<Name> };

/** Work on one queue. May be done twice when the engine did not know the queue at first: then nothing was done. */
type QueueHandler<Name extends OperationName> = (
  view: QueueView,
  input: InputOf<Name>,
  context: CallContext,
) => Promised<OutputOf<Name>>;

type QueueUrlInput = { readonly QueueUrl?: string };

/** What an account does in its own name only; the policy of a queue cannot give it away. */
export function refuseOthers(view: QueueView, { caller }: CallContext): void {
  if (caller.type !== "anonymous" && caller.accountId === view.record.accountId) return;
  throw new AwsError("AccessDenied", `Access to the resource ${view.arn} is denied.`, { statusCode: 403 });
}

/**
 * An operation on the queue of `QueueUrl`.
 *
 * @param action as SQS writes it in refusals: `sqs:sendmessage`
 */
export function onQueue<Name extends OperationName>(
  tools: Toolbox,
  action: string,
  handler: QueueHandler<Name>,
  options: { readonly ownerOnly?: boolean } = {},
): Definition<Name> {
  const viewOfInput = (input: InputOf<Name>, context: CallContext): QueueView =>
    queueOfUrl(tools, (input as QueueUrlInput).QueueUrl, context);
  return {
    access(input, context) {
      const view = viewOfInput(input, context);
      if (options.ownerOnly === true) refuseOthers(view, context);
      return view.questions(action);
    },
    async handle(input, context) {
      const view = viewOfInput(input, context);
      try {
        return await handler(view, input, context);
      } catch (error) {
        if (!isQueueEngineError(error, "NoSuchQueue")) throw toSqsError(error);
      }
      // Created a moment ago, and the engine has not heard of it.
      await tools.keeper.ensure(view.record);
      try {
        return await handler(viewOfInput(input, context), input, context);
      } catch (error) {
        throw toSqsError(error);
      }
    },
  };
}

/** An operation that names no queue by URL. */
export function onAccount<Name extends OperationName>(definition: Definition<Name>): Definition<Name> {
  return {
    access: (input, context) => definition.access(input, context),
    async handle(input, context) {
      try {
        return await definition.handle(input, context);
      } catch (error) {
        throw toSqsError(error);
      }
    },
  };
}

export const operationsOf = (definitions: Partial<Definitions>): ReadonlyMap<string, Operation<never, unknown>> =>
  new Map(Object.entries(definitions) as [string, Operation<never, unknown>][]);
