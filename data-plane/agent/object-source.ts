/** Releases in object storage, as a source of images: every blob is an object named by its digest. */
import type { ObjectAccess } from "#contracts";
import { encodeUri, signRequest } from "#foundation/aws/sigv4";
import { CodedError } from "#foundation/errors";
import { type HttpReply, httpRequest } from "#foundation/http";
import { type Descriptor, type Digest, type ImageSource, isDigest } from "#foundation/oci";

const NO_BYTES = new Uint8Array(0);
const TIMEOUT_MS = 60_000;

/** A manifest or an index is a small document. */
const DOCUMENT_BYTES_MAX = 4 * 1024 * 1024;

/** Gives credentials that are good for a while. */
export type Access = () => Promise<ObjectAccess>;

export const blobKey = (prefix: string, digest: string): string => `${prefix}sha256/${digest.slice("sha256:".length)}`;

/** @param digest of the manifest or index that a release is */
export function objectSource(access: Access, digest: string): ImageSource {
  return {
    async root(signal) {
      const reply = await get(await access(), digest, 0, signal);
      const bytes = Buffer.from(await reply.text(DOCUMENT_BYTES_MAX), "utf8");
      if (!isDigest(digest)) throw pullFailed(`${digest} is no digest`);
      return { mediaType: mediaTypeOf(bytes), digest: digest as Digest, size: bytes.length };
    },
    async *open(descriptor: Descriptor, offset, signal) {
      const reply = await get(await access(), descriptor.digest, offset, signal);
      for await (const chunk of reply.body) yield chunk;
    },
  };
}

/** What the document says it is: its digest, which the release names, covers that. */
function mediaTypeOf(document: Uint8Array): string {
  const parsed: unknown = JSON.parse(Buffer.from(document).toString("utf8"));
  const type = typeof parsed === "object" && parsed !== null && "mediaType" in parsed ? parsed.mediaType : undefined;
  if (typeof type === "string") return type;
  const isIndex = typeof parsed === "object" && parsed !== null && "manifests" in parsed;
  return `application/vnd.oci.image.${isIndex ? "index" : "manifest"}.v1+json`;
}

async function get(access: ObjectAccess, digest: string, offset: number, signal?: AbortSignal): Promise<HttpReply> {
  const { endpoint, bucket, prefix, region } = access;
  const host = new URL(endpoint).host;
  const key = blobKey(prefix, digest);
  const path = `/${bucket}/${key
    .split("/")
    .map((segment) => encodeUri(segment, false))
    .join("/")}`;
  const range = offset === 0 ? [] : [["range", `bytes=${offset}-`] as const];
  const signed = signRequest({ method: "GET", path, query: "", headers: [["host", host], ...range] }, NO_BYTES, {
    credential: access,
    region,
    service: "s3",
    now: Date.now(),
  });
  const reply = await httpRequest({
    url: endpoint,
    target: path,
    method: "GET",
    headers: signed.headers,
    timeoutMs: TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  if (reply.status === 200 || reply.status === 206) return reply;
  await reply.discard();
  throw pullFailed(`the object store answered ${reply.status} for ${key}`, reply.status >= 500);
}

function pullFailed(message: string, retryable = false): CodedError {
  return new CodedError("image_pull_failed", { status: 502, retryable, message });
}
