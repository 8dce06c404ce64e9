/** `biplane whoami` */
import { callApiJson } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import type { ApiAccess } from "../../cli/find-cloud.ts";
import { findPerson } from "../../cli/logins.ts";
import { printable } from "../../cli/terminal.ts";

/** As `GET /v1/auth/whoami` tells it. */
export interface WhoAmI {
  readonly type: "operator" | "person" | "servicePrincipal";
  readonly id?: string;
  readonly name?: string;
  readonly email?: string;
  readonly scopes: readonly string[];
  readonly orgs: readonly { readonly accountId: string; readonly name: string; readonly role: string }[];
}

export function whoIs(access: ApiAccess): Promise<WhoAmI> {
  return callApiJson<WhoAmI>(access, { path: "/v1/auth/whoami" });
}

/** For sentences. */
export function nameOf({ type, name = "", email }: WhoAmI): string {
  if (type === "operator") return "the operator of the cloud";
  return email === undefined ? `the program ${printable(name)}` : `${printable(name)} (${printable(email)})`;
}

export const whoami: CommandBody = async (context) => {
  const access = findPerson(context);
  const who = await whoIs(access);
  const { terminal, json } = context;
  if (json) terminal.json({ endpoint: access.url, ...who });
  else {
    terminal.line(`You are ${nameOf(who)} at ${access.url}.`);
    for (const org of who.orgs) terminal.line(`  ${org.accountId}  ${printable(org.name)}  ${org.role}`);
    if (who.type === "person" && who.orgs.length === 0) terminal.line("You are in no org: biplane orgs create NAME");
  }
  return undefined;
};
