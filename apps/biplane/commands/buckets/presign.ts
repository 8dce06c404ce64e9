/** `biplane buckets presign` */
import type { CommandBody } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import type { S3Client } from "../../cli/s3-client.ts";
import { parseSeconds } from "../../cli/units.ts";
import { clientOf } from "./client.ts";
import { objectLocation } from "./s3-url.ts";

const EXPIRES_DEFAULT = "1h";
/** Signature Version 4 allows a week: 7 × 24 × 3,600 s. */
const EXPIRES_SECONDS_MAX = 604_800;

const METHODS = ["GET", "PUT", "HEAD", "DELETE"] as const;

export const presign: CommandBody = async (context) => {
  const { arguments: given, terminal, json } = context;
  const { bucket, key } = objectLocation(given.positionals[0]!);
  const expires = given.text("expires") ?? EXPIRES_DEFAULT;
  const seconds = parseSeconds(expires);
  if (seconds === undefined || seconds < 1 || seconds > EXPIRES_SECONDS_MAX) {
    throw usageError(`--expires must be from 1s to 7d, not "${expires}".`, "For example 90s, 15m, 12h, 7d.");
  }
  const wanted = (given.text("method") ?? "GET").toUpperCase();
  const method = METHODS.find((one) => one === wanted);
  if (method === undefined) throw usageError(`--method must be one of ${METHODS.join(", ")}, not "${wanted}".`);
  const client = clientOf(context);
  await learnRegion(client, bucket);
  const url = client.presignedUrl({ method, bucket, key }, seconds);
  if (json) terminal.json({ url, method, expiresAt: Date.now() + seconds * 1000 });
  else terminal.line(url);
  return undefined;
};

/** A URL is good in the bucket's own region only, which the client learns from any answer. Signing itself needs no connection, so none is required. */
async function learnRegion(client: S3Client, bucket: string): Promise<void> {
  try {
    await (await client.call({ method: "HEAD", bucket })).discard();
  } catch {
    // Whoever uses the URL will be told what is wrong.
  }
}
