/** What a command is about: which org, app and environment. Flags count most, then the manifest beside the command, then what `biplane use` has kept. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CodedError } from "#foundation/errors";
import { readFileIfThere, writePrivateFile } from "#foundation/files";
import { parseManifest } from "#foundation/manifest";
import { callApiJson } from "../../cli/api-client.ts";
import type { CommandContext } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import { type ApiAccess, dataDirectoryOf } from "../../cli/find-cloud.ts";
import { findPerson } from "../../cli/logins.ts";
import { printable } from "../../cli/terminal.ts";
import { orgOf } from "../orgs/org-of.ts";
import type { App, Env } from "./shapes.ts";

export const MAIN_ENV = "production";

export interface AppTarget {
  readonly access: ApiAccess;
  readonly orgName: string;
  /** `/v1/orgs/<id>` */
  readonly orgPath: string;
  readonly app: App;
  readonly appPath: string;
}

export interface EnvTarget extends AppTarget {
  readonly env: Env;
  readonly envPath: string;
}

interface Context {
  readonly app?: string;
  readonly env?: string;
}

const contextPath = (context: CommandContext): string => join(dataDirectoryOf(context), "run", "context.json");

/** What `biplane use` has kept; nothing where there is no data directory. */
export function keptContext(context: CommandContext): Context {
  if (context.arguments.text("endpoint") !== undefined) return {};
  try {
    return JSON.parse(readFileIfThere(contextPath(context)) ?? "{}") as Context;
  } catch {
    return {};
  }
}

export function keepContext(context: CommandContext, kept: Context): void {
  writePrivateFile(contextPath(context), `${JSON.stringify(kept)}\n`);
}

/** The name in the manifest of the working directory. */
function manifestApp(): string | undefined {
  if (!existsSync("biplane.toml")) return undefined;
  return parseManifest(readFileIfThere("biplane.toml") ?? "").manifest?.app.name;
}

/** Flags, then the manifest here, then what was kept; where nothing says it, the only app that there is. */
async function appName(context: CommandContext, access: ApiAccess, orgPath: string): Promise<string> {
  const named =
    context.arguments.text("app") ?? context.environment.BIPLANE_APP ?? manifestApp() ?? keptContext(context).app;
  if (named !== undefined && named !== "") return named;
  const { items } = await callApiJson<{ readonly items: readonly App[] }>(access, {
    path: `${orgPath}/apps`,
    query: { limit: 2 },
  });
  if (items.length === 1) return items[0]!.name;
  throw usageError(
    "Which app? Name it with --app, or go where its biplane.toml is.",
    "biplane apps list shows yours; biplane use APP remembers one",
  );
}

export function envName(context: CommandContext): string {
  return context.arguments.text("env") ?? context.environment.BIPLANE_ENV ?? keptContext(context).env ?? MAIN_ENV;
}

export async function findOrg(
  context: CommandContext,
): Promise<{ readonly access: ApiAccess; readonly orgPath: string; readonly orgName: string }> {
  const access = findPerson(context);
  const org = await orgOf(context, access);
  return { access, orgPath: `/v1/orgs/${org.accountId}`, orgName: org.name };
}

/** @throws CodedError NOT_FOUND */
export async function findApp(context: CommandContext): Promise<AppTarget> {
  const { access, orgPath, orgName } = await findOrg(context);
  const name = await appName(context, access, orgPath);
  const appPath = `${orgPath}/apps/${encodeURIComponent(name)}`;
  const app = await getOrUndefined<App>(access, appPath);
  if (app === undefined)
    throw cliErrors.error(
      "NOT_FOUND",
      `${printable(orgName)} has no app ${printable(name)}. biplane deploy makes it, or: biplane apps create ${printable(name)}`,
    );
  return { access, orgPath, orgName, app, appPath };
}

/** @throws CodedError NOT_FOUND */
export async function findEnv(context: CommandContext): Promise<EnvTarget> {
  const target = await findApp(context);
  const name = envName(context);
  const envPath = `${target.appPath}/envs/${encodeURIComponent(name)}`;
  const env = await getOrUndefined<Env>(target.access, envPath);
  if (env === undefined)
    throw cliErrors.error(
      "NOT_FOUND",
      `${printable(target.app.name)} has no environment ${printable(name)}. biplane envs list shows those there are.`,
    );
  return { ...target, env, envPath };
}

export async function getOrUndefined<Answer>(access: ApiAccess, path: string): Promise<Answer | undefined> {
  try {
    return await callApiJson<Answer>(access, { path });
  } catch (error) {
    if (error instanceof CodedError && error.status === 404) return undefined;
    throw error;
  }
}

/** `acme/shop/production`: said before anything is changed. */
export const targetText = ({ orgName, app, env }: EnvTarget): string =>
  [orgName, app.name, env.name].map(printable).join("/");

/** All pages. */
export async function allItems<Item>(access: ApiAccess, path: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = await callApiJson<{ readonly items: readonly Item[]; readonly next_cursor: string | null }>(access, {
      path,
      query: { limit: 200, cursor },
    });
    items.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return items;
}
