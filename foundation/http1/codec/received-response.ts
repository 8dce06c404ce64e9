import type { Fields } from "./fields.ts";

/** What a response's head says, whichever version of HTTP its server speaks. Valid until the response is complete and whoever was told of that has returned. */
export interface ReceivedResponse {
  readonly status: number;
  /** As received; may be empty. HTTP/2 has none. */
  readonly reason?: string;
  readonly version: "1.0" | "1.1" | "2";
  readonly fields: Fields;
  /** What `Content-Length` says, also where no body follows (HEAD, 304). */
  readonly contentLength: number | undefined;
}
