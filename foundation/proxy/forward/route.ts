/** What the user of the proxy decides for each request, and what it is told afterwards. */

import type { HeaderList, HttpRequest } from "#foundation/http";
import type { Backend } from "../backend.ts";
import type { ProxyFailure } from "./failure.ts";

/** Where a request goes, and how it is changed on the way. */
export interface Route {
  readonly backend: Backend;
  /** The `Host` field: as it came (default), that of the backend's address, or a text. */
  readonly host?: "preserve" | "backend" | { readonly text: string };
  /** Sent instead of the request's own target, as it is. */
  readonly target?: string;
  /** Take the place of fields of the same name. */
  readonly setHeaders?: HeaderList;
  /** Not passed on; lower case. */
  readonly removeHeaders?: readonly string[];
  /** Changes the fields of the answer, such as a cookie that keeps the client at its backend. */
  readonly responseHeaders?: (status: number, headers: (readonly [string, string])[]) => void;
  /** Told once, when the exchange is over in whatever way. */
  readonly onFinished?: (result: ForwardResult) => void;
}

/** How an exchange with a backend ended. */
export interface ForwardResult {
  /** Of the upstream's response; undefined when there was none. */
  readonly status: number | undefined;
  /** Why the client did not get the upstream's response. */
  readonly failure: ProxyFailure | undefined;
  /** Whether the response was passed on whole. */
  readonly complete: boolean;
  /** Body bytes sent to the upstream, and received from it. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
}

/** The request was tried before, and no backend has seen it. */
export interface FailedAttempt {
  readonly backend: Backend;
  readonly failure: ProxyFailure;
}

/**
 * Decides on a request; undefined when there is nobody to send it to.
 * @param failed what was tried in vain, in order; empty at first
 */
export type RouteRequest = (
  request: HttpRequest,
  failed: readonly FailedAttempt[],
) => Route | undefined | Promise<Route | undefined>;
