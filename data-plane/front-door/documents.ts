/** Bodies that are held in memory while they arrive, within a budget: a hostile crowd must not be able to fill the machine. */
import { AwsError } from "#foundation/aws";
import type { HttpRequest } from "#foundation/http";

const MIB = 1024 * 1024;

/**
 * Bytes of documents that may be on their way at the same time.
 *
 * Anonymous callers share 32 MiB (four of the largest S3 documents), callers that name an active key 256 MiB (three of the largest functions,
 * 70 MiB each, and thousands of ordinary documents): a crowd without a key cannot keep out those who have one.
 */
const ARRIVING_BYTES_MAX = { anonymous: 32 * MIB, keyed: 256 * MIB } as const;

export type DocumentSender = keyof typeof ARRIVING_BYTES_MAX;

/** Counts what is arriving. One for a front door. */
export class Documents {
  readonly #arriving: Record<DocumentSender, number> = { anonymous: 0, keyed: 0 };
  readonly #limits: Readonly<Record<DocumentSender, number>>;

  constructor(limits: Readonly<Record<DocumentSender, number>> = ARRIVING_BYTES_MAX) {
    this.#limits = limits;
  }

  /**
   * Takes a document in.
   *
   * @param request its announced length is reserved until the document is whole; without one, `limit` is
   * @param limit bytes
   * @param read reads at most `limit` bytes; it rejects, it does not throw
   * @returns rejects with AwsError `SlowDown` (503) when too much is arriving already, else with what `read` rejects with
   */
  take<Read>(request: HttpRequest, sender: DocumentSender, limit: number, read: () => Promise<Read>): Promise<Read> {
    const reserved = Math.min(request.contentLength ?? limit, limit);
    if (this.#arriving[sender] + reserved > this.#limits[sender]) {
      return Promise.reject(tooManyDocuments());
    }
    this.#arriving[sender] += reserved;
    return read().then(
      (whole) => {
        this.#arriving[sender] -= reserved;
        return whole;
      },
      (error) => {
        this.#arriving[sender] -= reserved;
        throw error;
      },
    );
  }
}

function tooManyDocuments(): AwsError {
  return new AwsError("SlowDown", "Please reduce your request rate.", {
    statusCode: 503,
    fault: "server",
    headers: [["Retry-After", "1"]],
  });
}
