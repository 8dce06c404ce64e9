/** The one error class that services throw; the codecs give it the shape that each protocol wants. */

import type { HeaderList } from "./wire.ts";

/** What an error may carry beyond code and message. */
export interface AwsErrorOptions {
  /** Overrides the status of the model (or of the S3 table). */
  readonly statusCode?: number;
  /** Who is at fault; defaults to the model's word, then to the status. `client` is written as `Sender`, `server` as `Receiver`. */
  readonly fault?: "client" | "server";
  /**
   * Members of the modelled error, or extra elements (`BucketName`, `Key`, `Resource`, `Condition` …), in the order in which they are written.
   * Values: strings, numbers, booleans, dates, and for modelled members whatever the member's shape takes. Undefined is left out.
   */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Extra response headers, for example `Allow` or `x-amz-delete-marker`. */
  readonly headers?: HeaderList;
  readonly cause?: unknown;
}

/**
 * An error that reaches the client in the service's own form.
 *
 * @example
 * throw new AwsError("NoSuchBucket", "The specified bucket does not exist", { fields: { BucketName: "photos" } });
 */
export class AwsError extends Error {
  override readonly name = "AwsError";
  /** The error's shape name (`QueueDoesNotExist`) or its wire code (`AWS.SimpleQueueService.NonExistentQueue`): both find the model. */
  readonly code: string;
  /** Undefined: taken from the model when encoded, else 400 for the client's fault and 500 for ours. */
  readonly statusCode: number | undefined;
  readonly fault: "client" | "server" | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly headers: HeaderList;

  constructor(code: string, message: string, options: AwsErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.statusCode = options.statusCode;
    this.fault = options.fault;
    this.fields = options.fields ?? {};
    this.headers = options.headers ?? [];
  }
}
