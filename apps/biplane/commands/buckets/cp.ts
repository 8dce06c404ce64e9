/** `biplane buckets cp` */
import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { encodeUri } from "#foundation/aws/sigv4";
import { systemClock } from "#foundation/runtime";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { humanDuration, humanSize } from "../../cli/units.ts";
import { clientOf } from "./client.ts";
import { download, downloadToOutput } from "./download.ts";
import { showProgress } from "./progress.ts";
import { parseS3Url, type S3Location } from "./s3-url.ts";
import { piecesOfFile, piecesOfInput, upload } from "./upload.ts";

const STANDARD = "-";

export const cp: CommandBody = async (context) => {
  const [source, destination] = context.arguments.positionals as [string, string];
  const from = parseS3Url(source);
  const to = parseS3Url(destination);
  if (from === undefined && to === undefined) {
    throw usageError(
      "Neither side is in a bucket.",
      "Write s3://BUCKET/KEY for the side that is, and use cp for files.",
    );
  }
  if (from !== undefined && from.key === "")
    throw usageError(`"${source}" does not name an object.`, "Write s3://BUCKET/KEY.");
  const begun = systemClock.monotonicMs();
  const bytes =
    from === undefined
      ? await copyUp(context, source, withName(to!, source))
      : to === undefined
        ? await copyDown(context, from, destination)
        : await copyWithin(context, from, withName(to, from.key));
  const elapsedMs = systemClock.monotonicMs() - begun;
  if (context.json) context.terminal.json({ source, destination, bytes, elapsedMs: Math.round(elapsedMs) });
  else if (destination !== STANDARD && !context.arguments.has("quiet")) {
    const size = bytes === undefined ? "" : `  ${humanSize(bytes)} in ${humanDuration(elapsedMs)}`;
    context.terminal.note(`${printable(source)} → ${printable(destination)}${size}`);
  }
  return undefined;
};

/** A destination that is a bucket or ends with a slash keeps the source's name. */
function withName(to: S3Location, source: string): S3Location {
  if (to.key !== "" && !to.key.endsWith("/")) return to;
  if (source === STANDARD) throw usageError("Standard input has no name: write s3://BUCKET/KEY.");
  return { bucket: to.bucket, key: to.key + basename(source) };
}

async function copyUp(context: CommandContext, source: string, to: S3Location): Promise<number> {
  const input = source === STANDARD;
  const size = input ? undefined : sizeOfFile(source);
  const progress = showProgress(context.terminal, systemClock, size, !context.arguments.has("quiet") && !context.json);
  try {
    return await upload(clientOf(context), {
      to,
      pieces: input ? piecesOfInput() : piecesOfFile(source, size!),
      // What a browser is to make of it later.
      contentType: input ? "application/octet-stream" : Bun.file(source).type,
      signal: context.signal,
      onBytes: progress.add,
    });
  } finally {
    progress.end();
  }
}

function sizeOfFile(path: string): number {
  const stat = statSync(path);
  if (stat.isDirectory()) throw usageError(`${path} is a directory; copy its files one by one.`);
  return stat.size;
}

async function copyDown(context: CommandContext, from: S3Location, destination: string): Promise<number> {
  const client = clientOf(context);
  if (destination === STANDARD) {
    return downloadToOutput(client, { from, terminal: context.terminal, signal: context.signal });
  }
  const isDirectory = destination.endsWith("/") || (existsSync(destination) && statSync(destination).isDirectory());
  const name = basename(from.key);
  if (isDirectory && (name === "" || name === "." || name === ".." || name.includes("\u0000"))) {
    throw usageError(`The key "${from.key}" is no name for a file; name the file in the destination.`);
  }
  return download(client, {
    from,
    path: isDirectory ? join(destination, name) : destination,
    signal: context.signal,
    progressOf: (total) =>
      showProgress(context.terminal, systemClock, total, !context.arguments.has("quiet") && !context.json),
  });
}

/** The endpoint copies; no byte comes here. */
async function copyWithin(context: CommandContext, from: S3Location, to: S3Location): Promise<undefined> {
  const source = `/${from.bucket}/${from.key
    .split("/")
    .map((segment) => encodeUri(segment, false))
    .join("/")}`;
  const client = clientOf(context);
  await client.callXml({ method: "PUT", ...to, headers: [["x-amz-copy-source", source]], signal: context.signal });
  return undefined;
}
