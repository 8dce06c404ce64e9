/** The way of a queue's configuration: worked out from the record, decided by the control plane, applied to the engine. */
import type { CommandOutcome, QueueSections } from "#contracts";
import type { CallContext } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import { sleep } from "#foundation/runtime";
import { invalidAttributeValue, overLimit, queueDoesNotExist } from "../errors.ts";
import { type QueueView, viewOf } from "./queue-view.ts";
import type { Toolbox } from "./toolbox.ts";

/** How often a change is worked out again because somebody was faster. */
const ATTEMPTS_MAX = 20;
/** The catalog is a moment behind the control plane that refused. */
const AGAIN_AFTER_MS = 10;

/** Who asks, for the event. */
export const actorOf = ({ caller }: CallContext): string => (caller.type === "anonymous" ? "anonymous" : caller.arn);

type Sections = { readonly [Section in keyof QueueSections]?: QueueSections[Section] | null };

/**
 * Changes sections of a queue. The change is worked out from the record as it is, and again when another change came between.
 *
 * @param work gives the new sections; throws what the caller is told
 * @throws AwsError QueueDoesNotExist; ControlPlaneUnavailable
 */
export async function configure(
  tools: Toolbox,
  view: QueueView,
  context: CallContext,
  work: (view: QueueView) => Sections,
): Promise<void> {
  const { control, catalog, keeper, timers } = tools;
  let current = view;
  for (let attempt = 1; ; attempt++) {
    const { resourceId, accountId, region, name, revision } = current.record;
    const outcome = await control.execute(
      {
        type: "queue.configure",
        resourceId,
        accountId,
        region,
        name,
        sections: work(current),
        ifRevision: revision,
      },
      { actor: actorOf(context), requestId: context.requestId },
    );
    if (!outcome.ok && outcome.code === "RevisionMismatch" && attempt < ATTEMPTS_MAX) {
      if (catalog.queueById(resourceId) === current.record) await sleep(timers, AGAIN_AFTER_MS);
    } else if (!outcome.ok) throw refusalOf(outcome);
    const record = catalog.queueById(resourceId);
    if (record === undefined) throw queueDoesNotExist();
    if (outcome.ok) {
      // The answer is given when the new settings hold.
      await keeper.ensure(record);
      return;
    }
    current = viewOf(record);
  }
}

/** A refusal of the control plane in SQS's words. */
export function refusalOf(outcome: Extract<CommandOutcome, { readonly ok: false }>): AwsError {
  switch (outcome.code) {
    case "NoSuchResource":
      return queueDoesNotExist();
    case "LimitExceeded":
      return overLimit(`${outcome.message}.`);
    case "MalformedPolicyDocument":
      return invalidAttributeValue("Policy");
    case "ValidationFailed":
      return new AwsError("InvalidParameterValue", `${outcome.message}.`, { statusCode: 400 });
    case "RevisionMismatch":
      return new AwsError("RequestThrottled", "The queue is being changed by others all the time. Please retry.");
    default:
      return new AwsError("InternalFailure", "We encountered an internal error. Please try again.", {
        statusCode: 500,
        fault: "server",
        cause: outcome,
      });
  }
}
