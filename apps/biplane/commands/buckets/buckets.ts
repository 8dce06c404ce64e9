/** `biplane buckets list` and `create` */
import { EXIT } from "#foundation/errors";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { contentMd5, type S3Client } from "../../cli/s3-client.ts";
import { printable } from "../../cli/terminal.ts";
import { tableLines } from "../../cli/text-table.ts";
import { localTime } from "../../cli/units.ts";
import { listOf, objectOf, textOf } from "../../cli/xml-answer.ts";
import { printDone } from "../identity/listing.ts";
import { clientOf } from "./client.ts";
import { bucketName } from "./s3-url.ts";

interface Bucket {
  readonly name: string;
  readonly region: string;
  readonly createdAt: number;
}

export const listBuckets: CommandBody = async (context) => {
  await printBuckets(context, clientOf(context));
  return EXIT.ok;
};

/** Also what `ls` without an argument shows. */
export async function printBuckets({ terminal, json }: CommandContext, client: S3Client): Promise<void> {
  const buckets: Bucket[] = [];
  let token: string | undefined;
  do {
    const answer = await client.callXml({ query: { "max-buckets": 1000, "continuation-token": token } });
    const result = objectOf(answer.ListAllMyBucketsResult);
    for (const one of listOf(objectOf(result.Buckets).Bucket)) {
      buckets.push({
        name: textOf(one.Name),
        region: textOf(one.BucketRegion),
        createdAt: Date.parse(textOf(one.CreationDate)),
      });
    }
    token = textOf(result.ContinuationToken) || undefined;
  } while (token !== undefined);
  if (json) terminal.json(buckets);
  else if (buckets.length === 0) terminal.note("There are none. Make one: biplane buckets create NAME");
  else {
    const columns = [
      { title: "NAME", cell: (bucket: Bucket) => printable(bucket.name) },
      { title: "REGION", cell: (bucket: Bucket) => bucket.region || "-" },
      { title: "CREATED", cell: (bucket: Bucket) => localTime(bucket.createdAt) },
    ];
    for (const line of tableLines(columns, buckets, (text) => terminal.tone("bold", text))) terminal.line(line);
  }
}

export const createBucket: CommandBody = async (context) => {
  const { arguments: given } = context;
  const bucket = bucketName(given.positionals[0]!);
  const client = clientOf(context);
  const { region } = client.access;
  // AWS wants the region of buckets outside us-east-1 in the body, and refuses it there for us-east-1.
  const configuration =
    region === "us-east-1"
      ? ""
      : xml("CreateBucketConfiguration", `<LocationConstraint>${region}</LocationConstraint>`);
  const body = Buffer.from(configuration);
  await (
    await client.call({
      method: "PUT",
      bucket,
      body,
      headers: given.has("object-lock") ? [["x-amz-bucket-object-lock-enabled", "true"]] : [],
    })
  ).discard();
  if (given.has("versioning")) {
    const enabled = Buffer.from(xml("VersioningConfiguration", "<Status>Enabled</Status>"));
    await (
      await client.call({
        method: "PUT",
        bucket,
        query: { versioning: "" },
        body: enabled,
        headers: [contentMd5(enabled)],
      })
    ).discard();
  }
  return printDone(context, { name: bucket, region }, `Bucket ${printable(bucket)} is there.`);
};

function xml(root: string, inside: string): string {
  return `<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</${root}>`;
}
