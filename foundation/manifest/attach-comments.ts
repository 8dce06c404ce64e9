/** Which comment goes with what: the thing that it follows on its line, or else the next thing. Pure. */
import type { Comments } from "./document.ts";

/** Something that comments may go with. */
export interface Anchor {
  /** Offsets in the text. */
  readonly range: readonly [start: number, end: number];
  readonly lines: readonly [first: number, last: number];
  readonly comments: Comments;
}

interface SourceComment {
  readonly value: string;
  readonly range: readonly [start: number, end: number];
  readonly loc: { readonly start: { readonly line: number } };
}

/** Gives comments to anchors and returns those that come after all anchors, with "" for the empty lines between blocks. */
export function attachComments(comments: readonly SourceComment[], anchors: readonly Anchor[]): readonly string[] {
  // Of two that start together the outer one is the one that is meant; of two that end together as well.
  const byStart = [...anchors].sort((left, right) => left.range[0] - right.range[0] || right.range[1] - left.range[1]);
  const byEnd = [...anchors].sort((left, right) => left.range[1] - right.range[1] || right.range[0] - left.range[0]);
  const end: string[] = [];
  let nextStart = 0;
  let nextEnd = 0;
  let block: { readonly target: string[]; lastLine: number; readonly anchor: Anchor | undefined } | undefined;
  const closeBlock = (): void => {
    if (block?.anchor !== undefined && block.anchor.lines[0] > block.lastLine + 1) block.target.push("");
    block = undefined;
  };
  for (const comment of comments) {
    const [start] = comment.range;
    const { line } = comment.loc.start;
    const text = tidy(comment.value);
    while (nextEnd < byEnd.length && byEnd[nextEnd]!.range[1] <= start) nextEnd++;
    while (nextStart < byStart.length && byStart[nextStart]!.range[0] < start) nextStart++;
    const before = byEnd[nextEnd - 1];
    const latest = byStart[nextStart - 1];
    // In `a = 1, b = [ # why` the comment is about what is in the brackets, not about what came before them.
    const opened = latest !== undefined && before !== undefined && latest.range[0] >= before.range[1];
    if (before !== undefined && before.lines[1] === line && !opened) {
      const { comments: own } = before;
      own.after = own.after === undefined ? text : `${own.after} ${text}`;
      continue;
    }
    const anchor = byStart[nextStart];
    const target = anchor?.comments.before ?? end;
    if (block?.target !== target) closeBlock();
    if (block !== undefined && line > block.lastLine + 1) target.push("");
    target.push(text);
    block = { target, lastLine: line, anchor };
  }
  closeBlock();
  return end;
}

/** `#x ` as `# x`; rulers (`####`) and shebangs stay. */
function tidy(value: string): string {
  const text = value.trimEnd();
  return `#${/^[^\s#!]/.test(text) ? ` ${text}` : text}`;
}
