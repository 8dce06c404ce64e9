/** Where a backup is, as the user says it: a directory, or `s3://BUCKET/PREFIX`. */
import { resolve } from "node:path";
import { type BackupPlace, openDirectoryPlace } from "#data-plane/store/backup";
import { CodedError } from "#foundation/errors";
import { HttpCallError } from "#foundation/http";
import { type Runtime, sleep } from "#foundation/runtime";
import type { CommandContext } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import type { S3Client } from "../../cli/s3-client.ts";
import { clientOf } from "../buckets/client.ts";
import { listObjects } from "../buckets/list-objects.ts";
import { parseS3Url, type S3Location } from "../buckets/s3-url.ts";

const TRIES = 4;
const RETRY_MS = 500;
/** The longest part: what one version writes, and a page of pairs above the size at which a part is put. */
const OBJECT_BYTES_MAX = 64 * 1024 * 1024;

type World = Pick<Runtime, "disk" | "timers">;

/** @param mustExist refuses a directory that is not there, instead of making it. @throws CodedError USAGE, NOT_FOUND, NOT_RUNNING, NO_CREDENTIALS */
export async function placeOf(
  context: CommandContext,
  runtime: World,
  option: "to" | "from",
  mustExist: boolean,
): Promise<BackupPlace> {
  const text = context.arguments.text(option);
  if (text === undefined)
    throw usageError(`Where is the backup? Name a directory or s3://BUCKET/PREFIX with --${option}.`);
  const location = parseS3Url(text);
  if (location !== undefined) return s3Place(clientOf(context), location, runtime, context.signal);
  const path = resolve(text);
  if (mustExist && !(await runtime.disk.exists(path))) {
    throw cliErrors.error("NOT_FOUND", `There is no directory ${path}.`);
  }
  return openDirectoryPlace(runtime.disk, path);
}

/** Objects below a prefix. What breaks, or is refused for the moment, is tried again: each call may be repeated. */
export function s3Place(
  client: S3Client,
  { bucket, key }: S3Location,
  { timers }: Pick<World, "timers">,
  signal: AbortSignal,
): BackupPlace {
  const prefix = key === "" || key.endsWith("/") ? key : `${key}/`;
  const again = async <T>(call: () => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await call();
      } catch (error) {
        if (!mayPass(error) || tries === TRIES || signal.aborted) throw error;
        await sleep(timers, RETRY_MS * 2 ** tries, signal).catch(() => undefined);
      }
    }
  };
  return {
    put: (name, bytes) =>
      again(async () => {
        const reply = await client.call({ method: "PUT", bucket, key: prefix + name, body: bytes, signal });
        await reply.discard();
      }),
    get: (name) =>
      again(async () => {
        try {
          const reply = await client.call({ bucket, key: prefix + name, signal });
          return await reply.bytes(OBJECT_BYTES_MAX);
        } catch (error) {
          if (error instanceof CodedError && error.code === "NoSuchKey") return undefined;
          throw error;
        }
      }),
    list: () =>
      again(async () => {
        const names: string[] = [];
        for await (const { objects } of listObjects(client, { bucket, prefix, signal })) {
          names.push(...objects.map((object) => object.key.slice(prefix.length)));
        }
        return names;
      }),
    remove: (name) =>
      again(async () => {
        const reply = await client.call({ method: "DELETE", bucket, key: prefix + name, signal });
        await reply.discard();
      }),
  };
}

function mayPass(error: unknown): boolean {
  if (error instanceof HttpCallError) return error.failure !== "aborted";
  return error instanceof CodedError && (error.retryable || error.status >= 500);
}
