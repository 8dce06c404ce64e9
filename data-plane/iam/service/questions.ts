/** What callers must be allowed to do: actions, ARNs and condition keys (Service Authorization Reference, "Actions, resources, and condition keys for AWS IAM"). */
import type { IdentityRecord, IdentityTags } from "#contracts";
import type { AccessRequest, CallContext } from "#data-plane/service";
import { type EntityKind, entityArn } from "#foundation/ids";
import { accountOf } from "./define.ts";
import { arnOf, type CatalogOnly, entityNamed, type NamedKind, providerOfArn } from "./find.ts";
import { policyOfArn } from "./policy-view.ts";

export type Conditions = NonNullable<AccessRequest["conditions"]>;

/** A question about everything of the caller's account, or about one ARN of it. */
export function question(
  action: string,
  context: CallContext,
  resource = "*",
  conditions: Conditions = {},
): AccessRequest {
  return { action: `iam:${action}`, resource, resourceAccount: accountOf(context), conditions };
}

/**
 * A question about an entity that requests name.
 *
 * The ARN is that of the entity as it is, path and letter case included; of one that does not exist it is what it would be at the root of its kind, so that who may
 * see nothing cannot tell the two apart.
 */
export function entityQuestion(
  action: string,
  context: CallContext,
  place: { readonly kind: EntityKind; readonly name: string; readonly path?: string | undefined },
  record: IdentityRecord | undefined,
  conditions: Conditions = {},
): AccessRequest {
  const { kind, name, path = "/" } = place;
  const resource =
    record === undefined ? entityArn({ kind, accountId: accountOf(context), path, name }) : arnOf(record);
  return question(action, context, resource, { ...resourceTags(record), ...boundaryOf(record), ...conditions });
}

/** A question about an entity of the caller's account, there or not. */
export const namedQuestion = (
  tools: CatalogOnly,
  action: string,
  context: CallContext,
  kind: NamedKind,
  name: string,
  conditions: Conditions = {},
): AccessRequest =>
  entityQuestion(action, context, { kind, name }, entityNamed(tools, kind, context, name), conditions);

/** A question about a managed policy of the account or of AWS, there or not. @throws AwsError InvalidInput for what is no ARN of a policy */
export function policyQuestion(
  tools: CatalogOnly,
  action: string,
  context: CallContext,
  arn: string,
  conditions: Conditions = {},
): AccessRequest {
  const record = policyOfArn(tools, accountOf(context), arn)?.record;
  return question(action, context, arn, { ...resourceTags(record), ...conditions });
}

/** A question about an OpenID Connect provider, there or not. @throws AwsError InvalidInput for what is no ARN of one */
export function providerQuestion(
  tools: CatalogOnly,
  action: string,
  context: CallContext,
  arn: string,
  conditions: Conditions = {},
): AccessRequest {
  const record = providerOfArn(tools, accountOf(context), arn);
  return question(action, context, arn, { ...resourceTags(record), ...conditions });
}

/**
 * Questions about an entity that is to be created, under the ARN that it will have: `iam:CreateUser`, and `iam:TagUser` when it is given tags.
 *
 * @param noun as the actions call the kind: `User`, `Policy`
 */
export function createQuestions(
  noun: string,
  context: CallContext,
  place: { readonly kind: EntityKind; readonly name: string; readonly path?: string | undefined },
  tags: IdentityTags = {},
  boundary?: string,
): readonly AccessRequest[] {
  const create = entityQuestion(`Create${noun}`, context, place, undefined, {
    ...requestTags(tags),
    ...(boundary === undefined ? {} : { "iam:permissionsboundary": boundary }),
  });
  return Object.keys(tags).length === 0 ? [create] : [create, { ...create, action: `iam:Tag${noun}` }];
}

/** A question about entities of a kind below a path: `arn:…:user/team/`. @param prefix of paths, `/` for all */
export function listQuestion(
  action: string,
  context: CallContext,
  kind: EntityKind,
  prefix: string | undefined,
): AccessRequest {
  return question(action, context, entityArn({ kind, accountId: accountOf(context), path: prefix ?? "/", name: "" }));
}

/** `aws:ResourceTag/…` and IAM's older `iam:ResourceTag/…`, in the lower case in which condition keys are looked up. */
function resourceTags(record: IdentityRecord | undefined): Conditions {
  const tags = record !== undefined && "tags" in record.sections ? (record.sections.tags ?? {}) : {};
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:resourcetag/${key.toLowerCase()}`, value],
      [`iam:resourcetag/${key.toLowerCase()}`, value],
    ]),
  );
}

/** Who may change what somebody may do can be made to depend on the boundary that the somebody has. */
function boundaryOf(record: IdentityRecord | undefined): Conditions {
  const boundary = record !== undefined && "boundary" in record.sections ? record.sections.boundary : undefined;
  return boundary === undefined ? {} : { "iam:permissionsboundary": boundary };
}

/** `aws:RequestTag/…` and `aws:TagKeys`. */
export function requestTags(tags: IdentityTags): Conditions {
  const keys = Object.keys(tags);
  if (keys.length === 0) return {};
  return {
    ...Object.fromEntries(keys.map((key) => [`aws:requesttag/${key.toLowerCase()}`, tags[key]])),
    ...tagKeys(keys),
  };
}

export const tagKeys = (keys: readonly string[]): Conditions => ({ "aws:tagkeys": keys });

/**
 * What somebody must be allowed to do who hands a role to a service, which will then act by it (IAM User Guide, "Grant a user permissions to pass a role to an AWS
 * service"). Services ask it wherever their input names a role.
 *
 * @param service as `iam:PassedToService` names it: `lambda.amazonaws.com`
 * @example
 * access: (input, context) => [create, passRoleQuestion(context, input.Role, "lambda.amazonaws.com")]
 */
export function passRoleQuestion(context: CallContext, roleArn: string, service: string): AccessRequest {
  return question("PassRole", context, roleArn, { "iam:passedtoservice": service });
}
