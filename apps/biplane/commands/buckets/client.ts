/** The S3 client of a command. */
import type { CommandContext } from "../../cli/command.ts";
import { findAws } from "../../cli/find-cloud.ts";
import { createS3Client, type S3Client } from "../../cli/s3-client.ts";

export function clientOf(context: CommandContext): S3Client {
  return createS3Client(findAws(context));
}
