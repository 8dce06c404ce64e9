/** Messages as the records answer them, made into messages of the port. */

import type { TextReader } from "./courier/letter.ts";
import { unpackEnvelope } from "./envelope.ts";
import type { PeekedMessage, ReceivedMessage } from "./port.ts";
import type { PackedPeek, PackedReceipt } from "./records/commands.ts";

export function receivedMessage(packed: PackedReceipt, texts: TextReader): ReceivedMessage {
  const envelope = unpackEnvelope(texts.take(packed.envelope));
  return {
    ...envelope,
    receiptHandle: packed.handle,
    body: texts.take(packed.body),
    sentAt: packed.sentAt,
    receiveCount: packed.receives,
    firstReceivedAt: packed.firstAt,
    ...(packed.sequenceNumber === undefined ? {} : { sequenceNumber: packed.sequenceNumber }),
    ...(packed.origin === undefined ? {} : { deadLetterSource: packed.origin }),
  };
}

export function peekedMessage(packed: PackedPeek, texts: TextReader): PeekedMessage {
  const envelope = unpackEnvelope(texts.take(packed.envelope));
  return {
    ...envelope,
    body: texts.take(packed.body),
    sentAt: packed.sentAt,
    receiveCount: packed.receives,
    state: packed.state,
    ...(packed.firstAt === undefined ? {} : { firstReceivedAt: packed.firstAt }),
    ...(packed.visibleAt === undefined ? {} : { visibleAt: packed.visibleAt }),
    ...(packed.sequenceNumber === undefined ? {} : { sequenceNumber: packed.sequenceNumber }),
    ...(packed.origin === undefined ? {} : { deadLetterSource: packed.origin }),
  };
}
