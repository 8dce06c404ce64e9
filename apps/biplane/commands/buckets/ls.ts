/** `biplane buckets ls` */

import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { humanSize, localTime } from "../../cli/units.ts";
import { printBuckets } from "./buckets.ts";
import { clientOf } from "./client.ts";
import { type ListedPage, listObjects } from "./list-objects.ts";
import { parseS3Url } from "./s3-url.ts";

/** `1023.9 MiB` is the longest size. */
const SIZE_WIDTH = 10;
const TIME_WIDTH = 19;

export const ls: CommandBody = async (context) => {
  const { arguments: given, signal } = context;
  const client = clientOf(context);
  const [url] = given.positionals;
  if (url === undefined) {
    await printBuckets(context, client);
    return undefined;
  }
  const where = parseS3Url(url);
  if (where === undefined) throw usageError(`"${url}" is not an S3 URL.`, `Write s3://${url}`);
  const { bucket, key: prefix } = where;
  const delimiter = given.has("recursive") ? undefined : "/";
  const pages = listObjects(client, { bucket, prefix, signal, ...(delimiter === undefined ? {} : { delimiter }) });
  const found = context.json
    ? await printJson(context, pages)
    : await printText(context, pages, delimiter === undefined ? "" : folderOf(prefix));
  // As with files: a name that leads to nothing is a mistake, an empty bucket is not.
  if (!found && prefix !== "") throw cliErrors.error("FILE_NOT_FOUND", `Nothing begins with s3://${bucket}/${prefix}`);
  return undefined;
};

async function printJson({ terminal }: CommandContext, pages: AsyncIterable<ListedPage>): Promise<boolean> {
  const objects: ListedPage["objects"][number][] = [];
  const prefixes: string[] = [];
  for await (const page of pages) {
    objects.push(...page.objects);
    prefixes.push(...page.prefixes);
  }
  if (objects.length + prefixes.length > 0) terminal.json({ objects, prefixes });
  return objects.length + prefixes.length > 0;
}

/** Page by page, so that the first lines of a large bucket come at once. */
async function printText(
  { terminal }: CommandContext,
  pages: AsyncIterable<ListedPage>,
  folder: string,
): Promise<boolean> {
  let found = false;
  for await (const page of pages) {
    found ||= page.prefixes.length + page.objects.length > 0;
    const lines = [
      ...page.prefixes.map(
        (prefix) =>
          `${"".padEnd(TIME_WIDTH)}  ${"-".padStart(SIZE_WIDTH)}  ${terminal.tone("bold", printable(prefix.slice(folder.length)))}`,
      ),
      ...page.objects.map(
        ({ key, size, modifiedAt }) =>
          `${terminal.tone("dim", localTime(modifiedAt))}  ${humanSize(size).padStart(SIZE_WIDTH)}  ${printable(key.slice(folder.length))}`,
      ),
    ];
    if (lines.length > 0) terminal.line(lines.join("\n"));
  }
  return found;
}

/** The part of a prefix that every entry begins with and that need not be repeated. */
function folderOf(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf("/") + 1);
}
