/** The three listings of a bucket: objects, versions, uploads in progress. Each reads several times: the caller gives it one snapshot. */

import { type RowSource, walkPage } from "../model/list-walk.ts";
import { sequenceOf } from "../model/ordered-id.ts";
import { type ListPage, type ListQuery, NULL_VERSION, type ObjectVersion, type Upload } from "../port.ts";
import type { KeyedVersionRow } from "../records/rows.ts";
import { decodeUpload, decodeVersion } from "./decode-version.ts";
import type { RecordReader } from "./record-reader.ts";

const EMPTY_PAGE = Object.freeze({
  entries: Object.freeze([]),
  commonPrefixes: Object.freeze([]),
  truncated: false,
});

export function listObjects(reader: RecordReader, query: ListQuery): ListPage<ObjectVersion> {
  const bucket = reader.place(query.bucketId);
  if (bucket === undefined) return EMPTY_PAGE;
  const source = reader.currentRows(bucket);
  const page = walkPage(source, query);
  return {
    entries: page.rows.map((row) => decodeVersion(query.bucketId, source.keyOf(row), row, true)),
    commonPrefixes: page.commonPrefixes,
    truncated: page.truncated,
    next: page.truncated ? page.next : undefined,
  };
}

export function listVersions(
  reader: RecordReader,
  query: ListQuery & { readonly afterVersionId?: string },
): ListPage<ObjectVersion> {
  const bucket = reader.place(query.bucketId);
  if (bucket === undefined) return EMPTY_PAGE;
  const { after, afterVersionId } = query;
  // A version that is gone cannot be continued from unless its id says where it was; then the next key is as near as one can come.
  const pastSeq =
    after === undefined || afterVersionId === undefined
      ? undefined
      : (sequenceOf(afterVersionId) ?? reader.version(bucket, after, afterVersionId)?.row.seq);
  const source = rememberKeys(reader.versionRows(bucket));
  const page = walkPage<KeyedVersionRow>(source, query, pastSeq);

  let previous: string | undefined;
  const entries = page.rows.map((row) => {
    const key = source.keyOf(row);
    // The walk shows the newest version of a key first, unless it was told to start among its older ones.
    const isFirst = key !== previous;
    const isLatest = isFirst && (pastSeq === undefined || key !== after || reader.isNewest(bucket, key, row.seq));
    previous = key;
    return decodeVersion(query.bucketId, key, row, isLatest);
  });
  return {
    entries,
    commonPrefixes: page.commonPrefixes,
    truncated: page.truncated,
    next: page.truncated ? page.next : undefined,
    nextVersionId: page.truncated && page.last !== undefined ? (page.last.version ?? NULL_VERSION) : undefined,
  };
}

export function listUploads(
  reader: RecordReader,
  query: ListQuery & { readonly afterUploadId?: string },
): ListPage<Upload> & { readonly nextUploadId?: string } {
  const bucket = reader.place(query.bucketId);
  if (bucket === undefined) return EMPTY_PAGE;
  const pastSeq = query.afterUploadId === undefined ? undefined : sequenceOf(query.afterUploadId);
  const source = rememberKeys(reader.uploadRows(bucket));
  const page = walkPage(source, query, pastSeq);
  return {
    entries: page.rows.map((row) => decodeUpload(query.bucketId, source.keyOf(row), row)),
    commonPrefixes: page.commonPrefixes,
    truncated: page.truncated,
    next: page.truncated ? page.next : undefined,
    nextUploadId: page.truncated ? page.last?.id : undefined,
  };
}

/** Decodes the key of each row once, though the walk and the page both ask for it. */
function rememberKeys<Row extends object>(source: RowSource<Row>): RowSource<Row> {
  const keys = new Map<Row, string>();
  return {
    scan: source.scan,
    peek: source.peek,
    seqOf: source.seqOf,
    keyOf(row) {
      const known = keys.get(row);
      if (known !== undefined) return known;
      const key = source.keyOf(row);
      keys.set(row, key);
      return key;
    },
  };
}
