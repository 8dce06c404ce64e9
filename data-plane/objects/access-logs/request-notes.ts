/** What only the inside of an operation knows of a request, kept for its record in a log. Forgotten with the request. */
import type { Caller } from "#data-plane/service";
import type { HttpRequest } from "#foundation/http";

/** One key of a DeleteObjects. */
export interface BatchDeletion {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly status: number;
  readonly errorCode: string | undefined;
}

export interface RequestNotes {
  /** Nothing but an ACL granted the request. */
  aclRequired?: boolean;
  deletions?: readonly BatchDeletion[];
  /** Form uploads say in their body who sends them, and the key. */
  caller?: Caller;
  key?: string;
}

const notes = new WeakMap<HttpRequest, RequestNotes>();

export const notesOf = (request: HttpRequest): RequestNotes | undefined => notes.get(request);

/** Adds to what is known of a request. */
export function note(request: HttpRequest, more: RequestNotes): void {
  notes.set(request, { ...notes.get(request), ...more });
}
