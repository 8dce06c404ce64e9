/** Makes what is deployed into an image, and puts the image's blobs where nodes fetch them. */
import { existsSync, statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encodeUri, signRequest } from "#foundation/aws/sigv4";
import { CodedError } from "#foundation/errors";
import { readFileIfThere } from "#foundation/files";
import { type HttpReply, httpRequest } from "#foundation/http";
import {
  archiveSource,
  type BlobStore,
  buildImage,
  type Digest,
  type ImageSource,
  ignoreRules,
  layoutSource,
  openBlobStore,
  parseReference,
  pullImage,
  registrySource,
  type StoredImage,
} from "#foundation/oci";
import type { Upload } from "./shapes.ts";

/** An image in a store of its own, which goes away with it. */
export interface LocalImage {
  readonly source: "directory" | "image";
  readonly image: StoredImage;
  readonly reference: string;
  /** Manifest, configuration and layers, each once. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
  readonly sizeBytes: number;
  read(digest: Digest): AsyncGenerator<Uint8Array>;
  remove(): Promise<void>;
}

async function withStore(
  make: (store: BlobStore) => Promise<StoredImage>,
  source: LocalImage["source"],
  reference: string,
): Promise<LocalImage> {
  const directory = await mkdtemp(join(tmpdir(), "biplane-deploy-"));
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true });
  try {
    const store = await openBlobStore(join(directory, "blobs"));
    const image = await make(store);
    const blobs = await blobsOf(store, image);
    const sizeBytes = blobs.reduce((sum, { size }) => sum + size, 0);
    return { source, image, reference, blobs, sizeBytes, read: (digest) => store.read(digest), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The documents are looked at once more for the configuration's digest, which a stored image does not tell. */
async function blobsOf(store: BlobStore, image: StoredImage): Promise<LocalImage["blobs"]> {
  const manifest = await whole(store, image.manifestDigest);
  const document = JSON.parse(manifest.toString("utf8")) as {
    readonly config: { readonly digest: Digest; readonly size: number };
  };
  const blobs = new Map<Digest, number>([[image.manifestDigest, manifest.length]]);
  if (image.rootDigest !== image.manifestDigest)
    blobs.set(image.rootDigest, (await whole(store, image.rootDigest)).length);
  blobs.set(document.config.digest, document.config.size);
  for (const { digest, size } of image.layers) blobs.set(digest, size);
  return Array.from(blobs, ([digest, size]) => ({ digest, size }));
}

async function whole(store: BlobStore, digest: Digest): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(store.read(digest)));
}

/** What never belongs into a release, where nobody says otherwise. */
const DEFAULT_IGNORED = [".git", ".biplane", ".DS_Store", ".env", ".env.*", "*.log"];

/** The same files give the same digests, on every machine. */
export function imageOfDirectory(directory: string): Promise<LocalImage> {
  const own = readFileIfThere(join(directory, ".biplaneignore"));
  const git = own === undefined ? readFileIfThere(join(directory, ".gitignore")) : undefined;
  const patterns = [...DEFAULT_IGNORED, own ?? git ?? ""].join("\n");
  return withStore(
    (store) => buildImage({ directory, store, name: "release", ignore: ignoreRules(patterns) }),
    "directory",
    directory,
  );
}

/** A layout directory, an archive of one or of `docker save`, or a reference to a registry. */
export function imageOfReference(reference: string, signal: AbortSignal): Promise<LocalImage> {
  return withStore(
    async (store) => pullImage({ source: await sourceOf(reference), store, name: "release", signal }),
    "image",
    reference,
  );
}

async function sourceOf(reference: string): Promise<ImageSource> {
  if (existsSync(join(reference, "oci-layout"))) return layoutSource(reference);
  if (existsSync(reference) && statSync(reference).isFile()) return archiveSource(reference);
  return registrySource(parseReference(reference));
}

/** Whether an argument names something of this machine to be built, and not an image. */
export function isDirectory(argument: string): boolean {
  return existsSync(argument) && statSync(argument).isDirectory() && !existsSync(join(argument, "oci-layout"));
}

const UPLOADS_AT_ONCE = 4;
const TIMEOUT_MS = 120_000;

/** Puts those blobs there that are not there yet. @returns bytes that were sent */
export async function uploadBlobs(
  image: LocalImage,
  upload: Upload,
  signal: AbortSignal,
  onProgress: (sent: number) => void,
): Promise<number> {
  const ahead = [...image.blobs];
  let sent = 0;
  const worker = async (): Promise<void> => {
    for (let blob = ahead.shift(); blob !== undefined; blob = ahead.shift()) {
      if (await isThere(upload, blob.digest, signal)) continue;
      await put(image, upload, blob, signal);
      sent += blob.size;
      onProgress(sent);
    }
  };
  await Promise.all(Array.from({ length: UPLOADS_AT_ONCE }, worker));
  return sent;
}

async function isThere(upload: Upload, digest: Digest, signal: AbortSignal): Promise<boolean> {
  const reply = await call(upload, "HEAD", digest, signal);
  await reply.discard();
  if (reply.status === 200) return true;
  if (reply.status === 404) return false;
  throw failed(reply.status, digest);
}

async function put(
  image: LocalImage,
  upload: Upload,
  { digest, size }: { readonly digest: Digest; readonly size: number },
  signal: AbortSignal,
): Promise<void> {
  const reply = await call(upload, "PUT", digest, signal, { stream: image.read(digest), size });
  await reply.discard();
  // Named by what it is: whoever was faster has put the same there.
  if (reply.status !== 200 && reply.status !== 412) throw failed(reply.status, digest);
}

async function call(
  upload: Upload,
  method: "HEAD" | "PUT",
  digest: Digest,
  signal: AbortSignal,
  body?: { readonly stream: AsyncIterable<Uint8Array>; readonly size: number },
): Promise<HttpReply> {
  const { endpoint, bucket, prefix, region } = upload;
  const hex = digest.slice("sha256:".length);
  const path = `/${[bucket, ...`${prefix}sha256/${hex}`.split("/")].map((segment) => encodeUri(segment, false)).join("/")}`;
  const headers = [
    ["host", new URL(endpoint).host],
    ...(body === undefined ? [] : [["if-none-match", "*"] as const]),
  ] as const;
  // The name of a blob is the hash of its bytes, which is what is signed: the store takes no others.
  const signed = signRequest({ method, path, query: "", headers }, body === undefined ? new Uint8Array(0) : hex, {
    credential: {
      accessKeyId: upload.access_key_id,
      secretAccessKey: upload.secret_access_key,
      sessionToken: upload.session_token,
    },
    region,
    service: "s3",
    now: Date.now(),
  });
  return httpRequest({
    url: endpoint,
    target: path,
    method,
    headers: signed.headers,
    timeoutMs: TIMEOUT_MS,
    signal,
    ...(body === undefined ? {} : { body: body.stream, contentLength: body.size }),
  });
}

const failed = (status: number, digest: string): CodedError =>
  new CodedError("UPLOAD_FAILED", {
    status,
    retryable: status >= 500,
    message: `The object store answered ${status} for the blob ${digest}.`,
  });
