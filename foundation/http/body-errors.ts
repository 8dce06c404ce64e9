/** Why a request body could not be read. Handlers may let them pass: the server knows the right answer to each. */

export type BodyErrorCode = "PayloadTooLarge" | "RequestAborted" | "IncompleteBody" | "BodyTimeout" | "BodyUsed";

export class BodyError extends Error {
  override readonly name: string = "BodyError";
  readonly code: BodyErrorCode;
  /** The status an unhandled error becomes. */
  readonly status: number;

  constructor(code: BodyErrorCode, status: number, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** The body is longer than the reader's limit (413). */
export class PayloadTooLarge extends BodyError {
  override readonly name = "PayloadTooLarge";
  readonly limit: number;
  constructor(limit: number) {
    super("PayloadTooLarge", 413, `The request body is larger than ${limit} bytes.`);
    this.limit = limit;
  }
}

/** The client closed the connection before the body was complete; nobody is left to answer. */
export class RequestAborted extends BodyError {
  override readonly name = "RequestAborted";
  constructor() {
    super("RequestAborted", 499, "The client closed the connection before the request was complete.");
  }
}

/** The body ended before the declared length, or its chunked coding was broken (400). */
export class IncompleteBody extends BodyError {
  override readonly name = "IncompleteBody";
  constructor(received: number, declared: number | undefined) {
    super(
      "IncompleteBody",
      400,
      declared === undefined
        ? `The chunked request body broke off after ${received} bytes.`
        : `The request body ended after ${received} of ${declared} declared bytes.`,
    );
  }
}

/** No byte of the body arrived for the idle limit (408). */
export class BodyTimeout extends BodyError {
  override readonly name = "BodyTimeout";
  constructor(idleMs: number) {
    super("BodyTimeout", 408, `No byte of the request body arrived for ${idleMs} ms.`);
  }
}

/** The body was already read by somebody else: a mistake in the handler. */
export class BodyUsed extends BodyError {
  override readonly name = "BodyUsed";
  constructor() {
    super("BodyUsed", 500, "The request body can be read only once.");
  }
}
