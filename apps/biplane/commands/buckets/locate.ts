/** `biplane buckets locate` */
import { readOperatorToken } from "#apps/biplane/state";
import { httpRequest } from "#foundation/http";
import type { CommandBody } from "../../cli/command.ts";
import { cliErrors } from "../../cli/errors.ts";
import { dataDirectoryOf } from "../../cli/find-cloud.ts";
import { printable } from "../../cli/terminal.ts";
import { clientOf } from "./client.ts";
import { objectLocation } from "./s3-url.ts";

export const locate: CommandBody = async (context) => {
  const { terminal, json } = context;
  const { bucket, key } = objectLocation(context.arguments.positionals[0]!);
  const client = clientOf(context);
  // Whoever may read the object may know where it lies; the endpoint answers 404 and 403 as S3 does.
  await (await client.call({ method: "HEAD", bucket, key })).discard();
  const query = new URLSearchParams({ bucket, key });
  const token = readOperatorToken(dataDirectoryOf(context));
  const reply = await httpRequest({
    url: `${client.access.url}/_biplane/locate?${query}`,
    headers: [["authorization", `Bearer ${token ?? ""}`]],
  });
  const answer = reply.status === 200 ? await reply.json() : undefined;
  const paths = typeof answer === "object" && answer !== null && "paths" in answer ? answer.paths : undefined;
  if (!Array.isArray(paths)) {
    throw cliErrors.error(
      "NOT_SUPPORTED",
      `${client.access.url} does not say where objects are: it is not a Biplane on this machine.`,
    );
  }
  if (json) terminal.json({ bucket, key, paths });
  else if (paths.length === 0) terminal.note("The object is small and still in the journal; it becomes a file soon.");
  else for (const path of paths) terminal.line(printable(String(path)));
  return undefined;
};
