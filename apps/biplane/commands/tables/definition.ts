/** From the options of `create` to the parameters of CreateTable. Pure. */
import type { Arguments } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import type { KeyElement, KeyType } from "./client.ts";

interface Attribute {
  readonly name: string;
  readonly type: KeyType;
}

const TYPES: Readonly<Record<string, KeyType>> = {
  S: "S",
  N: "N",
  B: "B",
  STRING: "S",
  NUMBER: "N",
  BINARY: "B",
};

const VIEW_TYPES = ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"];

/** @throws CodedError USAGE */
export function definitionOf(given: Arguments): object {
  const hashText = given.text("hash-key");
  if (hashText === undefined) {
    throw usageError("Which attribute is the key?", "Name it with --hash-key ATTRIBUTE, or give a whole --definition.");
  }
  const hash = attributeOf(hashText, "--hash-key");
  const rangeText = given.text("range-key");
  const range = rangeText === undefined ? [] : [attributeOf(rangeText, "--range-key")];
  const globals = indexesOf(given.text("global-index"), "--global-index", "NAME=HASH[,RANGE]");
  const locals = indexesOf(given.text("local-index"), "--local-index", "NAME=RANGE").map(({ name, attributes }) => ({
    name,
    attributes: [hash, ...attributes],
  }));
  const stream = given.text("stream")?.toUpperCase();
  if (stream !== undefined && !VIEW_TYPES.includes(stream)) {
    throw usageError(`--stream is one of ${VIEW_TYPES.join(", ")}, not "${stream}".`);
  }
  const all = [
    hash,
    ...range,
    ...globals.flatMap((index) => index.attributes),
    ...locals.flatMap((index) => index.attributes),
  ];
  return {
    AttributeDefinitions: definitionsOf(all),
    KeySchema: schemaOf([hash, ...range]),
    ...(globals.length === 0 ? {} : { GlobalSecondaryIndexes: globals.map(indexOf) }),
    ...(locals.length === 0 ? {} : { LocalSecondaryIndexes: locals.map(indexOf) }),
    ...(stream === undefined ? {} : { StreamSpecification: { StreamEnabled: true, StreamViewType: stream } }),
    ...(given.has("protect") ? { DeletionProtectionEnabled: true } : {}),
  };
}

/** `at:N` → at, a number. Strings need no type. */
function attributeOf(text: string, option: string): Attribute {
  const [, name, type = "S"] = /^(.+?)(?::([A-Za-z]+))?$/.exec(text.trim()) ?? [];
  const known = TYPES[type.toUpperCase()];
  if (name !== undefined && known !== undefined) return { name, type: known };
  throw usageError(
    `${option} is "${text}".`,
    "Write ATTRIBUTE or ATTRIBUTE:TYPE, where the type is S (string), N (number) or B (binary).",
  );
}

interface Index {
  readonly name: string;
  readonly attributes: readonly Attribute[];
}

/** `by-owner=owner,at:N; by-tag=tag` */
function indexesOf(text: string | undefined, option: string, form: string): readonly Index[] {
  const parts = (text ?? "").split(";").map((part) => part.trim());
  return parts
    .filter((part) => part !== "")
    .map((part) => {
      const [name, keys] = part.split("=", 2).map((one) => one.trim());
      if (name === undefined || name === "" || keys === undefined || keys === "") {
        throw usageError(`${option} is "${part}".`, `Write ${form}, and several with semicolons between them.`);
      }
      return { name, attributes: keys.split(",").map((key) => attributeOf(key, option)) };
    });
}

function indexOf({ name, attributes }: Index): object {
  return { IndexName: name, KeySchema: schemaOf(attributes), Projection: { ProjectionType: "ALL" } };
}

function schemaOf(attributes: readonly Attribute[]): readonly KeyElement[] {
  return attributes.map(({ name }, at) => ({ AttributeName: name, KeyType: at === 0 ? "HASH" : "RANGE" }));
}

/** Each attribute once, whichever keys it is in. */
function definitionsOf(attributes: readonly Attribute[]): readonly object[] {
  const types = new Map<string, KeyType>();
  for (const { name, type } of attributes) {
    if ((types.get(name) ?? type) !== type) throw usageError(`${name} has two types.`);
    types.set(name, type);
  }
  return [...types].map(([AttributeName, AttributeType]) => ({ AttributeName, AttributeType }));
}
