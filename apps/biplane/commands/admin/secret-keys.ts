/** `biplane admin secret-keys` */
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { cliErrors } from "../../cli/errors.ts";
import { findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { localTime } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";

interface Key {
  readonly keyId: string;
  readonly createdAt: number;
  readonly active: boolean;
  readonly fingerprint: string;
}

interface Rewrapped {
  readonly keyId: string;
  readonly versions: number;
  readonly snapshots: number;
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
}

export const listKeys: CommandBody = async (context) => {
  const { keys } = await callApiJson<{ readonly keys: readonly Key[] }>(findApi(context), { path: "/v1/secret-keys" });
  return printItems(context, keys, [
    { title: "KEY", cell: ({ keyId }) => keyId },
    { title: "ACTIVE", cell: ({ active }) => (active ? "yes" : "no") },
    { title: "MADE", cell: ({ createdAt }) => localTime(createdAt) },
    { title: "FINGERPRINT", cell: ({ fingerprint }) => fingerprint },
  ]);
};

export const rotateKey: CommandBody = async (context) => {
  const { keys } = await changeByApi<{ readonly keys: readonly Key[] }>(
    findApi(context),
    "POST",
    "/v1/secret-keys/rotate",
  );
  const active = keys.find((key) => key.active);
  return printDone(
    context,
    { keys },
    `${active?.keyId} is active now. Lock what is older with it: biplane admin secret-keys rewrap. Back up control/secret-keys.json.`,
  );
};

export const rewrap: CommandBody = async (context) => {
  const done = await changeByApi<Rewrapped>(findApi(context), "POST", "/v1/secret-keys/rewrap");
  for (const { name, reason } of done.failed) context.terminal.note(`${printable(name)}: ${printable(reason)}`);
  if (done.failed.length > 0)
    throw cliErrors.error("REWRAP_INCOMPLETE", `${done.failed.length} could not be locked anew; the others were.`);
  return printDone(
    context,
    done,
    `${done.versions} versions of secrets and ${done.snapshots} snapshots are locked with ${done.keyId} now.`,
  );
};
