/** Fields that `Connection` names: they are for one hop (RFC 9110 §7.6.1). Pure. */

import { FIELD, type Fields } from "./fields.ts";
import { hasMember } from "./framing.ts";
import { equalsLower } from "./octets.ts";

/** Whether no `Connection` field names another field: the usual case. */
export function namesNothing(fields: Fields): boolean {
  for (let i = 0; i < fields.count; i++) {
    if (fields.id(i) !== FIELD.CONNECTION) continue;
    const from = fields.valueStart(i);
    const to = fields.valueEnd(i);
    if (!equalsLower(fields.bytes, from, to, "keep-alive") && !equalsLower(fields.bytes, from, to, "close"))
      return false;
  }
  return true;
}

/** Whether a `Connection` field names the field at a place. */
export function isNominated(fields: Fields, index: number): boolean {
  const name = fields.name(index).toLowerCase();
  for (let i = 0; i < fields.count; i++) {
    if (fields.id(i) !== FIELD.CONNECTION) continue;
    if (hasMember(fields.bytes, fields.valueStart(i), fields.valueEnd(i), name)) return true;
  }
  return false;
}
