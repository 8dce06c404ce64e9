/** Attributes, tags and permissions of queues. */
import type { CallContext } from "#data-plane/service";
import type { SQS } from "#foundation/aws";
import { missingParameter } from "../errors.ts";
import { checkAskedAttribute, type StoredAttributes } from "../rules/attribute-values.ts";
import { checkPermission, withoutPermission, withPermission } from "../rules/permissions.ts";
import { mergeTags, type Tags, withoutTags } from "../rules/tags.ts";
import { configure } from "../service/configure.ts";
import { type Definitions, onQueue, refuseOthers } from "../service/define.ts";
import { queueOfUrl } from "../service/find-queue.ts";
import type { QueueView } from "../service/queue-view.ts";
import type { Toolbox } from "../service/toolbox.ts";
import { acceptAttributes, changedAttributes } from "./queue-attributes.ts";
import { requestTagConditions } from "./queue-life-cycle.ts";

type Names =
  | "AddPermission"
  | "GetQueueAttributes"
  | "ListQueueTags"
  | "RemovePermission"
  | "SetQueueAttributes"
  | "TagQueue"
  | "UntagQueue";

const OWNER_ONLY = { ownerOnly: true } as const;
const SECOND_MS = 1000;

export function queueSettings(tools: Toolbox): Definitions<Names> {
  return {
    GetQueueAttributes: onQueue(tools, "sqs:getqueueattributes", (view, input) =>
      attributesOf(tools, view, input.AttributeNames ?? []),
    ),

    SetQueueAttributes: onQueue(
      tools,
      "sqs:setqueueattributes",
      async (view, input, context) => {
        const given = (input.Attributes ?? {}) as StoredAttributes;
        if (Object.keys(given).length === 0) throw missingParameter("Attributes");
        const accepted = acceptAttributes(tools, view.record, given);
        await configure(tools, view, context, (current) => ({
          attributes: changedAttributes(current.shownIn(tools.catalog), accepted, view.fifo),
        }));
        return {};
      },
      OWNER_ONLY,
    ),

    AddPermission: onQueue(
      tools,
      "sqs:addpermission",
      async (view, input, context) => {
        const permission = {
          label: input.Label ?? "",
          accountIds: input.AWSAccountIds ?? [],
          actions: input.Actions ?? [],
        };
        checkPermission(permission, (accountId) => tools.catalog.account(accountId as never) !== undefined);
        await setPolicy(tools, view, context, (policy) => withPermission(policy, view.arn, permission));
        return {};
      },
      OWNER_ONLY,
    ),

    RemovePermission: onQueue(
      tools,
      "sqs:removepermission",
      async (view, input, context) => {
        if (input.Label === undefined || input.Label === "") throw missingParameter("Label");
        await setPolicy(tools, view, context, (policy) => withoutPermission(policy, input.Label));
        return {};
      },
      OWNER_ONLY,
    ),

    ListQueueTags: onQueue(
      tools,
      "sqs:listqueuetags",
      (view) => (Object.keys(view.tags).length === 0 ? {} : { Tags: view.tags }),
      OWNER_ONLY,
    ),

    TagQueue: {
      ...onQueue<"TagQueue">(tools, "sqs:tagqueue", async (view, input, context) => {
        await configure(tools, view, context, (current) => ({ tags: mergeTags(current.tags, input.Tags) }));
        return {};
      }),
      access(input, context) {
        const view = queueOfUrl(tools, input.QueueUrl, context);
        refuseOthers(view, context);
        return [view.question("sqs:tagqueue", requestTagConditions(input.Tags))];
      },
    },

    UntagQueue: {
      ...onQueue<"UntagQueue">(tools, "sqs:untagqueue", async (view, input, context) => {
        await configure(tools, view, context, (current) => ({
          tags: noneAsNull(withoutTags(current.tags, input.TagKeys)),
        }));
        return {};
      }),
      access(input, context) {
        const view = queueOfUrl(tools, input.QueueUrl, context);
        refuseOthers(view, context);
        return [view.question("sqs:untagqueue", { "aws:tagkeys": input.TagKeys ?? [] })];
      },
    },
  };
}

const noneAsNull = (tags: Tags): Tags | null => (Object.keys(tags).length === 0 ? null : tags);

async function setPolicy(
  tools: Toolbox,
  view: QueueView,
  context: CallContext,
  change: (policy: string | undefined) => string,
): Promise<void> {
  await configure(tools, view, context, (current) => {
    const stored = current.shownIn(tools.catalog);
    return { attributes: changedAttributes(stored, { Policy: change(stored.Policy) }, view.fifo) };
  });
}

const COUNTS: ReadonlySet<string> = new Set([
  "ApproximateNumberOfMessages",
  "ApproximateNumberOfMessagesDelayed",
  "ApproximateNumberOfMessagesNotVisible",
]);

/** The attributes that are asked for; the engine is asked only for those that it counts. */
async function attributesOf(
  tools: Toolbox,
  view: QueueView,
  names: readonly string[],
): Promise<SQS.GetQueueAttributesResult> {
  for (const name of names) checkAskedAttribute(name);
  if (names.length === 0) return {};
  const all = names.includes("All");
  const { record, arn } = view;
  const known: Record<string, string> = {
    ...view.effectiveIn(tools.catalog),
    QueueArn: arn,
    CreatedTimestamp: String(Math.floor(record.createdAt / SECOND_MS)),
    LastModifiedTimestamp: String(Math.floor(record.modifiedAt / SECOND_MS)),
  };
  if (view.fifo) known.FifoQueue = "true";
  if (all || names.some((name) => COUNTS.has(name))) {
    const { visible, inFlight, delayed } = await tools.engine.counts(record.resourceId);
    known.ApproximateNumberOfMessages = String(visible);
    known.ApproximateNumberOfMessagesNotVisible = String(inFlight);
    known.ApproximateNumberOfMessagesDelayed = String(delayed);
  }
  const wanted = all ? Object.keys(known) : names.filter((name) => known[name] !== undefined);
  const Attributes = Object.fromEntries(wanted.map((name) => [name, known[name]!]));
  return wanted.length === 0 ? {} : { Attributes };
}
