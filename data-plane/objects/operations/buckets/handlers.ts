/** The shape of S3's operations without their access rules. */
import type { CallContext } from "#data-plane/service";
import type { S3 } from "#foundation/aws";

export type Handler<Name extends keyof S3.Operations> = (
  input: S3.Operations[Name]["input"],
  context: CallContext,
) => Promise<S3.Operations[Name]["output"]> | S3.Operations[Name]["output"];

/** Some operations of the model, by name. */
export type Handlers<Names extends keyof S3.Operations = keyof S3.Operations> = {
  readonly [Name in Names]: Handler<Name>;
};
