/** All that a user, group or role may do by: its own policies, and a user's also those of its groups. */

import { attachedTo, type PrincipalRecord } from "./attachments.ts";
import type { CatalogOnly } from "./find.ts";
import { defaultDocumentOf } from "./policy-view.ts";

/** A policy that grants or denies somebody something. */
export type PrincipalPolicy = {
  readonly name: string;
  /** Byte for byte. */
  readonly document: string;
} & (
  | { readonly type: "managed"; readonly arn: string }
  /** `bearer`: whose part it is; of the policies of a user perhaps one of its groups. */
  | { readonly type: "inline"; readonly bearer: PrincipalRecord }
);

export function policiesOf(tools: CatalogOnly, record: PrincipalRecord): readonly PrincipalPolicy[] {
  const groups =
    record.kind === "user"
      ? Object.keys(record.sections.groups ?? {})
          .map((groupId) => tools.catalog.entity("group", record.accountId, groupId))
          .filter((group) => group !== undefined)
      : [];
  const bearers: readonly PrincipalRecord[] = [record, ...groups];
  const inline = bearers.flatMap((bearer) =>
    Object.entries(bearer.sections.inlinePolicies ?? {}).map(
      ([name, document]) => ({ type: "inline", name, document, bearer }) as const,
    ),
  );
  // A policy that is attached to a user and to its group is one policy.
  const attached = new Map(bearers.flatMap((bearer) => attachedTo(tools, bearer)).map((view) => [view.arn, view]));
  const managed = [...attached.values()].map(
    (view) => ({ type: "managed", name: view.name, arn: view.arn, document: defaultDocumentOf(view) }) as const,
  );
  return [...inline, ...managed];
}
