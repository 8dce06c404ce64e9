/** The body of a request held against its description. */
import type { ValueShape } from "#foundation/api-parameters";
import type { PlannedMediaType, PlannedOperation } from "#foundation/gateway-artifact";
import type { Validator } from "#foundation/json-schema";
import { formValue, isJsonType } from "./forms.ts";
import { mediaTypeOf, rankOf } from "./media-types.ts";
import { readMultipart } from "./multipart.ts";
import { violationsOf } from "./parameter-checks.ts";
import type { ValidatorSet } from "./validator-set.ts";
import type { Violation } from "./violation.ts";

/** How a media type is looked into. Others pass as they are: the gateway cannot tell what is in them. */
type Reading = "json" | "form" | "multipart" | "text";

interface CheckedType {
  readonly planned: PlannedMediaType;
  readonly validator: (() => Validator) | undefined;
  readonly reading: Reading | undefined;
}

/** What is to be done about a body, by its head alone. */
export type BodyDemand =
  /** There is none, and there need not be. */
  | { readonly kind: "nothing" }
  /** It passes as it comes. */
  | { readonly kind: "stream" }
  | { readonly kind: "check"; readonly check: (bytes: Uint8Array) => readonly Violation[] }
  | { readonly kind: "violation"; readonly violation: Violation }
  | { readonly kind: "unsupported"; readonly allowed: readonly string[] };

const NOTHING: BodyDemand = { kind: "nothing" };
const STREAM: BodyDemand = { kind: "stream" };
const MISSING: Violation = { in: "body", pointer: "", message: "is required" };
const REQUIRED: BodyDemand = { kind: "violation", violation: MISSING };

export class BodyChecks {
  readonly #required: boolean;
  readonly #types: readonly CheckedType[] | undefined;
  readonly #known = new Map<string, CheckedType | undefined>();

  constructor(
    body: PlannedOperation["requestBody"],
    validators: ValidatorSet,
    direction: "request" | "response" = "request",
  ) {
    this.#required = body?.required ?? false;
    this.#types = body?.content.map((planned) => ({
      planned,
      validator: planned.schema && validators.lazily(planned.schema, direction),
      reading: planned.schema && readingOf(planned.type),
    }));
  }

  /** @param contentType the field's value. @param hasBody whether at least one octet comes, as far as the head says */
  demand(contentType: string | undefined, hasBody: boolean): BodyDemand {
    // A body that nobody describes is nobody's to judge.
    if (this.#types === undefined) return hasBody ? STREAM : NOTHING;
    if (!hasBody) return this.#required ? REQUIRED : NOTHING;
    const type = mediaTypeOf(contentType) ?? "application/octet-stream";
    const checked = this.#typeOf(type);
    if (checked === undefined) return { kind: "unsupported", allowed: this.#types.map(({ planned }) => planned.type) };
    const { validator } = checked;
    const reading = checked.reading ?? (checked.validator === undefined ? undefined : readingOf(type));
    if (validator === undefined || reading === undefined) return STREAM;
    return {
      kind: "check",
      check: (bytes) => this.#check(bytes, checked.planned, reading, validator(), contentType ?? ""),
    };
  }

  #check(
    bytes: Uint8Array,
    planned: PlannedMediaType,
    reading: Reading,
    validator: Validator,
    contentType: string,
  ): readonly Violation[] {
    if (bytes.length === 0) return this.#required ? [MISSING] : [];
    const read = readBody(bytes, reading, planned, contentType);
    if ("problem" in read) return [{ in: "body", pointer: "", message: read.problem }];
    return violationsOf(validator, read.value, "body");
  }

  #typeOf(type: string): CheckedType | undefined {
    if (this.#known.has(type)) return this.#known.get(type);
    const best = this.#types!.map((checked) => ({ checked, rank: rankOf(checked.planned.type, type) }))
      .filter(({ rank }) => rank > 0)
      .toSorted((left, right) => right.rank - left.rank)[0]?.checked;
    // Clients choose the names: no more are kept than any description has.
    if (this.#known.size < 100) this.#known.set(type, best);
    return best;
  }
}

function readingOf(type: string): Reading | undefined {
  if (isJsonType(type)) return "json";
  if (type === "application/x-www-form-urlencoded") return "form";
  if (type === "multipart/form-data") return "multipart";
  // A description that says `text/*` or text of any kind means the text itself.
  return type.startsWith("text/") ? "text" : undefined;
}

type Read = { readonly value: unknown } | { readonly problem: string };

const UTF8 = new TextDecoder("utf-8", { fatal: true });

function readBody(bytes: Uint8Array, reading: Reading, planned: PlannedMediaType, contentType: string): Read {
  if (reading === "multipart") return multipartValue(bytes, planned, contentType);
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return { problem: "is not UTF-8" };
  }
  if (reading === "text") return { value: text };
  return reading === "json" ? jsonValue(text) : formValue(text, planned);
}

function jsonValue(text: string): Read {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return { problem: "is not JSON" };
  }
}

function multipartValue(bytes: Uint8Array, { encoding = {}, shape }: PlannedMediaType, contentType: string): Read {
  const read = readMultipart(bytes, contentType);
  if ("problem" in read) return read;
  const value: Record<string, unknown> = Object.create(null);
  const known = shape?.kind === "object" ? shape.properties : {};
  for (const part of read.parts) {
    const memberShape = Object.hasOwn(known, part.name) ? known[part.name] : undefined;
    const isJson =
      isJsonType(part.type) || (isJsonType(encoding[part.name]?.contentType) && part.filename === undefined);
    const member = isJson ? jsonValue(part.bytes.toString("utf8")) : { value: scalarPart(part.bytes, memberShape) };
    if ("problem" in member) return { problem: `has a part ${JSON.stringify(part.name)} that ${member.problem}` };
    const before = value[part.name];
    if (memberShape?.kind === "array") {
      if (isJson && Array.isArray(member.value) && before === undefined) value[part.name] = member.value;
      else value[part.name] = [...((before as unknown[] | undefined) ?? []), member.value];
    } else if (before === undefined) value[part.name] = member.value;
    else return { problem: `has the part ${JSON.stringify(part.name)} more than once` };
  }
  return { value };
}

function scalarPart(bytes: Buffer, shape: ValueShape | undefined): unknown {
  const text = bytes.toString("utf8");
  const types = shape?.kind === "scalar" ? shape.types : shape?.kind === "array" ? shape.items : [];
  for (const type of types) {
    if ((type === "integer" || type === "number") && /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text))
      return Number(text);
    if (type === "boolean" && (text === "true" || text === "false")) return text === "true";
  }
  return text;
}
