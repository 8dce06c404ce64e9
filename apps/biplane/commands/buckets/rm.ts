/** `biplane buckets rm` */
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { printDone } from "../identity/listing.ts";
import { clientOf } from "./client.ts";
import { objectLocation } from "./s3-url.ts";

export const rm: CommandBody = async (context) => {
  const { bucket, key } = objectLocation(context.arguments.positionals[0]!);
  const client = clientOf(context);
  // S3 says yes to deleting what is not there; people want to know.
  await (await client.call({ method: "HEAD", bucket, key })).discard();
  await (await client.call({ method: "DELETE", bucket, key })).discard();
  return printDone(context, { bucket, key, deleted: true }, `s3://${printable(`${bucket}/${key}`)} is gone.`);
};
