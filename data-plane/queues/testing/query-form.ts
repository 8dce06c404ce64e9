/** Inputs as the query protocol writes them (SQS Developer Guide, "Making Query API requests"), for tests. */
import { loadServiceModel } from "#foundation/aws";

/** Lists and maps of SQS are flattened under names of their own. */
const LIST_NAMES: Readonly<Record<string, string>> = {
  Actions: "ActionName",
  AttributeNames: "AttributeName",
  AWSAccountIds: "AWSAccountId",
  BinaryListValues: "BinaryListValue",
  MessageAttributeNames: "MessageAttributeName",
  MessageSystemAttributeNames: "AttributeName",
  StringListValues: "StringListValue",
  TagKeys: "TagKey",
};

const MAP_NAMES: Readonly<Record<string, readonly [name: string, key: string]>> = {
  Attributes: ["Attribute", "Name"],
  MessageAttributes: ["MessageAttribute", "Name"],
  MessageSystemAttributes: ["MessageSystemAttribute", "Name"],
  Tags: ["Tag", "Key"],
  tags: ["Tag", "Key"],
};

type Parameters = Record<string, string>;

/** Parameters of one call, without `Action`. */
export function queryForm(operation: string, input: object): Parameters {
  const form: Parameters = {};
  write(form, operation, "", input);
  return form;
}

function write(form: Parameters, operation: string, prefix: string, input: object): void {
  for (const [name, value] of Object.entries(input)) {
    const map = MAP_NAMES[name];
    if (Array.isArray(value)) {
      const listName = name === "Entries" ? `${operation}RequestEntry` : LIST_NAMES[name];
      value.forEach((item: unknown, at) => {
        member(form, operation, `${prefix}${listName}.${at + 1}`, item);
      });
    } else if (map !== undefined) {
      Object.entries(value as object).forEach(([key, item], at) => {
        form[`${prefix}${map[0]}.${at + 1}.${map[1]}`] = key;
        member(form, operation, `${prefix}${map[0]}.${at + 1}.Value`, item);
      });
    } else member(form, operation, prefix + name, value);
  }
}

function member(form: Parameters, operation: string, name: string, value: unknown): void {
  if (value instanceof Uint8Array) form[name] = Buffer.from(value).toString("base64");
  else if (typeof value === "object" && value !== null) write(form, operation, `${name}.`, value);
  else form[name] = String(value);
}

const model = await loadServiceModel("sqs");

const COMMON: Readonly<Record<string, string>> = {
  InvalidParameterValue: "InvalidParameterValueException",
  MissingParameter: "MissingRequiredParameterException",
  AccessDenied: "AccessDeniedException",
};

/** `__type` of an error whose code in the query protocol is known. */
export function jsonType(queryCode: string): string {
  const modelled = model.error(queryCode);
  if (modelled !== undefined) return `com.amazonaws.sqs#${modelled.name}`;
  return `com.amazon.coral.service#${COMMON[queryCode] ?? queryCode}`;
}
