/** Test support: whether two bodies say the same. */

import { parseXml, type XmlElement } from "../xml/parse-xml.ts";
import { canonicalLeaf } from "./case-values.ts";

/** Elements that carry request ids: the cases have others than we. */
const ignored: ReadonlySet<string> = new Set(["ResponseMetadata", "RequestId", "requestId", "RequestID"]);

/** An XML document as a tree of plain values: prefixes and white space gone, siblings grouped by name, leaves in one spelling. */
export function canonicalXml(text: string): unknown {
  const root = parseXml(text);
  return { [root.name]: canonicalElement(root) };
}

function canonicalElement(element: XmlElement): unknown {
  const attributes = element.attributes.filter(([name]) => !name.startsWith("xmlns"));
  if (element.children.length === 0 && attributes.length === 0) return canonicalLeaf(element.text);
  const groups: Record<string, unknown[]> = {};
  for (const child of element.children) {
    if (ignored.has(child.name)) continue;
    groups[child.name] = [...(groups[child.name] ?? []), canonicalElement(child)];
  }
  if (attributes.length > 0) groups["@"] = attributes.map(([name, value]) => `${name}=${value}`).sort();
  if (element.children.length === 0 && element.text.trim() !== "") groups["#"] = [canonicalLeaf(element.text)];
  return groups;
}

/** A JSON text as plain values, leaves in one spelling, nulls gone from objects. */
export function canonicalJson(text: string): unknown {
  return canonicalValue(text.trim() === "" ? {} : JSON.parse(text));
}

function canonicalValue(value: unknown): unknown {
  if (typeof value === "string") return canonicalLeaf(value);
  if (Array.isArray(value)) return value.map(canonicalValue);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, canonicalValue(item)]),
  );
}
