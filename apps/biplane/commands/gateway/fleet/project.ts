/** Which project a command about a fleet means, and finding things in it by their names. */
import type { CommandContext } from "../../../cli/command.ts";
import { cliErrors, usageError } from "../../../cli/errors.ts";
import type { ApiAccess } from "../../../cli/find-cloud.ts";
import { printable } from "../../../cli/terminal.ts";
import { allItems, findOrg } from "../../apps/target.ts";

export interface FleetProject {
  readonly access: ApiAccess;
  readonly id: string;
  readonly name: string;
  /** `/v1/orgs/<id>/projects/<id>` */
  readonly path: string;
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** `--project` or `BIPLANE_PROJECT`, an id or a name; or the only one there is. @throws CodedError USAGE, NOT_FOUND */
export async function findProject(context: CommandContext): Promise<FleetProject> {
  const { access, orgPath } = await findOrg(context);
  const named = context.arguments.text("project") ?? (context.environment.BIPLANE_PROJECT || undefined);
  const projects = await allItems<Named>(access, `${orgPath}/projects`);
  const choices = projects.map(({ name }) => printable(name)).join(", ");
  const found = named === undefined ? onlyOne(projects) : byName(projects, named);
  if (found !== undefined) return { access, ...found, path: `${orgPath}/projects/${found.id}` };
  if (projects.length === 0) throw usageError("There is no project.", "Make one: biplane projects create NAME");
  if (named === undefined) throw usageError("Which project? Name it with --project.", `There are: ${choices}`);
  throw cliErrors.error("NOT_FOUND", `There is no project ${printable(named)}. There are: ${choices}`);
}

const onlyOne = <Item>(items: readonly Item[]): Item | undefined => (items.length === 1 ? items[0] : undefined);

/** By id, else by name without regard to case. */
export function byName<Item extends { readonly id: string; readonly name?: string }>(
  items: readonly Item[],
  idOrName: string,
): Item | undefined {
  const wanted = idOrName.toLowerCase();
  return items.find(({ id }) => id === idOrName) ?? items.find(({ name }) => name?.toLowerCase() === wanted);
}

/** One of a listing, by id or name. @param what for people: `key` @throws CodedError NOT_FOUND */
export async function findNamed<Item extends { readonly id: string; readonly name?: string }>(
  { access, path, name }: FleetProject,
  listing: string,
  what: string,
  idOrName: string,
  isMeant: (item: Item) => boolean = () => true,
): Promise<Item> {
  const found = byName((await allItems<Item>(access, `${path}/${listing}`)).filter(isMeant), idOrName);
  if (found !== undefined) return found;
  throw cliErrors.error("NOT_FOUND", `The project ${printable(name)} has no ${what} ${printable(idOrName)}.`);
}
