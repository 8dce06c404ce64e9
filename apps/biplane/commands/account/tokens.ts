/** `biplane tokens`, `biplane sessions` */
import { callApiJson, callPublicApi, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { findPerson } from "../../cli/logins.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime, parseSeconds } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";
import { orgOf } from "../orgs/org-of.ts";

interface ApiToken {
  readonly tokenId: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly accountId?: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
}

interface Session {
  readonly sessionId: string;
  readonly clientName: string;
  readonly createdAt: number;
  readonly refreshedAt?: number;
  readonly expiresAt: number;
  readonly current: boolean;
}

interface Items<Item> {
  readonly items: readonly Item[];
}

export const listTokens: CommandBody = async (context) => {
  const { items } = await callApiJson<Items<ApiToken>>(findPerson(context), { path: "/v1/tokens" });
  return printItems(context, items, [
    { title: "TOKEN", cell: (token) => token.tokenId },
    { title: "NAME", cell: (token) => printable(token.name) },
    { title: "ORG", cell: (token) => token.accountId ?? "all" },
    { title: "SCOPES", cell: (token) => token.scopes.join(" ") },
    { title: "EXPIRES", cell: (token) => (token.expiresAt === undefined ? "never" : localTime(token.expiresAt)) },
  ]);
};

export const createToken: CommandBody = async (context) => {
  const { arguments: given } = context;
  const scopes = given.text("scopes");
  if (scopes === undefined) {
    throw usageError("Which scopes? Name them with --scopes.", "biplane whoami --json shows the ones that you have.");
  }
  const access = findPerson(context);
  const org = given.text("org");
  const made = await changeByApi<{ readonly tokenId: string; readonly token: string }>(access, "POST", "/v1/tokens", {
    name: given.positionals[0]!,
    scopes: scopes.split(",").map((scope) => scope.trim()),
    ...(org === undefined ? {} : { accountId: (await orgOf(context, access)).accountId }),
    ...lifetimeOf(context),
  });
  return printDone(context, made, `BIPLANE_TOKEN=${made.token}\nThe token is not shown again.`);
};

export const revokeToken: CommandBody = async (context) => {
  const tokenId = context.arguments.positionals[0]!;
  const access = findPerson(context);
  if (tokenId.startsWith("bpt_")) {
    // The token itself: it belongs into a body, not into a path, which is written down.
    await callPublicApi(access.url, { method: "POST", path: "/v1/auth/token/revoke", body: { token: tokenId } });
    return printDone(context, { revoked: true }, "The token is revoked, if it was one.");
  }
  await changeByApi(access, "DELETE", `/v1/tokens/${encodeURIComponent(tokenId)}`);
  return printDone(context, { tokenId, revoked: true }, `Token ${printable(tokenId)} is revoked.`);
};

export const listSessions: CommandBody = async (context) => {
  const { items } = await callApiJson<Items<Session>>(findPerson(context), { path: "/v1/sessions" });
  const { terminal } = context;
  return printItems(context, items, [
    { title: "SESSION", cell: (session) => session.sessionId },
    { title: "DEVICE", cell: (session) => printable(session.clientName) },
    { title: "SINCE", cell: (session) => localTime(session.createdAt) },
    { title: "LAST USED", cell: (session) => localTime(session.refreshedAt ?? session.createdAt) },
    { title: "", cell: (session) => (session.current ? terminal.tone("good", "this one") : "") },
  ]);
};

export const endSession: CommandBody = async (context) => {
  const sessionId = context.arguments.positionals[0]!;
  await changeByApi(findPerson(context), "DELETE", `/v1/sessions/${encodeURIComponent(sessionId)}`);
  return printDone(context, { sessionId, ended: true }, `Session ${printable(sessionId)} has ended.`);
};

export const approveDevice: CommandBody = async (context) => {
  const { arguments: given } = context;
  const email = given.text("person");
  const body = { userCode: given.positionals[0]!, ...(email === undefined ? {} : { email }) };
  const admitted = await changeByApi<{ readonly clientName: string; readonly scopes: readonly string[] }>(
    findPerson(context),
    "POST",
    "/v1/auth/device/approve",
    body,
  );
  return printDone(context, admitted, `${printable(admitted.clientName)} is let in.`);
};

function lifetimeOf({ arguments: given }: CommandContext): { readonly lifetimeSeconds?: number } {
  const text = given.text("expires");
  if (text === undefined) return {};
  const lifetimeSeconds = parseSeconds(text);
  if (lifetimeSeconds === undefined) throw usageError(`--expires must be a time such as 12h or 30d, not "${text}".`);
  return { lifetimeSeconds };
}
