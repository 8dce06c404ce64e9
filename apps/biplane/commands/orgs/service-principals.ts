/** `biplane service-principals` */
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import type { ApiAccess } from "../../cli/find-cloud.ts";
import { findPerson } from "../../cli/logins.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";
import { orgOf } from "./org-of.ts";

interface ServicePrincipal {
  readonly principalId: string;
  readonly name: string;
  readonly role: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly rotatedAt?: number;
}

interface NewSecret {
  readonly principalId: string;
  readonly clientSecret: string;
}

export const listServicePrincipals: CommandBody = async (context) => {
  const { access, path } = await pathOf(context);
  return printItems(context, await principalsOf(access, path), [
    { title: "CLIENT ID", cell: (principal) => principal.principalId },
    { title: "NAME", cell: (principal) => printable(principal.name) },
    { title: "ROLE", cell: (principal) => principal.role },
    { title: "SCOPES", cell: (principal) => principal.scopes.join(" ") },
    { title: "SECRET OF", cell: (principal) => localTime(principal.rotatedAt ?? principal.createdAt) },
  ]);
};

export const createServicePrincipal: CommandBody = async (context) => {
  const name = context.arguments.positionals[0]!;
  const scopes = context.arguments.text("scopes");
  if (scopes === undefined) throw usageError("Which scopes? Name them with --scopes.");
  const { access, path } = await pathOf(context);
  const made = await changeByApi<NewSecret>(access, "POST", path, {
    name,
    role: context.arguments.text("role") ?? "developer",
    scopes: scopes.split(",").map((scope) => scope.trim()),
  });
  return printSecret(context, { name, ...made });
};

export const rotateServicePrincipal: CommandBody = async (context) => {
  const { access, path, principal } = await principalMeant(context);
  const made = await changeByApi<NewSecret>(access, "POST", `${path}/rotate`);
  return printSecret(context, { name: principal.name, ...made });
};

export const deleteServicePrincipal: CommandBody = async (context) => {
  const { access, path, principal } = await principalMeant(context);
  await changeByApi(access, "DELETE", path);
  const { principalId, name } = principal;
  return printDone(context, { principalId, name, deleted: true }, `Service principal ${printable(name)} is gone.`);
};

function printSecret(context: CommandContext, made: NewSecret & { readonly name: string }): undefined {
  const lines = [
    `client_id=${made.principalId}`,
    `client_secret=${made.clientSecret}`,
    "The secret is not shown again. It gets tokens at POST /v1/auth/token.",
  ];
  return printDone(context, made, lines.join("\n"));
}

async function pathOf(context: CommandContext) {
  const access = findPerson(context);
  const { accountId } = await orgOf(context, access);
  return { access, path: `/v1/orgs/${accountId}/service-principals` };
}

async function principalsOf(access: ApiAccess, path: string): Promise<readonly ServicePrincipal[]> {
  return (await callApiJson<{ readonly items: readonly ServicePrincipal[] }>(access, { path })).items;
}

/** The program that the first argument names, by name or id. */
async function principalMeant(context: CommandContext) {
  const named = context.arguments.positionals[0]!;
  const { access, path } = await pathOf(context);
  const principals = await principalsOf(access, path);
  const wanted = named.toLowerCase();
  const principal = principals.find((one) => one.principalId === named || one.name.toLowerCase() === wanted);
  if (principal === undefined) {
    throw cliErrors.error("NOT_FOUND", `The org has no service principal ${printable(named)}.`);
  }
  return { access, principal, path: `${path}/${principal.principalId}` };
}
