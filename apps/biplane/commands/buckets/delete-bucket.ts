/** `biplane buckets delete` */

import { CodedError } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import { contentMd5, type S3Client } from "../../cli/s3-client.ts";
import { printable } from "../../cli/terminal.ts";
import { counted } from "../../cli/units.ts";
import { escapeXml, listOf, objectOf, textOf } from "../../cli/xml-answer.ts";
import { printDone } from "../identity/listing.ts";
import { clientOf } from "./client.ts";
import { decodeKey } from "./list-objects.ts";
import { bucketName } from "./s3-url.ts";

export const deleteBucket: CommandBody = async (context) => {
  const bucket = bucketName(context.arguments.positionals[0]!);
  const client = clientOf(context);
  const deletedObjects = context.arguments.has("force") ? await empty(client, bucket, context.signal) : 0;
  await (await client.call({ method: "DELETE", bucket })).discard();
  const also = deletedObjects === 0 ? "" : `, with ${counted(deletedObjects, "version")} that were in it`;
  return printDone(
    context,
    { name: bucket, deleted: true, deletedObjects },
    `Bucket ${printable(bucket)} is gone${also}.`,
  );
};

interface Version {
  readonly key: string;
  readonly versionId: string;
}

/** Deletes all versions and delete markers, a page at a time, always from the beginning: what was deleted is not listed again. */
async function empty(client: S3Client, bucket: string, signal: AbortSignal): Promise<number> {
  let deleted = 0;
  for (;;) {
    const answer = await client.callXml({ bucket, query: { versions: "", "encoding-type": "url" }, signal });
    const result = objectOf(answer.ListVersionsResult);
    const versions = [...listOf(result.Version), ...listOf(result.DeleteMarker)].map((one) => ({
      key: decodeKey(textOf(one.Key)),
      versionId: textOf(one.VersionId),
    }));
    if (versions.length === 0) return deleted;
    await deleteVersions(client, bucket, versions, signal);
    deleted += versions.length;
  }
}

/** @throws CodedError with the code of the first version that was not deleted: going on would list it for ever */
async function deleteVersions(
  client: S3Client,
  bucket: string,
  versions: readonly Version[],
  signal: AbortSignal,
): Promise<void> {
  const objects = versions.map(({ key, versionId }) => {
    const version = versionId === "" ? "" : `<VersionId>${escapeXml(versionId)}</VersionId>`;
    return `<Object><Key>${escapeXml(key)}</Key>${version}</Object>`;
  });
  const body = Buffer.from(
    `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${objects.join("")}<Quiet>true</Quiet></Delete>`,
  );
  const answer = await client.callXml({
    method: "POST",
    bucket,
    query: { delete: "" },
    body,
    headers: [contentMd5(body)],
    signal,
  });
  const [failed] = listOf(objectOf(answer.DeleteResult).Error);
  if (failed === undefined) return;
  const about = `s3://${bucket}/${textOf(failed.Key)}`;
  throw new CodedError(textOf(failed.Code) || "DeleteFailed", {
    status: failed.Code === "AccessDenied" ? 403 : 409,
    retryable: false,
    message: `${about}: ${textOf(failed.Message)}`,
  });
}
