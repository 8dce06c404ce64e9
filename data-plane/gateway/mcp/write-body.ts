/** The argument that is a body, as the octets of a request. Pure but for the boundary of parts. */
import type { PlannedMediaType } from "#foundation/gateway-artifact";
import { isJsonType } from "../validation/forms.ts";
import { queryPairs, Unwritable } from "./write-parameter.ts";

export interface WrittenBody {
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** @param boundary in no part: random. @throws Unwritable */
export function writtenBody(planned: PlannedMediaType, value: unknown, boundary: string): WrittenBody {
  const { type } = planned;
  if (isJsonType(type)) return { contentType: type, bytes: Buffer.from(JSON.stringify(value)) };
  if (type === "application/x-www-form-urlencoded") {
    return { contentType: type, bytes: Buffer.from(formText(planned, objectOf(value))) };
  }
  if (type === "multipart/form-data") {
    return {
      contentType: `${type}; boundary=${boundary}`,
      bytes: Buffer.from(partsText(planned, objectOf(value), boundary)),
    };
  }
  if (typeof value !== "string") throw new Unwritable("must be text");
  if (type.startsWith("text/") && type !== "text/*") {
    return { contentType: `${type}; charset=utf-8`, bytes: Buffer.from(value) };
  }
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
    throw new Unwritable("must be base64");
  const bytes = Buffer.from(value, "base64");
  return { contentType: type.includes("*") ? "application/octet-stream" : type, bytes };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Unwritable("must be an object");
}

/** Each member as its encoding says; by default as a query parameter of style `form`. */
function formText({ encoding = {}, shape }: PlannedMediaType, members: Readonly<Record<string, unknown>>): string {
  const known = shape?.kind === "object" ? shape.properties : {};
  const pairs = Object.entries(members).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const said = Object.hasOwn(encoding, name) ? encoding[name] : undefined;
    const isJson = said?.style === undefined && isJsonType(said?.contentType);
    return queryPairs(
      {
        name,
        style: said?.style ?? "form",
        explode: said?.explode ?? true,
        isJson,
        shape: Object.hasOwn(known, name) ? known[name]! : shapeOf(value),
      },
      value,
    );
  });
  return pairs.map(([name, value]) => `${name}=${value}`).join("&");
}

function shapeOf(value: unknown): PlannedMediaType["shape"] & object {
  if (Array.isArray(value)) return { kind: "array", items: [] };
  return typeof value === "object" && value !== null
    ? { kind: "object", properties: {}, others: { kind: "scalar", types: [] } }
    : { kind: "scalar", types: [] };
}

/** RFC 7578: lists are parts of one name, objects are JSON. */
function partsText(
  { encoding = {} }: PlannedMediaType,
  members: Readonly<Record<string, unknown>>,
  boundary: string,
): string {
  const parts = Object.entries(members).flatMap(([name, value]) => {
    const said = Object.hasOwn(encoding, name) ? encoding[name]?.contentType : undefined;
    const isWhole = isJsonType(said);
    return (Array.isArray(value) && !isWhole ? value : [value]).map((one: unknown) => {
      const isJson = isWhole || (typeof one === "object" && one !== null);
      const type = isJson ? `Content-Type: ${isWhole ? said : "application/json"}\r\n` : "";
      const quoted = name.replace(/["\r\n]/g, (sign) => encodeURIComponent(sign));
      const text = isJson ? JSON.stringify(one) : String(one);
      return `--${boundary}\r\nContent-Disposition: form-data; name="${quoted}"\r\n${type}\r\n${text}\r\n`;
    });
  });
  return `${parts.join("")}--${boundary}--\r\n`;
}
