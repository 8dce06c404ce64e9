/** Fields that are sent, as HTTP/2 has them (RFC 9113 §8.2, §8.3.2). Pure. */
import {
  type AnswerHead,
  assertField,
  isNominated,
  NOT_COPIED,
  namesNothing,
  type ReceivedFields,
} from "#foundation/http1";

export type OnField = (name: string, value: string) => void;

/** Said by frames, or by nobody. */
const NOT_SAID = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

/** @throws UnsafeMessage before anything is told */
export function checkFields({ fields, prepared }: Pick<AnswerHead, "fields" | "prepared">): void {
  for (const raw of [fields, prepared?.raw]) {
    if (raw === undefined) continue;
    for (let i = 0; i < raw.length; i += 2) if (!NOT_SAID.has(raw[i]!.toLowerCase())) assertField(raw[i]!, raw[i + 1]!);
  }
}

/** @returns whether there is a date among them */
export function tellAnswerFields({ received, fields, prepared }: AnswerHead, tell: OnField): boolean {
  let hasDate = received === undefined ? false : tellReceived(received, tell);
  for (const raw of [fields, prepared?.raw]) if (raw !== undefined && tellRaw(raw, tell)) hasDate = true;
  return hasDate;
}

/** @returns whether there is a date among them */
export function tellRaw(raw: readonly string[], tell: OnField): boolean {
  let hasDate = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!.toLowerCase();
    if (NOT_SAID.has(name)) continue;
    hasDate ||= name === "date";
    tell(name, raw[i + 1]!);
  }
  return hasDate;
}

export function tellReceived({ fields, not = NOT_COPIED, isDropped }: ReceivedFields, tell: OnField): boolean {
  const nominates = !namesNothing(fields);
  let hasDate = false;
  for (let i = 0; i < fields.count; i++) {
    if (((not >> fields.id(i)) & 1) === 1 || isDropped?.(fields, i)) continue;
    if (nominates && isNominated(fields, i)) continue;
    const name = fields.name(i).toLowerCase();
    hasDate ||= name === "date";
    tell(name, fields.value(i));
  }
  return hasDate;
}
