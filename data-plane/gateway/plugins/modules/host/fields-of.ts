/** Functions about the fields of one message, the same for requests and responses. */
import type { HeaderFields } from "../../../message/header-fields.ts";
import { CODE } from "../guest-fault.ts";
import type { Caller } from "../module-services.ts";
import { FIELDS_CHANGED_MAX, isFieldName, isFieldValue } from "./field-rules.ts";

export interface FieldFunctions {
  readonly header: (name: number, nameLength: number, index: number, pointer: number, capacity: number) => number;
  readonly headers: (pointer: number, capacity: number) => number;
  readonly set: (name: number, nameLength: number, value: number, valueLength: number) => number;
  readonly add: (name: number, nameLength: number, value: number, valueLength: number) => number;
  readonly remove: (name: number, nameLength: number) => number;
}

/**
 * @param fieldsOf the fields; undefined when there is no such message now
 * @param changeable the same, to be changed
 */
export function fieldFunctions(
  caller: Caller,
  fieldsOf: () => HeaderFields | undefined,
  changeable: () => HeaderFields | undefined,
): FieldFunctions {
  const write =
    (put: (fields: HeaderFields, name: string, value: string) => void): FieldFunctions["set"] =>
    (name, nameLength, value, valueLength) => {
      const fields = changeable();
      if (fields === undefined) return CODE.notNow;
      const named = caller.memory.latin1(name, nameLength);
      const text = caller.memory.latin1(value, valueLength);
      if (!isFieldName(named) || !isFieldValue(text)) return CODE.invalid;
      if (++caller.call.fieldsChanged > FIELDS_CHANGED_MAX) return CODE.noRoom;
      put(fields, named, text);
      return CODE.ok;
    };
  return {
    header(name, nameLength, index, pointer, capacity) {
      const fields = fieldsOf();
      if (fields === undefined) return CODE.notNow;
      const value = fields.all(caller.memory.latin1(name, nameLength).toLowerCase())[index >>> 0];
      return value === undefined ? CODE.notThere : caller.memory.putLatin1(value, pointer, capacity);
    },
    headers(pointer, capacity) {
      const fields = fieldsOf();
      if (fields === undefined) return CODE.notNow;
      const raw = fields.toRaw();
      let text = "";
      for (let i = 0; i < raw.length; i += 2) text += `${raw[i]!.toLowerCase()}: ${raw[i + 1]!}\n`;
      return caller.memory.putLatin1(text, pointer, capacity);
    },
    set: write((fields, name, value) => fields.set(name, value)),
    add: write((fields, name, value) => fields.append(name, value)),
    remove(name, nameLength) {
      const fields = changeable();
      if (fields === undefined) return CODE.notNow;
      const named = caller.memory.latin1(name, nameLength).toLowerCase();
      if (!isFieldName(named)) return CODE.invalid;
      fields.delete(named);
      return CODE.ok;
    },
  };
}
