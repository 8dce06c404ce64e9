/** Turns handlers into operations: access from the declared table, engine errors as S3's errors. */
import type { CallContext, Operation } from "#data-plane/service";
import type { S3 } from "#foundation/aws";
import { type AccessInput, AccessQuestions } from "./access.ts";
import { type FailedRequest, toS3Error } from "./engine-errors.ts";
import type { ObjectsEnvironment } from "./environment.ts";

/** One operation's work, after access was granted. */
export type Handler<Name extends keyof S3.Operations> = (
  input: S3.Operations[Name]["input"],
  context: CallContext,
) => Promise<S3.Operations[Name]["output"]> | S3.Operations[Name]["output"];

export type Handlers = { readonly [Name in keyof S3.Operations]?: Handler<Name> };

/** What handlers are made of. */
export interface Toolbox extends ObjectsEnvironment {
  readonly access: AccessQuestions;
}

export const createToolbox = (environment: ObjectsEnvironment): Toolbox => ({
  ...environment,
  access: new AccessQuestions(environment),
});

type AnyInput = AccessInput & FailedRequest;

function define<Name extends keyof S3.Operations>(
  tools: Toolbox,
  name: Name,
  handler: Handler<Name>,
): Operation<S3.Operations[Name]["input"] & AnyInput, S3.Operations[Name]["output"]> {
  return {
    access: (input, context) => tools.access.of(name, input, context),
    async handle(input, context) {
      try {
        return await handler(input, context);
      } catch (error) {
        throw toS3Error(error, input);
      }
    },
  };
}

/** The operations of a service, by name. */
export function defineOperations(tools: Toolbox, handlers: Handlers): ReadonlyMap<string, Operation<never, unknown>> {
  const operations = new Map<string, Operation<never, unknown>>();
  const add = <Name extends keyof S3.Operations>(name: Name, handler: Handler<Name> | undefined): void => {
    if (handler !== undefined) operations.set(name, define(tools, name, handler));
  };
  for (const name of Object.keys(handlers) as (keyof S3.Operations)[])
    add(name, handlers[name] as Handler<typeof name>);
  return operations;
}
