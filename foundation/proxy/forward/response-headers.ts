/** The fields of an upstream's response that the client gets. Pure. */

import { FIELD, isNominated, NOT_COPIED, namesNothing, type ReceivedResponse } from "#foundation/http1";

/** Name and value pairs that may be changed. */
export type MutableHeaders = (readonly [name: string, value: string])[];

/** In their order; without what is for one hop alone, and without the length, which the server writes. */
export function responseHeaders({ fields }: ReceivedResponse): MutableHeaders {
  const { bytes, count } = fields;
  const headers: MutableHeaders = [];
  if (count === 0) return headers;
  const namesSome = !namesNothing(fields);
  // One text for all of them: a part of a text costs less than a part of the bytes.
  const start = fields.nameStart(0);
  const text = bytes.toString("latin1", start, fields.valueEnd(count - 1));
  for (let i = 0; i < count; i++) {
    const id = fields.id(i);
    if (id !== FIELD.HOST && ((NOT_COPIED >> id) & 1) === 1) continue;
    if (namesSome && isNominated(fields, i)) continue;
    const name = text.slice(fields.nameStart(i) - start, fields.nameEnd(i) - start);
    headers.push([name, text.slice(fields.valueStart(i) - start, fields.valueEnd(i) - start)]);
  }
  return headers;
}
