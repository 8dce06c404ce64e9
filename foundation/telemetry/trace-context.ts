/** W3C Trace Context, level 1: the `traceparent` header. Pure. */

/** Where a piece of work stands in a trace. */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  readonly sampled: boolean;
  /** The work that caused it; absent where the trace begins. */
  readonly parentSpanId?: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const SAMPLED = 0x01;

/**
 * Parses a `traceparent` (W3C Trace Context §3.2). Undefined when malformed: a new trace is then begun. Later versions are read as far as
 * version 00 defines them.
 */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const match = header === undefined ? null : TRACEPARENT.exec(header.trim());
  if (match === null) return undefined;
  const [, version = "", traceId = "", spanId = "", flags = "", rest] = match;
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & SAMPLED) !== 0 };
}

/** The `traceparent` of a context, version 00. */
export function formatTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? "01" : "00"}`;
}

/**
 * The context of work caused by `parent`, or of a new trace without one.
 *
 * @param randomHex source of randomness: two lower-case digits for each octet, which are never all zero
 */
export function childTrace(
  parent: TraceContext | undefined,
  randomHex: (octets: number) => string,
  sampled = false,
): TraceContext {
  // Each a literal of its own: this is for every request.
  if (parent === undefined) return { traceId: randomHex(16), spanId: randomHex(8), sampled };
  return { traceId: parent.traceId, spanId: randomHex(8), sampled: parent.sampled, parentSpanId: parent.spanId };
}
