/** What a trace is told of a request. */
import type { TraceContext } from "#foundation/telemetry";

export interface TracedRequest {
  readonly trace: TraceContext;
  readonly method: string;
  /** As described, not as sent. */
  readonly route: string;
  readonly operation: string;
  readonly path: string;
  readonly host: string;
  readonly secure: boolean;
  readonly clientAddress: string;
  readonly requestId: string;
  readonly status: number;
  /** Whether the client was given all of the answer. */
  readonly complete: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Epoch milliseconds with fractions. */
  readonly startMs: number;
  readonly durationMs: number;
  /** From the start, when the dispatcher was asked; undefined when a middleware answered before. */
  readonly dispatchedMs: number | undefined;
  /** From the start, when there was an answer. */
  readonly answeredMs: number | undefined;
}

/** Where traces go. */
export interface RequestTraces {
  /** Whether a trace that begins here is to be recorded. One that began elsewhere says so itself (W3C Trace Context §3.2.2.5.1). */
  samples(): boolean;
  record(request: TracedRequest): void;
}
