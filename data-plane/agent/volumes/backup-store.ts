/** Backups as objects of the org's own bucket. */
import type { ObjectAccess } from "#contracts";
import { encodeUri, signRequest } from "#foundation/aws/sigv4";
import { type HttpReply, httpRequest } from "#foundation/http";

/** The object store does not answer, or does not let us. */
export class BackupStoreError extends Error {
  override readonly name = "BackupStoreError";
  readonly reason: "backup_store_unreachable" | "credentials_invalid" | "backup_object_missing" | "upload_failed";

  constructor(reason: BackupStoreError["reason"], message: string) {
    super(message);
    this.reason = reason;
  }
}

const TIMEOUT_MS = 120_000;

/** S3 takes no larger object in one piece. */
export const OBJECT_BYTES_MAX = 5 * 1024 ** 3;

export async function putBackup(
  access: ObjectAccess,
  key: string,
  size: number,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const reply = await call(access, "PUT", key, { body, size });
  await reply.discard();
  if (reply.status !== 200) throw failed("upload_failed", reply.status, key);
}

export async function getBackup(access: ObjectAccess, key: string): Promise<AsyncIterable<Uint8Array>> {
  const reply = await call(access, "GET", key);
  if (reply.status === 200) return reply.body;
  await reply.discard();
  throw failed(reply.status === 404 ? "backup_object_missing" : "backup_store_unreachable", reply.status, key);
}

const failed = (reason: BackupStoreError["reason"], status: number, key: string): BackupStoreError =>
  new BackupStoreError(
    status === 403 ? "credentials_invalid" : reason,
    `the object store answered ${status} for ${key}`,
  );

async function call(
  access: ObjectAccess,
  method: "GET" | "PUT",
  key: string,
  sent?: { readonly body: AsyncIterable<Uint8Array>; readonly size: number },
): Promise<HttpReply> {
  const { endpoint, bucket, region } = access;
  const path = `/${[bucket, ...key.split("/")].map((segment) => encodeUri(segment, false)).join("/")}`;
  const signed = signRequest(
    { method, path, query: "", headers: [["host", new URL(endpoint).host]] },
    sent === undefined ? new Uint8Array(0) : "UNSIGNED-PAYLOAD",
    { credential: access, region, service: "s3", now: Date.now() },
  );
  try {
    return await httpRequest({
      url: endpoint,
      target: path,
      method,
      headers: signed.headers,
      timeoutMs: TIMEOUT_MS,
      ...(sent === undefined ? {} : { body: sent.body, contentLength: sent.size }),
    });
  } catch (error) {
    throw new BackupStoreError("backup_store_unreachable", error instanceof Error ? error.message : String(error));
  }
}
