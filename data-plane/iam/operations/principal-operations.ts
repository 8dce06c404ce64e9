/** Operations that users, groups and roles have alike: `PutUserPolicy`, `PutGroupPolicy`, `PutRolePolicy`. Written once, named by kind. */
import type { AccessRequest, CallContext } from "#data-plane/service";
import type { PrincipalKind, PrincipalRecord } from "../service/attachments.ts";
import type { Definition, OperationName } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { expectEntity } from "../service/find.ts";
import { type Conditions, namedQuestion } from "../service/questions.ts";

export const PRINCIPAL_NOUNS = { user: "User", group: "Group", role: "Role" } as const satisfies Readonly<
  Record<PrincipalKind, string>
>;
export type PrincipalNoun = (typeof PRINCIPAL_NOUNS)[PrincipalKind];

/** Definitions of one operation for the three kinds: of `Put{}Policy` those of PutUserPolicy, PutGroupPolicy and PutRolePolicy. */
type ByKind<Template extends string> = {
  readonly [Name in NamesOf<Template> & OperationName]: Definition<Name>;
};
type NamesOf<Template extends string> = Template extends `${infer Before}{}${infer After}`
  ? `${Before}${PrincipalNoun}${After}`
  : never;

/** What the three inputs have in common besides the name, which is called `UserName`, `GroupName` or `RoleName`. */
type Inputs<Template extends string> = Parameters<Definition<NamesOf<Template> & OperationName>["handle"]>[0];

export interface PrincipalOperation<Input> {
  /** Condition keys that the input gives. */
  conditions?(input: Input): Conditions;
  /** @param noun `User`: for members that are called by kind */
  handle(record: PrincipalRecord, input: Input, context: CallContext, noun: PrincipalNoun): object | Promise<object>;
}

/**
 * @param template the names of the operations with `{}` for the kind
 * @example
 * forPrincipals(tools, "Delete{}Policy", { handle: (record, input, context) => patch(tools, context, record, …) });
 */
export function forPrincipals<Template extends string>(
  tools: IamEnvironment,
  template: Template,
  operation: PrincipalOperation<Inputs<Template>>,
): ByKind<Template> {
  const definitions: Record<string, object> = {};
  for (const kind of Object.keys(PRINCIPAL_NOUNS) as PrincipalKind[]) {
    const noun = PRINCIPAL_NOUNS[kind];
    const name = template.replace("{}", noun);
    const nameOf = (input: Inputs<Template>): string => (input as Readonly<Record<string, string>>)[`${noun}Name`]!;
    definitions[name] = {
      access: (input: Inputs<Template>, context: CallContext): readonly AccessRequest[] => [
        namedQuestion(tools, name, context, kind, nameOf(input), operation.conditions?.(input)),
      ],
      handle: (input: Inputs<Template>, context: CallContext): object | Promise<object> =>
        operation.handle(expectEntity(tools, kind, context, nameOf(input)), input, context, noun),
    };
  }
  // Names and members are made of the kind's noun; template literal types cannot follow that through the loop.
  return definitions as ByKind<Template>;
}
