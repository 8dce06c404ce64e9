/** `biplane buckets du` */
import type { CommandBody } from "../../cli/command.ts";
import { printable } from "../../cli/terminal.ts";
import { counted, humanSize } from "../../cli/units.ts";
import { clientOf } from "./client.ts";
import { listObjects } from "./list-objects.ts";
import { bucketName, parseS3Url } from "./s3-url.ts";

export const du: CommandBody = async (context) => {
  const { terminal, json, signal } = context;
  const given = context.arguments.positionals[0]!;
  const { bucket, key: prefix } = parseS3Url(given) ?? { bucket: bucketName(given), key: "" };
  let objects = 0;
  let bytes = 0;
  for await (const page of listObjects(clientOf(context), { bucket, prefix, signal })) {
    objects += page.objects.length;
    for (const { size } of page.objects) bytes += size;
  }
  if (json) terminal.json({ bucket, prefix, objects, bytes });
  else terminal.line(`${humanSize(bytes)} in ${counted(objects, "object")}  s3://${printable(`${bucket}/${prefix}`)}`);
  return undefined;
};
