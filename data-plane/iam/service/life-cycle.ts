/** What all entities that have names share: being created, listed, renamed, deleted. */
import type { Command, CommandResults, IdentityCommand, IdentityRecord, IdentitySections } from "#contracts";
import type { AccessRequest, CallContext } from "#data-plane/service";
import { noSuch } from "../errors.ts";
import { accountOf } from "./define.ts";
import type { IamEnvironment } from "./environment.ts";
import { execute } from "./execute.ts";
import { type CatalogOnly, entityNamed, expectEntity, type NamedKind } from "./find.ts";
import { type Page, type PageRequest, pageOf } from "./paging.ts";
import { entityQuestion, namedQuestion } from "./questions.ts";

/** @returns the entity as the catalog has it now; undefined when somebody was fast enough to delete it again */
export async function create<Kind extends keyof IdentitySections>(
  tools: IamEnvironment,
  context: CallContext,
  kind: Kind,
  place: { readonly name: string; readonly path?: string | undefined },
  sections: IdentitySections[Kind],
): Promise<IdentityRecord<Kind> | undefined> {
  const accountId = accountOf(context);
  const { name, path } = place;
  const command = { type: `${kind}.create`, accountId, name, ...(path === undefined ? {} : { path }), sections };
  // The compiler cannot see that kind and sections belong together once they are members of a union.
  const result = await execute(tools, context, command as IdentityCommand as Command);
  const { entityId } = result as CommandResults["user.create"];
  return tools.catalog.entity(kind, accountId, entityId);
}

/** @throws AwsError NoSuchEntity */
export async function createNamed<Kind extends NamedKind>(
  tools: IamEnvironment,
  context: CallContext,
  kind: Kind,
  place: { readonly name: string; readonly path?: string | undefined },
  sections: IdentitySections[Kind],
): Promise<IdentityRecord<Kind>> {
  const record = await create(tools, context, kind, place, sections);
  if (record === undefined) throw noSuch(kind, place.name);
  return record;
}

interface Renaming {
  readonly name?: string | undefined;
  readonly path?: string | undefined;
}

/**
 * Whoever renames must be allowed to change both, what the entity is called now and what it will be: otherwise one could rename somebody into the permissions that are
 * granted by name (IAM API Reference, UpdateUser).
 */
export function renameQuestions(
  tools: CatalogOnly,
  action: string,
  context: CallContext,
  kind: "user" | "group",
  given: string,
  { name, path }: Renaming,
): readonly AccessRequest[] {
  const asked = namedQuestion(tools, action, context, kind, given);
  if (name === undefined && path === undefined) return [asked];
  const record = entityNamed(tools, kind, context, given);
  const place = { kind, name: name ?? record?.name ?? given, path: path ?? record?.path };
  return [asked, { ...asked, resource: entityQuestion(action, context, place, undefined).resource }];
}

export async function rename(
  tools: IamEnvironment,
  context: CallContext,
  kind: "user" | "group",
  given: string,
  { name, path }: Renaming,
): Promise<void> {
  const { accountId, entityId } = expectEntity(tools, kind, context, given);
  const changes = { ...(name === undefined ? {} : { name }), ...(path === undefined ? {} : { path }) };
  await execute(tools, context, { type: `${kind}.rename`, accountId, entityId, ...changes });
}

export async function remove(
  tools: IamEnvironment,
  context: CallContext,
  { kind, accountId, entityId }: IdentityRecord,
): Promise<void> {
  await execute(tools, context, { type: `${kind}.delete`, accountId, entityId });
}

/** One page of the entities below a path, by name. */
export function listBelow<Kind extends NamedKind>(
  { catalog }: CatalogOnly,
  context: CallContext,
  kind: Kind,
  input: PageRequest & { readonly PathPrefix?: string },
): Page<IdentityRecord<Kind>> {
  const accountId = accountOf(context);
  const { PathPrefix: prefix = "/" } = input;
  const all = catalog.entitiesOf(kind, accountId);
  const below = prefix === "/" ? all : all.filter(({ path }) => path.startsWith(prefix));
  return pageOf(below, ({ name }) => name, input, `${kind} ${accountId} ${prefix}`);
}
