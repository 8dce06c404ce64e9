/** Bodies as the engine keeps them: as they are, or sealed where the queue asks for encryption. A message stays as it was sent, wherever it moves. */
import type { NewMessage } from "../engine/port.ts";
import { readNotes, writeNotes } from "../rules/message-notes.ts";
import { md5Hex } from "../rules/message-text.ts";
import type { MessageCipher } from "./message-cipher.ts";

/** What is kept of a body and what goes with it. */
type Kept = Pick<NewMessage, "body" | "bodyMd5" | "systemAttributes">;

/** @param sealed whether the queue's messages are encrypted */
export function keepBody(
  cipher: MessageCipher,
  sealed: boolean,
  body: string,
  bodyMd5: string,
  traceHeader: string | undefined,
): Kept {
  const systemAttributes = writeNotes({ sealed, traceHeader });
  // The digest of a body that could be guessed would give it away.
  const kept = sealed ? { body: cipher.seal(body), bodyMd5: "" } : { body, bodyMd5 };
  return systemAttributes === undefined ? kept : { ...kept, systemAttributes };
}

export interface OpenedBody {
  readonly body: string;
  readonly bodyMd5: string;
  readonly traceHeader: string | undefined;
}

/** @throws SealedBodyUnreadable */
export function openBody(
  cipher: MessageCipher,
  kept: { readonly body: string; readonly bodyMd5: string; readonly systemAttributes?: string },
): OpenedBody {
  if (kept.systemAttributes === undefined) return { body: kept.body, bodyMd5: kept.bodyMd5, traceHeader: undefined };
  const { sealed, traceHeader } = readNotes(kept.systemAttributes);
  if (!sealed) return { body: kept.body, bodyMd5: kept.bodyMd5, traceHeader };
  const body = cipher.open(kept.body);
  return { body, bodyMd5: md5Hex(body), traceHeader };
}
