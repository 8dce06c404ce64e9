/** What is published, and how it is written (NATS client protocol; headers as in ADR-4). Pure. */

export interface NatsMessage {
  /** See {@link isSubject}. */
  readonly subject: string;
  /** Names as {@link isHeaderName} has them; values without CR and LF. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly payload: Uint8Array;
}

/** What a stream says of a message that it has stored (ADR-1, `PubAck`). */
export interface StreamAck {
  readonly stream: string;
  readonly sequence: number;
  /** Whether it had one with the same `Nats-Msg-Id` already. */
  readonly isDuplicate: boolean;
}

/** The line with it must fit into 4,096 octets, which is the usual `max_control_line` of servers. */
const SUBJECT_MAX = 1_024;
/** What separates, means more than one, or is no printable sign. */
const NO_TOKEN = /[\u0000-\u0020\u007f.*>]/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Whether messages can be published to it: tokens with dots between them, none empty, no wildcards. */
export function isSubject(text: string): boolean {
  return (
    Buffer.byteLength(text) <= SUBJECT_MAX && text.split(".").every((token) => token !== "" && !NO_TOKEN.test(token))
  );
}

export const isHeaderName = (text: string): boolean => HEADER_NAME.test(text);

/**
 * @param reply where a stream confirms it
 * @throws TypeError for what would be read as something else
 */
export function written(
  { subject, headers = [], payload }: NatsMessage,
  reply: string | undefined,
): readonly Uint8Array[] {
  if (!isSubject(subject)) throw new TypeError(`${JSON.stringify(subject)} is no subject of a message`);
  const to = reply === undefined ? subject : `${subject} ${reply}`;
  if (headers.length === 0) return [Buffer.from(`PUB ${to} ${payload.length}\r\n`), payload, END];
  for (const [name, value] of headers) {
    if (!isHeaderName(name) || /[\r\n]/.test(value))
      throw new TypeError(`the header ${JSON.stringify(name)} cannot be written`);
  }
  const head = Buffer.from(`NATS/1.0\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
  return [Buffer.from(`HPUB ${to} ${head.length} ${head.length + payload.length}\r\n`), head, payload, END];
}

/** Each message is followed by a question, whose answer says that it was taken: errors come before it. */
const END = Buffer.from("\r\nPING\r\n");

/** In octets, as a server counts it against its `max_payload`: headers and payload. */
export function sizeOf({ headers = [], payload }: NatsMessage): number {
  if (headers.length === 0) return payload.length;
  let size = "NATS/1.0\r\n\r\n".length + payload.length;
  for (const [name, value] of headers) size += Buffer.byteLength(name) + Buffer.byteLength(value) + 4;
  return size;
}
