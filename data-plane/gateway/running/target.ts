/** The target of a request, taken apart. Pure. */

export interface SplitTarget {
  /** As it was sent, with its slash. */
  readonly path: string;
  /** Without question mark. */
  readonly query: string;
  /** Whether a segment is `.` or `..` in some spelling: servers do not agree on what that means, and rules for paths could be walked around. */
  readonly isAmbiguous: boolean;
}

const DOTS = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\]|$)/i;
const HIDDEN_DOTS = /(?:^|%2f|%5c|[/\\])(?:\.|%2e){2}(?:%2f|%5c|[/\\]|$)/i;

/** @param target in origin form, or absolute: then what stands before the path is left out */
export function splitTarget(target: string): SplitTarget {
  let start = 0;
  if (target.charCodeAt(0) !== 0x2f) {
    const authority = target.indexOf("://");
    start = target.indexOf("/", authority + 3);
    const mark = target.indexOf("?", authority + 3);
    if (start === -1 || (mark !== -1 && mark < start)) {
      return { path: "/", query: mark === -1 ? "" : target.slice(mark + 1), isAmbiguous: false };
    }
  }
  const mark = target.indexOf("?", start);
  const path = mark === -1 ? target.slice(start) : target.slice(start, mark);
  const query = mark === -1 ? "" : target.slice(mark + 1);
  const mayHaveDots = path.includes("/.") || path.includes("%") || path.includes("\\");
  return { path, query, isAmbiguous: mayHaveDots && (DOTS.test(path) || HIDDEN_DOTS.test(path)) };
}
