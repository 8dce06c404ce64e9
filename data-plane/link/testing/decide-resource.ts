/** Decides commands about regional resources on the spot, as the control plane would, for tests of the services that send them. */
import type {
  CatalogRecord,
  CommandErrorCode,
  CommandOutcome,
  EventId,
  ResourceCommand,
  ResourceId,
  ResourceKind,
} from "#contracts";
import { resourceKey } from "../catalog-key.ts";
import type { MemoryCatalog } from "./memory-catalog.ts";

const clone = (value: object): Record<string, unknown> => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

/** @param now epoch milliseconds */
export function decideResource(catalog: MemoryCatalog, command: ResourceCommand, now: number): CommandOutcome {
  const [kind, verb] = command.type.split(".") as [ResourceKind, "create" | "configure" | "delete"];
  const { accountId, region, name } = command;
  const existing = catalog[kind](accountId, region, name);
  const done = (result: object): CommandOutcome => {
    catalog.appliedThrough = (catalog.appliedThrough + 1) as EventId;
    return { ok: true, eventId: catalog.appliedThrough, result: result as { readonly resourceId: ResourceId } };
  };
  const refuse = (code: CommandErrorCode): CommandOutcome => ({ ok: false, code, message: code });

  if (command.type === "queue.create" || command.type === "table.create") {
    if (existing !== undefined) return refuse("ResourceAlreadyExists");
    const resourceId = `${kind}-${catalog.appliedThrough + 1}` as ResourceId;
    const place = { kind, resourceId, accountId, region, name };
    catalog.put({
      ...place,
      createdAt: now,
      modifiedAt: now,
      revision: 1,
      sections: clone(command.sections),
    } as CatalogRecord);
    return done({ resourceId });
  }
  if (existing?.resourceId !== command.resourceId) return refuse("NoSuchResource");
  if (verb === "delete") {
    catalog.remove(kind, resourceKey(existing));
    return done({});
  }
  const { sections = {}, ifRevision } = command as Extract<ResourceCommand, { readonly type: "queue.configure" }>;
  if (ifRevision !== undefined && ifRevision !== existing.revision) return refuse("RevisionMismatch");
  const merged = Object.entries({ ...existing.sections, ...clone(sections) }).filter(([, value]) => value !== null);
  catalog.put({
    ...existing,
    modifiedAt: now,
    revision: existing.revision + 1,
    sections: Object.fromEntries(merged),
  } as CatalogRecord);
  return done({});
}
