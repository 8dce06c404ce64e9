/** `biplane admin backup`, `verify-backup`, `restore` and `drills` */
import { basename, join, resolve } from "node:path";
import { makeBackup, restoreBackup, verifyBackup } from "#control-plane/operations";
import { EXIT } from "#foundation/errors";
import { systemClock, systemRandom } from "#foundation/runtime";
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody } from "../../cli/command.ts";
import { dataDirectoryOf, findApi } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { humanSize } from "../../cli/units.ts";
import { printDone, printItems } from "../identity/listing.ts";

interface Drill {
  readonly backup: string;
  readonly passed: boolean;
  readonly detail: string;
  readonly events: number;
  readonly created_at: string;
}

export const backup: CommandBody = async (context) => {
  const target = resolve(context.arguments.positionals[0]!);
  const withKeys = context.arguments.has("with-keys");
  const control = join(dataDirectoryOf(context), "control");
  const manifest = makeBackup(control, target, { withKeys, version: context.version, now: systemClock.now() });
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const keys = Object.keys(manifest.keyFingerprints);
  return printDone(
    context,
    { directory: target, ...manifest },
    [
      `${target}: ${manifest.files.length} files, ${humanSize(bytes)}.`,
      ...(keys.length === 0
        ? []
        : [`Not in it: ${keys.join(", ")}. Keep them elsewhere; without them no secret opens.`]),
      `Prove it: biplane admin verify-backup ${target}`,
    ].join("\n"),
  );
};

export const verify: CommandBody = async (context) => {
  const { arguments: given, terminal, json } = context;
  const directory = resolve(given.positionals[0]!);
  const { sound, events, records, problems, madeAt } = await verifyBackup(directory, systemRandom);
  const detail = sound ? `${events} events, ${records} records, every view equal` : problems.slice(0, 5).join("; ");
  if (!given.has("no-record")) {
    const body = { backup: `${basename(directory)} of ${madeAt}`, passed: sound, detail, events };
    await changeByApi(findApi(context), "POST", "/v1/drills", body);
  }
  if (json) terminal.json({ sound, made_at: madeAt, events, records, problems });
  else if (sound) terminal.line(`${terminal.tone("good", "good")}  ${printable(directory)}: ${detail}`);
  else {
    terminal.line(`${terminal.tone("bad", "not good")}  ${printable(directory)}`);
    for (const problem of problems) terminal.line(`  ${printable(problem)}`);
  }
  return sound ? EXIT.ok : EXIT.failure;
};

export const restore: CommandBody = async (context) => {
  const data = dataDirectoryOf(context);
  const keys = context.arguments.text("keys");
  const directory = resolve(context.arguments.positionals[0]!);
  const manifest = restoreBackup(directory, join(data, "control"), keys === undefined ? undefined : resolve(keys));
  return printDone(
    context,
    { data, made_at: manifest.madeAt },
    `${data} has the control plane of ${manifest.madeAt}. Start it: biplane up --data ${data}`,
  );
};

export const listDrills: CommandBody = async (context) => {
  const { items } = await callApiJson<{ readonly items: readonly Drill[] }>(findApi(context), { path: "/v1/drills" });
  return printItems(context, items, [
    { title: "WHEN", cell: ({ created_at: at }) => at },
    { title: "BACKUP", cell: ({ backup: name }) => printable(name) },
    { title: "RESULT", cell: ({ passed }) => (passed ? "good" : "not good") },
    { title: "DETAIL", cell: ({ detail }) => printable(detail) },
  ]);
};
