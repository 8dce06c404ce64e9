/** What can be wrong with a message, each with its permanent code. Pure. */

/** Codes of what is refused. They do not depend on how the bytes were cut. */
export type FaultCode =
  /** A method that is no token, or something else than one space behind it. */
  | "bad-method"
  /** Longer than any method that is registered. */
  | "method-too-long"
  /** An octet that no target holds, or a form that the method does not allow. */
  | "bad-target"
  | "target-too-long"
  /** What should be `HTTP/1.1` is not of that shape. */
  | "bad-version"
  /** Of the shape of a version, and neither 1.0 nor 1.1. */
  | "unsupported-version"
  /** A status that is not of three digits from 100 to 599, or a control character behind it. */
  | "bad-status"
  /** A CR that no LF follows, or an LF without CR. */
  | "bad-line-end"
  /** A line that goes on in the next one (obs-fold), or a space before the first field. */
  | "folded-line"
  | "space-before-colon"
  | "bad-field-name"
  | "bad-field-value"
  | "too-many-fields"
  | "head-too-large"
  /** More empty lines before a message than any client sends. */
  | "too-many-empty-lines"
  | "no-host"
  | "repeated-host"
  | "bad-host"
  | "bad-content-length"
  | "repeated-content-length"
  | "length-and-coding"
  /** `Transfer-Encoding` in HTTP/1.0, empty, without `chunked` at its end, or with `chunked` twice. */
  | "bad-transfer-coding"
  /** Well-formed, and something that nobody here decodes. */
  | "unsupported-transfer-coding"
  /** A body where the method defines none (CONNECT). */
  | "unexpected-body"
  | "bad-chunk-size"
  | "chunk-too-large"
  | "bad-chunk-extension"
  | "chunk-extensions-too-long"
  | "bad-chunk-end"
  | "trailers-too-large"
  /** A trailer field that says how to read, to route or to keep the connection (RFC 9110 §6.5.1). */
  | "forbidden-trailer"
  | "too-many-informational"
  /** The connection ended inside a message. */
  | "incomplete"
  /** Octets of a response that nobody asked for. */
  | "unsolicited"
  /** The server leaves HTTP, and nobody asked for that. */
  | "unexpected-upgrade"
  /** HTTP/2: frames, windows or compressed fields that break the rules of the connection. */
  | "bad-frames"
  /** HTTP/2: a stream that is no response. */
  | "bad-stream";

/** The status that tells a client what is wrong with its request. */
export type RefusalStatus = 400 | 414 | 431 | 501 | 505;

export function refusalStatus(code: FaultCode): RefusalStatus {
  switch (code) {
    case "target-too-long":
      return 414;
    case "too-many-fields":
    case "head-too-large":
    case "trailers-too-large":
      return 431;
    // RFC 9112 §3, §6.1.
    case "method-too-long":
    case "unsupported-transfer-coding":
      return 501;
    case "unsupported-version":
      return 505;
    default:
      return 400;
  }
}
