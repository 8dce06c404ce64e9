/** Creating, finding, listing and deleting queues. */
import type { AccountId, QueueRecord } from "#contracts";
import type { AccessRequest, CallContext } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import {
  invalidAttributeValue,
  missingParameter,
  queueDeletedRecently,
  queueDoesNotExist,
  queueNameExists,
  unknownAttribute,
} from "../errors.ts";
import type { StoredAttributes } from "../rules/attribute-values.ts";
import { checkQueueName, isFifoName, queueArn, queueUrl } from "../rules/queue-address.ts";
import { mergeTags, type Tags } from "../rules/tags.ts";
import { actorOf, refusalOf } from "../service/configure.ts";
import { type Definitions, type InputOf, onAccount, onQueue } from "../service/define.ts";
import { queueOfPlace } from "../service/find-queue.ts";
import { engineNameOf } from "../service/queue-settings.ts";
import { type QueueView, viewOf } from "../service/queue-view.ts";
import type { Toolbox } from "../service/toolbox.ts";
import { pageOf } from "./paging.ts";
import { acceptAttributes, changedAttributes, differingAttribute } from "./queue-attributes.ts";

type Names = "CreateQueue" | "GetQueueUrl" | "ListQueues" | "DeleteQueue" | "ListDeadLetterSourceQueues";

/** What has no resource to ask about is the caller's account's. @throws AwsError AccessDenied */
function accountOf({ caller }: CallContext): AccountId {
  if (caller.type === "anonymous") throw new AwsError("AccessDenied", "Access Denied", { statusCode: 403 });
  return caller.accountId;
}

export const urlOf = (
  { accountId, name }: Pick<QueueRecord, "accountId" | "name">,
  { endpoint }: CallContext,
): string => queueUrl(endpoint, accountId, name);

export function queueLifeCycle(tools: Toolbox): Definitions<Names> {
  return {
    CreateQueue: onAccount({
      access: (input, context) => createQuestions(input, context),
      handle: (input, context) => createQueue(tools, input, context),
    }),

    GetQueueUrl: onAccount({
      access(input, context) {
        return viewOfName(tools, input, context).questions("sqs:getqueueurl");
      },
      handle: (input, context) => ({ QueueUrl: urlOf(viewOfName(tools, input, context).record, context) }),
    }),

    ListQueues: onAccount({
      access(_input, context) {
        const resourceAccount = accountOf(context);
        const resource = queueArn(context.region, resourceAccount, "*");
        return [{ action: "sqs:listqueues", resource, resourceAccount }];
      },
      handle(input, context) {
        const queues = tools.catalog.queuesOf(accountOf(context), context.region);
        const { items, nextToken } = pageOf(queues, input.QueueNamePrefix ?? "", input.MaxResults, input.NextToken);
        return {
          ...(items.length === 0 ? {} : { QueueUrls: items.map((record) => urlOf(record, context)) }),
          ...(nextToken === undefined ? {} : { NextToken: nextToken }),
        };
      },
    }),

    ListDeadLetterSourceQueues: onQueue(tools, "sqs:listdeadlettersourcequeues", (view, input, context) => {
      const sources = tools.keeper.deadLetters.sourcesOf(view.arn);
      const { items, nextToken } = pageOf(sources, "", input.MaxResults, input.NextToken);
      return {
        queueUrls: items.map((record) => urlOf(record, context)),
        ...(nextToken === undefined ? {} : { NextToken: nextToken }),
      };
    }),

    DeleteQueue: onQueue(
      tools,
      "sqs:deletequeue",
      async (view, _input, context) => {
        const outcome = await tools.deletions.delete(view.record, {
          actor: actorOf(context),
          requestId: context.requestId,
          idempotencyKey: `queue.delete/${view.record.resourceId}/${context.requestId}`,
        });
        // Somebody else's deletion was faster: the queue is gone all the same.
        if (!outcome.ok && outcome.code !== "NoSuchResource") throw refusalOf(outcome);
        return {};
      },
      { ownerOnly: true },
    ),
  };
}

function viewOfName(tools: Toolbox, input: InputOf<"GetQueueUrl">, context: CallContext): QueueView {
  const { QueueName: name, QueueOwnerAWSAccountId: owner } = input;
  if (name === undefined || name === "") throw missingParameter("QueueName");
  const accountId = owner === undefined || owner === "" ? accountOf(context) : (owner as AccountId);
  const view = queueOfPlace(tools, { accountId, name }, context);
  if (view === undefined) throw queueDoesNotExist();
  return view;
}

function createQuestions(input: InputOf<"CreateQueue">, context: CallContext): readonly AccessRequest[] {
  const resourceAccount = accountOf(context);
  const resource = queueArn(context.region, resourceAccount, input.QueueName ?? "");
  const conditions = requestTagConditions(input.tags);
  const create = { action: "sqs:createqueue", resource, resourceAccount, conditions };
  return input.tags === undefined ? [create] : [create, { ...create, action: "sqs:tagqueue" }];
}

/** `aws:RequestTag/…` and `aws:TagKeys`, in the lower case in which condition keys are looked up. */
export function requestTagConditions(tags: Tags | undefined): Readonly<Record<string, string | readonly string[]>> {
  const entries = Object.entries(tags ?? {});
  if (entries.length === 0) return {};
  return {
    ...Object.fromEntries(entries.map(([key, value]) => [`aws:requesttag/${key.toLowerCase()}`, value])),
    "aws:tagkeys": entries.map(([key]) => key),
  };
}

async function createQueue(
  tools: Toolbox,
  input: InputOf<"CreateQueue">,
  context: CallContext,
): Promise<{ readonly QueueUrl: string }> {
  const { QueueName: name, Attributes, tags: givenTags } = input;
  if (name === undefined || name === "") throw missingParameter("QueueName");
  const given = (Attributes ?? {}) as StoredAttributes;
  const fifo = checkKind(name, given.FifoQueue);
  checkQueueName(name, fifo);
  const place = { accountId: accountOf(context), region: context.region, name };
  const accepted = acceptAttributes(tools, place, given);
  const tags = givenTags === undefined || Object.keys(givenTags).length === 0 ? undefined : mergeTags({}, givenTags);

  const existing = tools.catalog.queue(place.accountId, place.region, name);
  if (existing !== undefined) return answerExisting(tools, existing, accepted, tags, context);
  if (await wasDeletedRecently(tools, place)) throw queueDeletedRecently();
  const attributes = changedAttributes({}, accepted, fifo);
  const outcome = await tools.control.execute(
    {
      type: "queue.create",
      ...place,
      sections: {
        ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
        ...(tags === undefined ? {} : { tags }),
      },
    },
    { actor: actorOf(context), requestId: context.requestId },
  );
  const record = tools.catalog.queue(place.accountId, place.region, name);
  if (!outcome.ok) {
    if (outcome.code === "ResourceAlreadyExists" && record !== undefined) {
      return answerExisting(tools, record, accepted, tags, context);
    }
    throw refusalOf(outcome);
  }
  // Usable as soon as it is answered.
  if (record !== undefined) await tools.keeper.ensure(record);
  return { QueueUrl: urlOf(place, context) };
}

/** DeleteQueue (SQS API Reference): "you must wait at least 60 seconds before creating a queue with the same name". */
const NAME_RESTS_MS = 60_000;

/** Whether the name rests: clients of the queue that had it may not have noticed that it is gone. */
async function wasDeletedRecently(
  { engine, clock }: Toolbox,
  place: Parameters<typeof engineNameOf>[0],
): Promise<boolean> {
  const deletedAt = await engine.lastDeletion(engineNameOf(place));
  return deletedAt !== undefined && clock.now() < deletedAt + NAME_RESTS_MS;
}

/** Whether a FIFO queue is asked for: by name and attribute alike. @throws AwsError for names and attributes that contradict each other */
function checkKind(name: string, attribute: string | undefined): boolean {
  if (attribute === undefined) return false;
  if (attribute === "true") return true;
  if (!isFifoName(name)) throw unknownAttribute("FifoQueue");
  throw invalidAttributeValue("FifoQueue");
}

/** Creating a queue again changes nothing and succeeds, unless it is to be another one. */
function answerExisting(
  tools: Toolbox,
  record: QueueRecord,
  accepted: StoredAttributes,
  tags: Tags | undefined,
  context: CallContext,
): { readonly QueueUrl: string } {
  const view = viewOf(record);
  if (tools.deletions.isUndecided(record.resourceId)) throw queueDeletedRecently();
  const differing = differingAttribute(view.effectiveIn(tools.catalog), accepted);
  if (differing !== undefined) throw queueNameExists(`attribute ${differing}`);
  if (tags !== undefined && !sameTags(view.tags, tags)) throw queueNameExists("tags");
  return { QueueUrl: urlOf(record, context) };
}

function sameTags(left: Tags, right: Tags): boolean {
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && left[key] === right[key])
  );
}
