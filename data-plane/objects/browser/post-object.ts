/** Form uploads (Amazon S3 API reference, "POST Object"). */
import type { Admit } from "#data-plane/front-door";
import type { CallContext } from "#data-plane/service";
import { algorithmOfHeader } from "#foundation/aws/checksums";
import type { HttpResponse } from "#foundation/http";
import { note } from "../access-logs/request-notes.ts";
import type { ObjectVersion } from "../engine/port.ts";
import { invalidArgument, malformedXml, s3Error } from "../errors.ts";
import { attributesOfNew } from "../operations/objects/new-object.ts";
import { uploadObject, writtenVersionId } from "../operations/objects/put-object.ts";
import { announcedChecksum, type ChecksumMember } from "../rules/checksum-names.ts";
import { encryptionForWrite, isConfidential } from "../rules/encryption.ts";
import { quoteEtag } from "../rules/etags.ts";
import { assertObjectKey } from "../rules/keys.ts";
import { checkPostPolicy, type LengthRange, parsePostPolicy } from "../rules/post-policy.ts";
import type { BucketView } from "../service/bucket-view.ts";
import type { Toolbox } from "../service/define.ts";
import { toS3Error } from "../service/engine-errors.ts";
import type { UploadForm } from "./form-data.ts";
import { escapeMarkup } from "./xml-text.ts";

const UNBOUNDED: LengthRange = { min: 0, max: Number.POSITIVE_INFINITY };

/** Holds the file to the policy's bounds while it passes: too long is refused at once, too short before anything is committed. */
async function* bounded(source: AsyncIterable<Uint8Array>, range: LengthRange): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of source) {
    size += chunk.length;
    if (size > range.max) {
      throw s3Error("EntityTooLarge", 400, "Your proposed upload exceeds the maximum allowed size", {
        ProposedSize: size,
        MaxSizeAllowed: range.max,
      });
    }
    yield chunk;
  }
  if (size < range.min) {
    throw s3Error("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size", {
      ProposedSize: size,
      MinSizeAllowed: range.min,
    });
  }
}

/** `<Tagging><TagSet><Tag><Key>…</Key><Value>…</Value></Tag></TagSet></Tagging>`, as the query form that headers use. */
export function taggingHeaderOf(xml: string | undefined): string | undefined {
  if (xml === undefined || xml.trim() === "") return undefined;
  const tags = [...xml.matchAll(/<Tag>\s*<Key>([^<]*)<\/Key>\s*<Value>([^<]*)<\/Value>\s*<\/Tag>/g)];
  if (!/^\s*(?:<\?xml[^>]*\?>\s*)?<Tagging[^>]*>\s*<TagSet>[\s\S]*<\/TagSet>\s*<\/Tagging>\s*$/.test(xml))
    throw malformedXml();
  if (tags.length !== xml.split("<Tag>").length - 1) throw malformedXml();
  return tags
    .map(([, key = "", value = ""]) => `${encodeURIComponent(plain(key))}=${encodeURIComponent(plain(value))}`)
    .join("&");
}

const plain = (text: string): string =>
  text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");

/** The fields as the members of a PutObject. */
function inputOf(view: BucketView, key: string, fields: ReadonlyMap<string, string>) {
  const metadata: Record<string, string> = {};
  const checksums: { [Member in ChecksumMember]?: string } = {};
  for (const [name, value] of fields) {
    if (name.startsWith("x-amz-meta-")) metadata[name.slice("x-amz-meta-".length)] = value;
    const algorithm = algorithmOfHeader(name);
    if (algorithm !== undefined) checksums[`Checksum${algorithm}`] = value;
  }
  return {
    Bucket: view.record.name,
    Key: key,
    ...checksums,
    ChecksumAlgorithm: fields.get("x-amz-checksum-algorithm"),
    ACL: fields.get("acl"),
    CacheControl: fields.get("cache-control"),
    ContentType: fields.get("content-type"),
    ContentDisposition: fields.get("content-disposition"),
    ContentEncoding: fields.get("content-encoding"),
    ContentLanguage: fields.get("content-language"),
    ExpiresString: fields.get("expires"),
    Metadata: metadata,
    Tagging: taggingHeaderOf(fields.get("tagging")),
    StorageClass: fields.get("x-amz-storage-class"),
    WebsiteRedirectLocation: fields.get("x-amz-website-redirect-location"),
    ServerSideEncryption: fields.get("x-amz-server-side-encryption"),
    SSEKMSKeyId: fields.get("x-amz-server-side-encryption-aws-kms-key-id"),
    SSECustomerAlgorithm: fields.get("x-amz-server-side-encryption-customer-algorithm"),
    SSECustomerKey: fields.get("x-amz-server-side-encryption-customer-key"),
    SSECustomerKeyMD5: fields.get("x-amz-server-side-encryption-customer-key-md5"),
    ObjectLockMode: fields.get("x-amz-object-lock-mode"),
    ObjectLockRetainUntilDate: dateOf(fields.get("x-amz-object-lock-retain-until-date")),
    ObjectLockLegalHoldStatus: fields.get("x-amz-object-lock-legal-hold"),
  };
}

const dateOf = (text: string | undefined): Date | undefined => (text === undefined ? undefined : new Date(text));

/** `${filename}` stands for the name that the browser gave the file, without its folders. */
function keyOf(form: UploadForm): string {
  const key = form.fields.get("key");
  if (key === undefined || key === "") {
    throw invalidArgument(
      "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
      "key",
      "",
    );
  }
  return key.replaceAll("${filename}", form.file.name.replace(/^.*[\\/]/, ""));
}

/** Where the browser goes next, when the form says so and the address can be one. */
function redirectTarget(form: UploadForm, version: ObjectVersion, bucket: string): string | undefined {
  const asked = form.fields.get("success_action_redirect") ?? form.fields.get("redirect");
  if (asked === undefined || !URL.canParse(asked)) return undefined;
  const url = new URL(asked);
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined;
  url.searchParams.set("bucket", bucket);
  url.searchParams.set("key", version.key);
  url.searchParams.set("etag", quoteEtag(version.etag));
  return url.href;
}

function answer(form: UploadForm, view: BucketView, version: ObjectVersion, context: CallContext): HttpResponse {
  const bucket = view.record.name;
  const path = version.key.split("/").map(encodeURIComponent).join("/");
  const location = context.virtualHost ? `${context.endpoint}/${path}` : `${context.endpoint}/${bucket}/${path}`;
  const headers: [string, string][] = [
    ["x-amz-request-id", context.requestId],
    ["x-amz-id-2", context.hostId],
    ["ETag", quoteEtag(version.etag)],
  ];
  const versionId = writtenVersionId(version);
  if (versionId !== undefined) headers.push(["x-amz-version-id", versionId]);
  if (version.encryption.mode === "SSE-S3") headers.push(["x-amz-server-side-encryption", "AES256"]);
  const redirect = redirectTarget(form, version, bucket);
  if (redirect !== undefined) return { status: 303, headers: [...headers, ["Location", redirect]], body: null };
  headers.push(["Location", location]);
  const asked = form.fields.get("success_action_status");
  if (asked === "200") return { status: 200, headers, body: null };
  if (asked !== "201") return { status: 204, headers, body: null };
  const members = [
    ["Location", location],
    ["Bucket", bucket],
    ["Key", version.key],
    ["ETag", quoteEtag(version.etag)],
  ] as const;
  const content = members.map(([name, value]) => `<${name}>${escapeMarkup(value)}</${name}>`).join("");
  return {
    status: 201,
    headers: [...headers, ["Content-Type", "application/xml"]],
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>${content}</PostResponse>`,
  };
}

/**
 * Stores the file of a form. Who may do so is decided as for PutObject; a policy, when the form has one, narrows it.
 *
 * @param context of the form's signature, or of an anonymous caller
 * @throws AwsError for everything that S3 refuses
 */
export async function postObject(
  tools: Toolbox,
  bucketName: string,
  form: UploadForm,
  context: CallContext,
  admit: Admit,
): Promise<HttpResponse> {
  const view = tools.access.bucket(bucketName);
  const key = keyOf(form);
  note(context.request, { key });
  assertObjectKey(key);
  const policyText = form.fields.get("policy");
  const range =
    policyText === undefined
      ? UNBOUNDED
      : checkPostPolicy(parsePostPolicy(policyText), new Map(form.fields).set("bucket", bucketName), context.now);
  const input = inputOf(view, key, form.fields);
  await admit("s3:PostObject", context, await tools.access.of("PutObject", input, context));
  try {
    const version = await uploadObject(tools, {
      view,
      key,
      source: bounded(form.file.content, range),
      length: undefined,
      contentMd5: form.fields.get("content-md5"),
      announced: announcedChecksum(input, input.ChecksumAlgorithm, undefined),
      trailers: context.trailers,
      encryption: encryptionForWrite(input, view.encryptsByDefault, isConfidential(context.request)),
      attributes: attributesOfNew(tools, view, input, context),
      event: "ObjectCreated:Post",
      context,
    });
    return answer(form, view, version, context);
  } catch (error) {
    throw toS3Error(error, input);
  }
}
