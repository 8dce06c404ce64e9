/** `x-amz-copy-source` (Amazon S3 API reference, CopyObject). */
import { invalidArgument } from "../errors.ts";

export interface CopySource {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

const MESSAGE = "Copy Source must mention the source bucket and key: sourcebucket/sourcekey";
const broken = (header: string) => invalidArgument(MESSAGE, "x-amz-copy-source", header);

/** Percent-decodes; `+` is a plus sign here, as in a path. */
function decode(text: string, header: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidArgument("Invalid copy source encoding.", "x-amz-copy-source", header);
  }
}

/**
 * Reads `/bucket/key`, `bucket/key`, percent-encoded wholly or in part, with `?versionId=` at the end. A question mark that belongs to the key is
 * percent-encoded by the client.
 *
 * @throws AwsError InvalidArgument for anything else, also for access point ARNs, which need services that this cloud does not have
 */
export function parseCopySource(header: string): CopySource {
  if (/^\/?arn(?::|%3A)/i.test(header)) {
    throw invalidArgument(
      "Access point and Outposts ARNs are not supported as a copy source; use sourcebucket/sourcekey",
      "x-amz-copy-source",
      header,
    );
  }
  let path = header;
  let versionId: string | undefined;
  const query = header.lastIndexOf("?versionId=");
  if (query >= 0) {
    path = header.slice(0, query);
    versionId = decode(header.slice(query + "?versionId=".length), header);
    if (versionId === "") throw invalidArgument("Version id cannot be the empty string", "x-amz-copy-source", header);
  }
  let decoded = decode(path, header);
  if (decoded.startsWith("/")) decoded = decoded.slice(1);
  const slash = decoded.indexOf("/");
  if (slash <= 0 || slash === decoded.length - 1) throw broken(header);
  const bucket = decoded.slice(0, slash);
  const key = decoded.slice(slash + 1);
  return versionId === undefined ? { bucket, key } : { bucket, key, versionId };
}
