/** What modules see of responses, change in them, and answer themselves. */
import { CODE } from "../guest-fault.ts";
import type { Caller, HostFunctions } from "../module-services.ts";
import { FIELDS_CHANGED_MAX, isFieldName, isFieldValue } from "./field-rules.ts";
import { fieldFunctions } from "./fields-of.ts";

/** Interim responses are for the server to give; 101 changes the protocol. */
const isStatus = (status: number): boolean => status >= 200 && status <= 599;

export function responseFunctions(caller: Caller): HostFunctions {
  const headers = () => caller.call.response?.headers;
  const fields = fieldFunctions(caller, headers, headers);
  const body = (): Uint8Array | undefined => {
    const found = caller.call.response?.body;
    return found === null ? NOTHING : found instanceof Uint8Array ? found : undefined;
  };
  return {
    response_status: () => {
      caller.memory.charge();
      return caller.call.response?.status ?? CODE.notNow;
    },
    response_header: fields.header,
    response_headers: fields.headers,
    response_status_set(status: number) {
      caller.memory.charge();
      const { response } = caller.call;
      // What follows 101 is no response any more.
      if (response === undefined || response.upgraded !== undefined) return CODE.notNow;
      if (!isStatus(status)) return CODE.invalid;
      response.status = status;
      return CODE.ok;
    },
    response_header_set: fields.set,
    response_header_add: fields.add,
    response_header_delete: fields.remove,
    response_body_size: () => {
      caller.memory.charge();
      return body()?.length ?? CODE.notNow;
    },
    response_body_read(offset: number, pointer: number, capacity: number) {
      const bytes = body();
      return bytes === undefined ? CODE.notNow : caller.memory.putPart(bytes, offset, pointer, capacity);
    },
    response_body_set(pointer: number, length: number) {
      const { response } = caller.call;
      if (response === undefined || response.upgraded !== undefined || body() === undefined) return CODE.notNow;
      response.body = Buffer.from(caller.memory.octets(pointer, length));
      response.length = undefined;
      return CODE.ok;
    },
  };
}

const NOTHING = new Uint8Array();

export function answerFunctions(caller: Caller): HostFunctions {
  /** On the way back the answer is there: it is changed, and not given. */
  const isNow = (): boolean => caller.call.exchange !== undefined && caller.call.response === undefined;
  return {
    answer_status(status: number) {
      caller.memory.charge();
      if (!isNow()) return CODE.notNow;
      if (!isStatus(status)) return CODE.invalid;
      caller.call.answerStatus = status;
      return CODE.ok;
    },
    answer_header(name: number, nameLength: number, value: number, valueLength: number) {
      if (!isNow()) return CODE.notNow;
      const named = caller.memory.latin1(name, nameLength);
      const text = caller.memory.latin1(value, valueLength);
      if (!isFieldName(named) || !isFieldValue(text)) return CODE.invalid;
      const { answerFields } = caller.call;
      if (answerFields.length >= 2 * FIELDS_CHANGED_MAX) return CODE.noRoom;
      answerFields.push(named, text);
      return CODE.ok;
    },
    answer_body(pointer: number, length: number) {
      if (!isNow()) return CODE.notNow;
      caller.call.answerBody = Buffer.from(caller.memory.octets(pointer, length));
      return CODE.ok;
    },
  };
}
