import type { Fields } from "./fields.ts";
import type { TargetForm } from "./target.ts";

/** What a request's head says. Valid until the request is answered. */
export interface ReceivedHead {
  readonly method: string;
  readonly version: "1.0" | "1.1" | "2";
  /** Exactly as received, one character for each octet. */
  readonly target: string;
  readonly form: TargetForm;
  /** The authority of the target, else the value of `Host`; `""` when there is none. */
  readonly host: string;
  readonly fields: Fields;
  readonly hasBody: boolean;
  /** Octets of the body; undefined when it is not known, or when there is none. */
  readonly contentLength: number | undefined;
  /** Whether there is a body whose length is not known. */
  readonly isChunked: boolean;
  /** The client wants to change to another protocol on this connection. */
  readonly upgrade: boolean;
  /** The client waits for `100 Continue`. */
  readonly expectsContinue: boolean;
  /** It expects something else (417 is the answer). */
  readonly expectsUnknown: boolean;
}
