/** Tags (IAM API Reference: TagUser, UntagUser, ListUserTags, and so for roles, policies, instance profiles and OpenID Connect providers). */
import type { IdentityPatch, IdentityRecord, IdentityTags } from "#contracts";
import type { AccessRequest, CallContext } from "#data-plane/service";
import type { IAM } from "#foundation/aws";
import { addedTags, listedTags, removedTags, type TaggedKind, tagsOf } from "../rules/tags.ts";
import type { Definition, Definitions, OperationName } from "../service/define.ts";
import type { IamEnvironment } from "../service/environment.ts";
import { revise } from "../service/execute.ts";
import { expectEntity, expectProvider } from "../service/find.ts";
import { pageOf } from "../service/paging.ts";
import { expectOwnPolicy, expectPolicy } from "../service/policy-view.ts";
import {
  type Conditions,
  namedQuestion,
  policyQuestion,
  providerQuestion,
  requestTags,
  tagKeys,
} from "../service/questions.ts";

/** Kinds as the operations are called. */
type Noun = "User" | "Role" | "Policy" | "InstanceProfile" | "OpenIDConnectProvider";
type Names = `Tag${Noun}` | `Untag${Noun}` | `List${Noun}Tags`;

/** How the operations of one kind find what they are about. */
interface Tagged<Kind extends TaggedKind> {
  readonly kind: Kind;
  /** The input's member that names it. */
  readonly member: string;
  question(action: string, context: CallContext, name: string, conditions?: Conditions): AccessRequest;
  /** @throws AwsError NoSuchEntity */
  expect(context: CallContext, name: string): IdentityRecord<Kind>;
  /** For reading, where that finds more than can be changed. */
  tagsFor?(context: CallContext, name: string): IdentityTags;
}

type AnyInput = Readonly<Record<string, unknown>>;
interface TagInput extends AnyInput {
  readonly Tags: readonly IAM.Tag[];
}
interface UntagInput extends AnyInput {
  readonly TagKeys: readonly string[];
}

export function tagOperations(tools: IamEnvironment): Definitions<Names> {
  return {
    ...operationsOn(tools, "User", {
      kind: "user",
      member: "UserName",
      question: (action, context, name, conditions) => namedQuestion(tools, action, context, "user", name, conditions),
      expect: (context, name) => expectEntity(tools, "user", context, name),
    }),
    ...operationsOn(tools, "Role", {
      kind: "role",
      member: "RoleName",
      question: (action, context, name, conditions) => namedQuestion(tools, action, context, "role", name, conditions),
      expect: (context, name) => expectEntity(tools, "role", context, name),
    }),
    ...operationsOn(tools, "InstanceProfile", {
      kind: "instanceProfile",
      member: "InstanceProfileName",
      question: (action, context, name, conditions) =>
        namedQuestion(tools, action, context, "instanceProfile", name, conditions),
      expect: (context, name) => expectEntity(tools, "instanceProfile", context, name),
    }),
    ...operationsOn(tools, "Policy", {
      kind: "managedPolicy",
      member: "PolicyArn",
      question: (action, context, arn, conditions) => policyQuestion(tools, action, context, arn, conditions),
      expect: (context, arn) => expectOwnPolicy(tools, context, arn),
      tagsFor: (context, arn) => expectPolicy(tools, context, arn).tags,
    }),
    ...operationsOn(tools, "OpenIDConnectProvider", {
      kind: "oidcProvider",
      member: "OpenIDConnectProviderArn",
      question: (action, context, arn, conditions) => providerQuestion(tools, action, context, arn, conditions),
      expect: (context, arn) => expectProvider(tools, context, arn),
    }),
  };
}

function operationsOn<N extends Noun, Kind extends TaggedKind>(
  tools: IamEnvironment,
  noun: N,
  { kind, member, question, expect, tagsFor }: Tagged<Kind>,
): { readonly [Name in `Tag${N}` | `Untag${N}` | `List${N}Tags`]: Definition<Name & OperationName> } {
  const nameIn = (input: AnyInput): string => input[member] as string;
  const tagsIn = ({ sections }: IdentityRecord<Kind>): IdentityTags => (sections as { tags?: IdentityTags }).tags ?? {};
  const retag = async (
    context: CallContext,
    input: AnyInput,
    work: (existing: IdentityTags) => Readonly<Record<string, string | null>>,
  ): Promise<object> => {
    // All of these kinds have tags; the compiler cannot conclude that for any one of them.
    const change = (record: IdentityRecord<Kind>) => ({ tags: work(tagsIn(record)) }) as unknown as IdentityPatch<Kind>;
    await revise(tools, context, expect(context, nameIn(input)), change);
    return {};
  };
  const operations = {
    [`Tag${noun}`]: {
      access: (input: TagInput, context: CallContext) => [
        question(`Tag${noun}`, context, nameIn(input), requestTags(tagsOf(kind, input.Tags))),
      ],
      handle(input: TagInput, context: CallContext) {
        const given = tagsOf(kind, input.Tags);
        return retag(context, input, (existing) => addedTags(kind, existing, given));
      },
    },
    [`Untag${noun}`]: {
      access: (input: UntagInput, context: CallContext) => [
        question(`Untag${noun}`, context, nameIn(input), tagKeys(input.TagKeys)),
      ],
      handle: (input: UntagInput, context: CallContext) =>
        retag(context, input, (existing) => removedTags(kind, existing, input.TagKeys)),
    },
    [`List${noun}Tags`]: {
      access: (input: AnyInput, context: CallContext) => [question(`List${noun}Tags`, context, nameIn(input))],
      handle(input: AnyInput, context: CallContext) {
        const name = nameIn(input);
        const tags = listedTags(tagsFor?.(context, name) ?? tagsIn(expect(context, name)));
        const { items, end } = pageOf(tags, ({ Key }) => Key, input, `List${noun}Tags ${name}`);
        return { Tags: items, ...end };
      },
    },
  };
  // Names and members are made of the noun; template literal types cannot follow that.
  return operations as unknown as ReturnType<typeof operationsOn<N, Kind>>;
}
