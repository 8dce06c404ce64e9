/** ListObjectVersions. */
import type { S3 } from "#foundation/aws";
import type { ListPage, ObjectVersion } from "../../engine/port.ts";
import { invalidArgument } from "../../errors.ts";
import { listLimit, nameEncoder, roundMarker, urlEncoding } from "../../rules/listing.ts";
import type { Handler, Toolbox } from "../../service/define.ts";
import type { Draft } from "../../service/draft.ts";
import { assertVersionId } from "./find-version.ts";

const NOTHING: ListPage<ObjectVersion> = { entries: [], commonPrefixes: [], truncated: false };

function listedVersion(tools: Toolbox, version: ObjectVersion, encode: (name: string) => string): S3.ObjectVersion {
  const entry: Draft<S3.ObjectVersion> = {
    Key: encode(version.key),
    VersionId: version.versionId,
    IsLatest: version.isLatest,
    LastModified: new Date(version.lastModified),
    ETag: `"${version.etag}"`,
    Size: version.size,
    StorageClass: (version.headers.storageClass ?? "STANDARD") as S3.ObjectVersionStorageClass,
    Owner: { ID: tools.access.canonicalId(version.owner) },
  };
  if (version.checksum !== undefined) {
    entry.ChecksumAlgorithm = [version.checksum.algorithm];
    entry.ChecksumType = version.checksum.type;
  }
  return entry;
}

export const listObjectVersions =
  (tools: Toolbox): Handler<"ListObjectVersions"> =>
  async (input) => {
    const view = tools.access.bucket(input.Bucket);
    const { bucketId } = view.record;
    const limit = listLimit(input.MaxKeys, "max-keys");
    const url = urlEncoding(input.EncodingType);
    const encode = nameEncoder(url);
    const prefix = input.Prefix ?? "";
    const delimiter = input.Delimiter ?? "";
    const keyMarker = input.KeyMarker ?? "";
    const versionIdMarker = input.VersionIdMarker;
    if (versionIdMarker !== undefined) {
      if (keyMarker === "") {
        throw invalidArgument(
          "A version-id marker cannot be specified without a key marker.",
          "version-id-marker",
          versionIdMarker,
        );
      }
      if (versionIdMarker === "") {
        throw invalidArgument("A version-id marker cannot be empty.", "version-id-marker", versionIdMarker);
      }
      assertVersionId(versionIdMarker);
    }
    const rounded = versionIdMarker === undefined ? roundMarker(keyMarker, prefix, delimiter) : keyMarker;
    const page =
      limit === 0
        ? NOTHING
        : await tools.engine.listVersions({
            bucketId,
            prefix,
            delimiter,
            after: rounded || undefined,
            afterVersionId: versionIdMarker,
            limit,
          });
    const output: Draft<S3.ListObjectVersionsOutput> = {
      Name: view.record.name,
      Prefix: encode(prefix),
      KeyMarker: encode(keyMarker),
      VersionIdMarker: versionIdMarker ?? "",
      MaxKeys: limit,
      IsTruncated: page.truncated,
    };
    if (delimiter !== "") output.Delimiter = encode(delimiter);
    if (url) output.EncodingType = "url";
    if (page.truncated && page.next !== undefined) {
      output.NextKeyMarker = encode(page.next);
      if (page.nextVersionId !== undefined) output.NextVersionIdMarker = page.nextVersionId;
    }
    const versions: S3.ObjectVersion[] = [];
    const markers: S3.DeleteMarkerEntry[] = [];
    for (const entry of page.entries) {
      if (!entry.deleteMarker) {
        versions.push(listedVersion(tools, entry, encode));
        continue;
      }
      markers.push({
        Key: encode(entry.key),
        VersionId: entry.versionId,
        IsLatest: entry.isLatest,
        LastModified: new Date(entry.lastModified),
        Owner: { ID: tools.access.canonicalId(entry.owner) },
      });
    }
    if (versions.length > 0) output.Versions = versions;
    if (markers.length > 0) output.DeleteMarkers = markers;
    if (page.commonPrefixes.length > 0) {
      output.CommonPrefixes = page.commonPrefixes.map((name) => ({ Prefix: encode(name) }));
    }
    return output;
  };
