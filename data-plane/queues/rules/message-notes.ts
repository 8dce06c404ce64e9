/** What the engine keeps beside a message's body that is this room's alone: whether the body is sealed, and the sender's X-Ray header. */

export interface MessageNotes {
  readonly sealed: boolean;
  readonly traceHeader: string | undefined;
}

const PLAIN = "T";
const SEALED = "S";

/** The usual message has nothing to note, and no text. */
export function writeNotes({ sealed, traceHeader }: MessageNotes): string | undefined {
  if (sealed) return SEALED + (traceHeader ?? "");
  return traceHeader === undefined ? undefined : PLAIN + traceHeader;
}

/** What {@link writeNotes} wrote. */
export function readNotes(text: string | undefined): MessageNotes {
  if (text === undefined) return NOTHING;
  return { sealed: text.startsWith(SEALED), traceHeader: text.length === 1 ? undefined : text.slice(1) };
}

const NOTHING: MessageNotes = Object.freeze({ sealed: false, traceHeader: undefined });
