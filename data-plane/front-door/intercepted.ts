/** Calls that are no operation of a model, form uploads and visits of websites: they are judged and put on record like all others. */
import type { AccessRequest, CallContext } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import { type Admitted, type AuditTrail, admissionEvent, refusalEvent } from "./audit.ts";

/**
 * Lets a call pass whose questions are all answered with yes.
 *
 * @param action as it is recorded: `s3:PostObject`
 * @returns when it may happen
 */
export type Admit = (action: string, context: CallContext, questions: readonly AccessRequest[]) => Promise<void>;

/** @param auditsData calls on what resources hold are written down too, each before it happens */
export const admitting =
  (audit: AuditTrail, auditsData: boolean): Admit =>
  async (action, context, questions) => {
    const { caller, request } = context;
    const admitted: Admitted[] = [];
    for (const question of questions) {
      const decision = context.decide(question);
      if (!decision.allowed) denied(audit, action, context, question);
      admitted.push({ question, decision });
    }
    if (auditsData) await audit.append(admissionEvent(caller, request, action, admitted));
  };

/** @throws AwsError AccessDenied */
function denied(audit: AuditTrail, action: string, context: CallContext, question: AccessRequest): never {
  const { caller, request } = context;
  try {
    context.authorize(question);
  } catch (thrown) {
    if (thrown instanceof AwsError) {
      const call = { action, caller, claimedKeyId: undefined, admitted: undefined };
      const event = refusalEvent(call, request, thrown, thrown);
      if (event !== undefined) audit.note(event);
    }
    throw thrown;
  }
  throw new Error(`${action} was refused and then allowed`);
}
