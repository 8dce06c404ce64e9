/** Listings, page by page. */
import type { S3Client } from "../../cli/s3-client.ts";
import { listOf, objectOf, textOf } from "../../cli/xml-answer.ts";

export interface ListedObject {
  readonly key: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  readonly etag: string;
}

export interface ListedPage {
  readonly objects: readonly ListedObject[];
  /** What lies behind the delimiter. */
  readonly prefixes: readonly string[];
}

/** Pages of ListObjectsV2. @param delimiter `/` to stop at the next slash */
export async function* listObjects(
  client: S3Client,
  where: {
    readonly bucket: string;
    readonly prefix: string;
    readonly delimiter?: string;
    readonly signal?: AbortSignal;
  },
): AsyncGenerator<ListedPage, void, void> {
  let token: string | undefined;
  do {
    const answer = await client.callXml({
      bucket: where.bucket,
      query: {
        "list-type": 2,
        // Keys may hold characters that XML cannot carry.
        "encoding-type": "url",
        prefix: where.prefix === "" ? undefined : where.prefix,
        delimiter: where.delimiter,
        "continuation-token": token,
      },
      ...(where.signal === undefined ? {} : { signal: where.signal }),
    });
    const result = objectOf(answer.ListBucketResult);
    yield {
      objects: listOf(result.Contents).map((one) => ({
        key: decodeKey(textOf(one.Key)),
        size: Number(textOf(one.Size)),
        modifiedAt: Date.parse(textOf(one.LastModified)),
        etag: textOf(one.ETag).replaceAll('"', ""),
      })),
      prefixes: listOf(result.CommonPrefixes).map((one) => decodeKey(textOf(one.Prefix))),
    };
    token = textOf(result.NextContinuationToken) || undefined;
  } while (token !== undefined);
}

/** `encoding-type=url` writes a space as a plus sign. */
export function decodeKey(text: string): string {
  return decodeURIComponent(text.replaceAll("+", " "));
}
