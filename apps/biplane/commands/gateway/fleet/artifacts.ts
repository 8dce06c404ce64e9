/** `biplane gateway artifacts` */
import { createHash } from "node:crypto";
import { EXIT } from "#foundation/errors";
import { openGatewayArtifact } from "#foundation/gateway-artifact";
import { ArchiveError } from "#foundation/sealed-archive";
import { callApi, callApiJson, changeByApi } from "../../../cli/api-client.ts";
import type { CommandBody } from "../../../cli/command.ts";
import { usageError } from "../../../cli/errors.ts";
import { printable } from "../../../cli/terminal.ts";
import { humanSize, localTime } from "../../../cli/units.ts";
import { allItems } from "../../apps/target.ts";
import { printDone, printItems } from "../../identity/listing.ts";
import { fileOf, trustedKeysOf } from "../artifact-argument.ts";
import { replaceFile } from "../replace-file.ts";
import { findProject } from "./project.ts";
import { type Artifact, revisionsText } from "./shapes.ts";

/** As long as the control plane waits for all of it. */
const UPLOAD_MS = 10 * 60_000;
/** The largest artifact, and what no control plane sends. */
const DOWNLOAD_BYTES_MAX = 64 * 1024 * 1024;

export const listArtifacts: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  return printItems(context, await allItems<Artifact>(access, `${path}/artifacts`), [
    { title: "ARTIFACT", cell: ({ id }) => id },
    { title: "OF", cell: (artifact) => printable(originOf(artifact)) },
    { title: "OPERATIONS", cell: ({ operations }) => String(operations) },
    { title: "SIZE", cell: ({ size_bytes: bytes }) => humanSize(bytes) },
    { title: "DIGEST", cell: ({ digest }) => digest.slice(7, 19) },
    { title: "SIGNED BY", cell: signersOf },
    { title: "MADE", cell: ({ created_at: at }) => localTime(Date.parse(at)) },
  ]);
};

const originOf = ({ origin, revisions, uploaded_by: by = "" }: Artifact): string =>
  origin === "upload" ? `uploaded by ${by}` : revisionsText(revisions);

/** What nobody has verified is a claim. */
const signersOf = ({ signatures = [] }: Artifact): string =>
  signatures.map(({ key_id: id, verified }) => `${printable(id.slice(0, 16))}${verified ? "" : "?"}`).join(", ");

export const showArtifact: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  const artifact = await callApiJson<Artifact>(access, { path: `${path}/artifacts/${idIn(context)}` });
  if (context.json) context.terminal.json(artifact);
  else context.terminal.line(printable(JSON.stringify(artifact, null, 2)));
  return undefined;
};

/** Verified here first: what is not in order is not sent. */
export const uploadArtifact: CommandBody = async (context) => {
  const { arguments: given, terminal, json } = context;
  const file = given.positionals[0]!;
  const octets = fileOf(file);
  try {
    openGatewayArtifact(octets, { trustedKeys: trustedKeysOf(given) });
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    if (json) terminal.json({ uploaded: false, fault: error.fault, reason: error.message });
    else terminal.line(`${printable(file)} is ${terminal.tone("bad", "not in order")}: ${error.message}`);
    return EXIT.failure;
  }
  const project = await findProject(context);
  const reply = await callApi(project.access, {
    method: "POST",
    path: `${project.path}/artifacts`,
    octets,
    headers: [
      ["idempotency-key", crypto.randomUUID()],
      ["content-digest", `sha-256=:${createHash("sha256").update(octets).digest("base64")}:`],
    ],
    timeoutMs: UPLOAD_MS,
  });
  const artifact = (await reply.json()) as Artifact;
  const signed =
    artifact.signatures?.some(({ verified }) => verified) === true ? `, signed by ${signersOf(artifact)}` : "";
  return printDone(
    context,
    artifact,
    `${printable(file)} is the artifact ${artifact.id}${signed}${reply.status === 200 ? "; it was there already" : ""}.\nServe it everywhere: biplane gateway deploy ${artifact.id} --project ${printable(project.name)}`,
  );
};

export const downloadArtifact: CommandBody = async (context) => {
  const output = context.arguments.text("output");
  if (output === undefined) throw usageError("Where to? Name the file with --output FILE.");
  const { access, path } = await findProject(context);
  const id = idIn(context);
  const reply = await callApi(access, { path: `${path}/artifacts/${id}/download` });
  const bytes = await reply.bytes(DOWNLOAD_BYTES_MAX);
  const { digest } = openGatewayArtifact(bytes);
  replaceFile(output, bytes);
  return printDone(context, { id, output, digest }, `${printable(output)} is the artifact ${id}.\n${digest}`);
};

export const deleteArtifact: CommandBody = async (context) => {
  const { access, path } = await findProject(context);
  const id = idIn(context);
  await changeByApi(access, "DELETE", `${path}/artifacts/${id}`);
  return printDone(context, { id, deleted: true }, `The artifact ${printable(id)} is deleted.`);
};

const idIn = ({ arguments: { positionals } }: Parameters<CommandBody>[0]): string =>
  encodeURIComponent(positionals[0]!);
