/** What the records keep of a message without looking into it: the texts that consumers get back, as one text. */

import type { NewMessage, ReceivedMessage } from "./port.ts";

/** JSON of exactly these members. */
export type Envelope = Pick<
  ReceivedMessage,
  | "messageId"
  | "bodyMd5"
  | "attributes"
  | "attributesMd5"
  | "systemAttributes"
  | "senderId"
  | "groupId"
  | "deduplicationId"
>;

export function packEnvelope(message: NewMessage): string {
  const { messageId, bodyMd5, senderId, attributes, attributesMd5, systemAttributes, groupId, deduplicationId } =
    message;
  // Absent members take no part in JSON.
  const envelope: { [Member in keyof Envelope]: Envelope[Member] | undefined } = {
    messageId,
    bodyMd5,
    senderId,
    attributes,
    attributesMd5,
    systemAttributes,
    groupId,
    deduplicationId,
  };
  return JSON.stringify(envelope);
}

/** Of a text that `packEnvelope` made. */
export function unpackEnvelope(text: string): Envelope {
  return JSON.parse(text) as Envelope;
}
