/** `biplane buckets show` */
import { CodedError } from "#foundation/errors";
import type { CommandBody } from "../../cli/command.ts";
import type { S3Client } from "../../cli/s3-client.ts";
import { printable } from "../../cli/terminal.ts";
import { listOf, objectOf, textOf, type XmlObject } from "../../cli/xml-answer.ts";
import { clientOf } from "./client.ts";
import { bucketName } from "./s3-url.ts";

/** One thing that a bucket may be configured with. */
interface Aspect {
  /** In JSON. */
  readonly name: string;
  readonly title: string;
  readonly subresource: string;
  /** What an answer says, in a few words. */
  readonly read: (answer: XmlObject) => string;
}

/** What is shown where nothing was put. */
const NOTHING = "none";

const ASPECTS: readonly Aspect[] = [
  {
    name: "versioning",
    title: "Versioning",
    subresource: "versioning",
    read: (answer) => textOf(objectOf(answer.VersioningConfiguration).Status) || "never enabled",
  },
  {
    name: "encryption",
    title: "Encryption",
    subresource: "encryption",
    read: (answer) =>
      listOf(objectOf(answer.ServerSideEncryptionConfiguration).Rule)
        .map((rule) => textOf(objectOf(rule.ApplyServerSideEncryptionByDefault).SSEAlgorithm))
        .join(", ") || NOTHING,
  },
  {
    name: "objectLock",
    title: "Object lock",
    subresource: "object-lock",
    read: (answer) => textOf(objectOf(answer.ObjectLockConfiguration).ObjectLockEnabled) || NOTHING,
  },
  {
    name: "policyStatus",
    title: "Policy",
    subresource: "policyStatus",
    read: (answer) =>
      textOf(objectOf(answer.PolicyStatus).IsPublic).toLowerCase() === "true" ? "public" : "not public",
  },
  {
    name: "publicAccessBlock",
    title: "Public access",
    subresource: "publicAccessBlock",
    read: (answer) => {
      const settings = Object.entries(objectOf(answer.PublicAccessBlockConfiguration)).filter(
        ([, value]) => typeof value === "string",
      );
      const blocked = settings.filter(([, value]) => textOf(value).toLowerCase() === "true").length;
      return settings.length > 0 && blocked === settings.length
        ? "blocked"
        : blocked === 0
          ? "not blocked"
          : "partly blocked";
    },
  },
  {
    name: "ownership",
    title: "Ownership",
    subresource: "ownershipControls",
    read: (answer) =>
      listOf(objectOf(answer.OwnershipControls).Rule)
        .map((rule) => textOf(rule.ObjectOwnership))
        .join(", ") || NOTHING,
  },
  {
    name: "lifecycle",
    title: "Lifecycle",
    subresource: "lifecycle",
    read: (answer) => ruleCount(objectOf(answer.LifecycleConfiguration).Rule),
  },
  {
    name: "cors",
    title: "CORS",
    subresource: "cors",
    read: (answer) => ruleCount(objectOf(answer.CORSConfiguration).CORSRule),
  },
  {
    name: "tags",
    title: "Tags",
    subresource: "tagging",
    read: (answer) =>
      listOf(objectOf(objectOf(answer.Tagging).TagSet).Tag)
        .map((tag) => `${textOf(tag.Key)}=${textOf(tag.Value)}`)
        .join(", ") || NOTHING,
  },
];

export const show: CommandBody = async (context) => {
  const { terminal, json } = context;
  const bucket = bucketName(context.arguments.positionals[0]!);
  const client = clientOf(context);
  const head = await client.call({ method: "HEAD", bucket });
  const region = head.headers.get("x-amz-bucket-region") ?? client.access.region;
  await head.discard();
  const values = await Promise.all(ASPECTS.map((aspect) => valueOfAspect(client, bucket, aspect)));
  if (json) {
    const aspects = Object.fromEntries(ASPECTS.map(({ name }, index) => [name, values[index]]));
    terminal.json({ name: bucket, region, arn: `arn:aws:s3:::${bucket}`, ...aspects });
    return undefined;
  }
  const rows = [
    ["Bucket", printable(bucket)],
    ["Region", region],
    ["ARN", `arn:aws:s3:::${printable(bucket)}`],
    ["Address", `${client.access.url}/${printable(bucket)}`],
    ...ASPECTS.map(({ title }, index) => [title, printable(values[index]!)]),
  ] as const;
  for (const [title, value] of rows) terminal.line(`${terminal.tone("bold", title!.padEnd(14))} ${value}`);
  return undefined;
};

/** What was never put is an error in S3; what may not be seen is said so. */
async function valueOfAspect(client: S3Client, bucket: string, { subresource, read }: Aspect): Promise<string> {
  try {
    return read(await client.callXml({ bucket, query: { [subresource]: "" } }));
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    if (error.status === 404) return NOTHING;
    if (error.status === 403) return "not for you to see";
    if (error.status === 501) return "not supported";
    throw error;
  }
}

function ruleCount(rules: XmlObject[string]): string {
  const { length } = listOf(rules);
  return length === 0 ? NOTHING : `${length} ${length === 1 ? "rule" : "rules"}`;
}
