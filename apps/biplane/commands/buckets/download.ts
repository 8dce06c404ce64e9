/** Downloads: a file appears whole or not at all. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { cliErrors } from "../../cli/errors.ts";
import type { S3Client } from "../../cli/s3-client.ts";
import type { Terminal } from "../../cli/terminal.ts";
import type { Progress } from "./progress.ts";
import type { S3Location } from "./s3-url.ts";

/** Downloads to a file, through a temporary one beside it. Returns the number of bytes. */
export async function download(
  client: S3Client,
  options: {
    readonly from: S3Location;
    readonly path: string;
    readonly signal: AbortSignal;
    readonly progressOf: (total: number | undefined) => Progress;
  },
): Promise<number> {
  const { from, path, signal } = options;
  const reply = await client.call({ ...from, signal });
  const total = lengthOf(reply.headers.get("content-length"));
  const progress = options.progressOf(total);
  const temporary = `${path}.${process.pid}.part`;
  const file = openSync(temporary, "wx");
  try {
    let bytes = 0;
    for await (const chunk of reply.body) {
      writeWhole(file, chunk);
      bytes += chunk.length;
      progress.add(chunk.length);
    }
    checkLength(bytes, total);
    closeSync(file);
    renameSync(temporary, path);
    return bytes;
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    progress.end();
  }
}

/** Downloads to standard output. */
export async function downloadToOutput(
  client: S3Client,
  options: { readonly from: S3Location; readonly terminal: Terminal; readonly signal: AbortSignal },
): Promise<number> {
  const reply = await client.call({ ...options.from, signal: options.signal });
  let bytes = 0;
  for await (const chunk of reply.body) {
    options.terminal.write(chunk);
    bytes += chunk.length;
  }
  checkLength(bytes, lengthOf(reply.headers.get("content-length")));
  return bytes;
}

function writeWhole(file: number, chunk: Uint8Array): void {
  for (let rest = chunk; rest.length > 0; ) rest = rest.subarray(writeSync(file, rest));
}

function lengthOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : Number(header);
}

function checkLength(bytes: number, total: number | undefined): void {
  if (total === undefined || bytes === total) return;
  throw cliErrors.error("BROKEN_TRANSFER", `${bytes} of ${total} bytes arrived. Try again.`);
}
