/** `biplane secrets` */
import { readFileSync } from "node:fs";
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { printDone, printItems } from "../identity/listing.ts";
import { findEnv, targetText } from "./target.ts";

interface Bundle {
  readonly current_version_id: string | null;
  readonly version_number: number;
  readonly keys: readonly string[];
  readonly not_needed: boolean;
  readonly updated_at: string | null;
}

const changed = (target: Awaited<ReturnType<typeof findEnv>>, bundle: Bundle): string =>
  `${targetText(target)} has ${bundle.keys.length} secrets now (version ${bundle.version_number}). Instances are replaced one by one to get them.`;

/** `NAME=value`, `NAME=@file`, or `NAME` with the value on standard input. */
export const setSecrets: CommandBody = async (context) => {
  const values: Record<string, string> = {};
  let fromInput = 0;
  for (const text of context.arguments.positionals) {
    const equals = text.indexOf("=");
    const name = equals < 0 ? text : text.slice(0, equals);
    const value = equals < 0 ? undefined : text.slice(equals + 1);
    if (!/^[A-Z_][A-Z0-9_]*$/.test(name))
      throw usageError(
        "A secret is NAME=VALUE: names have capital letters, digits and _.",
        "biplane secrets set API_KEY=…",
      );
    if (value === undefined) {
      if (++fromInput > 1) throw usageError("Only one secret can come from standard input.");
      values[name] = (await Bun.stdin.text()).replace(/\r?\n$/, "");
    } else values[name] = value.startsWith("@") ? readFileSync(value.slice(1), "utf8") : value;
  }
  const target = await findEnv(context);
  const bundle = await changeByApi<Bundle>(target.access, "PATCH", `${target.envPath}/secrets`, { values });
  return printDone(context, bundle, changed(target, bundle));
};

export const unsetSecrets: CommandBody = async (context) => {
  const target = await findEnv(context);
  const values = Object.fromEntries(context.arguments.positionals.map((name) => [name, null]));
  const bundle = await changeByApi<Bundle>(target.access, "PATCH", `${target.envPath}/secrets`, { values });
  return printDone(context, bundle, changed(target, bundle));
};

export const importSecrets: CommandBody = async (context) => {
  const path = context.arguments.positionals[0]!;
  const text = path === "-" ? await Bun.stdin.text() : readFileSync(path, "utf8");
  // A plain .env file lacks the header only.
  const data = text.startsWith("#") && text.includes("BIPLANE_SECRETS_V1") ? text : `# BIPLANE_SECRETS_V1\n${text}`;
  const target = await findEnv(context);
  const bundle = await changeByApi<Bundle>(target.access, "PUT", `${target.envPath}/secrets`, { data });
  return printDone(context, bundle, changed(target, bundle));
};

export const listSecrets: CommandBody = async (context) => {
  const { access, envPath } = await findEnv(context);
  const bundle = await callApiJson<Bundle>(access, { path: `${envPath}/secrets` });
  if (context.json) {
    context.terminal.json(bundle);
    return undefined;
  }
  if (bundle.keys.length === 0) {
    context.terminal.note(bundle.not_needed ? "There are none, and none are needed." : "There are none.");
    return undefined;
  }
  return printItems(
    context,
    bundle.keys.map((name) => ({ name })),
    [{ title: "SECRET", cell: ({ name }) => printable(name) }],
  );
};

export const confirmNone: CommandBody = async (context) => {
  if (!context.arguments.has("none")) throw usageError("Say --none to confirm that the environment needs no secrets.");
  const target = await findEnv(context);
  const bundle = await changeByApi<Bundle>(target.access, "POST", `${target.envPath}/secrets/confirm-none`);
  return printDone(context, bundle, `${targetText(target)} needs no secrets.`);
};
