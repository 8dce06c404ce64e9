/** ListObjects (version 1) and ListObjectsV2. */
import type { S3 } from "#foundation/aws";
import type { ListPage, ObjectVersion } from "../../engine/port.ts";
import { listLimit, nameEncoder, openToken, roundMarker, sealToken, urlEncoding } from "../../rules/listing.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";

type Encode = (name: string) => string;

/** A page without asking the engine, for `max-keys=0`. */
const NOTHING: ListPage<ObjectVersion> = { entries: [], commonPrefixes: [], truncated: false };

/** One object as listings show it. */
function listed(tools: Toolbox, version: ObjectVersion, encode: Encode, withOwner: boolean): S3._Object {
  const entry: Draft<S3._Object> = {
    Key: encode(version.key),
    LastModified: new Date(version.lastModified),
    ETag: `"${version.etag}"`,
    Size: version.size,
    StorageClass: (version.headers.storageClass ?? "STANDARD") as S3.StorageClass,
  };
  if (version.checksum !== undefined) {
    entry.ChecksumAlgorithm = [version.checksum.algorithm];
    entry.ChecksumType = version.checksum.type;
  }
  if (withOwner) entry.Owner = { ID: tools.access.canonicalId(version.owner) };
  return entry;
}

const prefixesOf = (names: readonly string[], encode: Encode): S3.CommonPrefix[] =>
  names.map((name) => ({ Prefix: encode(name) }));

export const listObjectsV2 =
  (tools: Toolbox): Handler<"ListObjectsV2"> =>
  async (input) => {
    const view = tools.access.bucket(input.Bucket);
    const { bucketId } = view.record;
    const limit = listLimit(input.MaxKeys, "max-keys");
    const url = urlEncoding(input.EncodingType);
    const encode = nameEncoder(url);
    const prefix = input.Prefix ?? "";
    const delimiter = input.Delimiter ?? "";
    const scope = `${bucketId}\0${prefix}\0${delimiter}`;
    const after = input.ContinuationToken === undefined ? input.StartAfter : openToken(scope, input.ContinuationToken);
    const page =
      limit === 0
        ? NOTHING
        : await tools.engine.list({ bucketId, prefix, delimiter, after: after || undefined, limit });
    const output: Draft<S3.ListObjectsV2Output> = {
      Name: view.record.name,
      Prefix: encode(prefix),
      MaxKeys: limit,
      KeyCount: page.entries.length + page.commonPrefixes.length,
      IsTruncated: page.truncated,
    };
    if (delimiter !== "") output.Delimiter = encode(delimiter);
    if (url) output.EncodingType = "url";
    if (input.ContinuationToken !== undefined) output.ContinuationToken = input.ContinuationToken;
    if (input.StartAfter !== undefined && input.StartAfter !== "") output.StartAfter = encode(input.StartAfter);
    if (page.truncated && page.next !== undefined) output.NextContinuationToken = sealToken(scope, page.next);
    const withOwner = input.FetchOwner === true;
    if (page.entries.length > 0) output.Contents = page.entries.map((entry) => listed(tools, entry, encode, withOwner));
    if (page.commonPrefixes.length > 0) output.CommonPrefixes = prefixesOf(page.commonPrefixes, encode);
    return output;
  };

export const listObjects =
  (tools: Toolbox): Handler<"ListObjects"> =>
  async (input) => {
    const view = tools.access.bucket(input.Bucket);
    const { bucketId } = view.record;
    const limit = listLimit(input.MaxKeys, "max-keys");
    const url = urlEncoding(input.EncodingType);
    const encode = nameEncoder(url);
    const prefix = input.Prefix ?? "";
    const delimiter = input.Delimiter ?? "";
    const marker = input.Marker ?? "";
    // A marker inside a common prefix skips the whole prefix.
    const after = roundMarker(marker, prefix, delimiter) || undefined;
    const page = limit === 0 ? NOTHING : await tools.engine.list({ bucketId, prefix, delimiter, after, limit });
    const output: Draft<S3.ListObjectsOutput> = {
      Name: view.record.name,
      Prefix: encode(prefix),
      Marker: encode(marker),
      MaxKeys: limit,
      IsTruncated: page.truncated,
    };
    if (delimiter !== "") output.Delimiter = encode(delimiter);
    if (url) output.EncodingType = "url";
    // Without a delimiter clients continue after the last key.
    if (page.truncated && delimiter !== "" && page.next !== undefined) output.NextMarker = encode(page.next);
    if (page.entries.length > 0) output.Contents = page.entries.map((entry) => listed(tools, entry, encode, true));
    if (page.commonPrefixes.length > 0) output.CommonPrefixes = prefixesOf(page.commonPrefixes, encode);
    return output;
  };
