/** The way of a table's configuration: worked out from its record, decided by the control plane. */
import type { CommandOutcome, ResourceReference, ResourceSectionChanges } from "#contracts";
import type { CallContext } from "#data-plane/service";
import { AwsError } from "#foundation/aws";
import { limitExceeded, resourceInUse, tableNotFound, validationError } from "../errors.ts";
import type { TablesEnvironment } from "./environment.ts";
import type { TableView } from "./table-view.ts";
import type { Tables } from "./tables.ts";

/** How often a change is worked out again because the table was changed meanwhile. */
const ATTEMPTS_MAX = 16;

/** Who asks, for the event. */
export const actorOf = ({ caller }: CallContext): string => (caller.type === "anonymous" ? "anonymous" : caller.arn);

export const referenceOf = ({ record }: TableView): ResourceReference => ({
  resourceId: record.resourceId,
  accountId: record.accountId,
  region: record.region,
  name: record.name,
});

/**
 * Has the control plane change sections; the catalog and the engine have the result when this resolves.
 *
 * @param find the table as it is now; called again when it was changed meanwhile
 * @param plan works the changes out; throws what the caller is to be told
 * @returns the table after the change
 * @throws AwsError for a refusal; ControlPlaneUnavailable, which the front door answers with 503
 */
export async function configureTable(
  environment: Pick<TablesEnvironment, "control">,
  tables: Tables,
  find: () => TableView,
  context: CallContext,
  plan: (view: TableView) => ResourceSectionChanges<"table">,
): Promise<TableView> {
  for (let attempt = 1; ; attempt++) {
    const view = find();
    const outcome = await environment.control.execute(
      { type: "table.configure", ...referenceOf(view), sections: plan(view), ifRevision: view.record.revision },
      { actor: actorOf(context), requestId: context.requestId },
    );
    if (outcome.ok) {
      const changed = find();
      await tables.ensure(changed);
      return changed;
    }
    if (outcome.code !== "RevisionMismatch" || attempt === ATTEMPTS_MAX) throw refusalOf(outcome, view.name);
  }
}

/** A refusal of the control plane in the words of DynamoDB. */
export function refusalOf(refusal: Extract<CommandOutcome, { ok: false }>, table: string): AwsError {
  switch (refusal.code) {
    case "ResourceAlreadyExists":
      return resourceInUse(`Table already exists: ${table}`);
    case "NoSuchResource":
      return tableNotFound(table);
    case "RevisionMismatch":
      return resourceInUse(`Attempt to change a resource which is still in use: Table is being updated: ${table}`);
    case "LimitExceeded":
      return limitExceeded(`Subscriber limit exceeded: ${refusal.message}`);
    case "MalformedPolicyDocument":
      return validationError(`Invalid policy document: ${refusal.message}`);
    case "ValidationFailed":
      return validationError(`One or more parameter values were invalid: ${refusal.message}`);
    default:
      return new AwsError("InternalServerError", "The request processing has failed because of an unknown error.", {
        statusCode: 500,
        fault: "server",
      });
  }
}
