/** What is answered to a request, on its way back through the gateway. */
import type { MessageBody, RawDuplex } from "#foundation/http1";
import type { HeaderFields } from "./header-fields.ts";

/** Whole, or as it comes: from another server, or made piece by piece. */
export type AnswerBody = Uint8Array | MessageBody | AsyncIterable<Uint8Array> | null;

export interface Answer {
  status: number;
  /** Without framing (`Content-Length`, `Transfer-Encoding`) and `Connection`: the server writes them. */
  headers: HeaderFields;
  body: AnswerBody;
  /**
   * Of a body that is not whole: its length, when it is known. A middleware that changes such a body sets it to undefined.
   */
  length?: number | undefined;
  /** 101: what follows is no HTTP any more, and passes through as it is. */
  upgraded?: {
    readonly protocol: "websocket";
    readonly duplex: RawDuplex;
    /** HTTP that was left. Over HTTP/2 no server proves that it has understood (RFC 8441 §5). */
    readonly version: "1.1" | "2";
    /** After which both ends are told to close when nothing has passed. Default: never. */
    readonly idleTimeoutMs?: number;
  };
}
