/** Which paths match the same requests, and which of them is meant. */
import type { MixedPart, PathTemplate, TemplateSegment } from "./path-template.ts";

/**
 * - `disjoint`: no request matches both
 * - `ordered`: one is narrower wherever they differ, and goes first
 * - `crossing`: each is narrower somewhere; the one that is narrower first, from the left, goes first
 * - `ambiguous`: two segments mix text and parameters, and neither is narrower
 */
export type Overlap = "disjoint" | "ordered" | "crossing" | "ambiguous";

export function overlapOf(left: PathTemplate, right: PathTemplate): Overlap {
  let narrower = false;
  let wider = false;
  let open = false;
  const length = Math.max(left.segments.length, right.segments.length);
  for (let index = 0; index < length; index++) {
    const a = left.segments[index];
    const b = right.segments[index];
    // What is left of one stands against a rest of the other, which takes at least one segment.
    if (a === undefined || b === undefined) return "disjoint";
    if (a.kind === "rest" || b.kind === "rest") {
      if (a.kind !== b.kind) {
        if (isEmptyText(a) || isEmptyText(b)) return "disjoint";
        if (a.kind === "rest") wider = true;
        else narrower = true;
      }
      break;
    }
    switch (relate(a, b)) {
      case "disjoint":
        return "disjoint";
      case "narrower":
        narrower = true;
        break;
      case "wider":
        wider = true;
        break;
      case "open":
        open = true;
        break;
      case "same":
        break;
    }
  }
  if (open) return "ambiguous";
  return narrower && wider ? "crossing" : "ordered";
}

/** Of a segment to another one. `open`: both match some texts, and neither matches all of the other's. */
export type Relation = "same" | "narrower" | "wider" | "open" | "disjoint";
export type OneSegment = Exclude<TemplateSegment, { kind: "rest" }>;

export const isEmptyText = (segment: TemplateSegment): boolean => segment.kind === "text" && segment.text === "";

export function relate(a: OneSegment, b: OneSegment): Relation {
  if (a.kind === "text" && b.kind === "text") return a.text === b.text ? "same" : "disjoint";
  if (a.kind === "text") return matches(a.text, b) ? "narrower" : "disjoint";
  if (b.kind === "text") return matches(b.text, a) ? "wider" : "disjoint";
  if (a.kind === "parameter") return b.kind === "parameter" ? "same" : "wider";
  if (b.kind === "parameter") return "narrower";
  return relateMixed(a.parts, b.parts);
}

/** Whether a segment can be this text. */
function matches(text: string, segment: OneSegment): boolean {
  if (segment.kind === "text") return segment.text === text;
  if (segment.kind === "parameter") return text !== "";
  return fitsParts(text, segment.parts);
}

function relateMixed(a: readonly MixedPart[], b: readonly MixedPart[]): Relation {
  if (shape(a) === shape(b)) return "same";
  const [startA, startB] = [a[0]?.text ?? "", b[0]?.text ?? ""];
  const [endA, endB] = [a.at(-1)?.text ?? "", b.at(-1)?.text ?? ""];
  if (!startA.startsWith(startB) && !startB.startsWith(startA)) return "disjoint";
  if (!endA.endsWith(endB) && !endB.endsWith(endA)) return "disjoint";
  const aInB = isOneParameter(b) && startA.startsWith(startB) && endA.endsWith(endB);
  const bInA = isOneParameter(a) && startB.startsWith(startA) && endB.endsWith(endA);
  return aInB ? "narrower" : bInA ? "wider" : "open";
}

/** Everything between its first and last text fits. */
const isOneParameter = (parts: readonly MixedPart[]): boolean =>
  parts.filter(({ name }) => name !== undefined).length === 1;

const shape = (parts: readonly MixedPart[]): string => JSON.stringify(parts.map(({ text }) => text ?? null));

/** Text is looked for from the left, the last one at the end: what there is at all is found so, without going back. */
function fitsParts(text: string, parts: readonly MixedPart[]): boolean {
  let at = 0;
  for (const [index, part] of parts.entries()) {
    if (part.text === undefined) {
      // At least one character; the text that follows says where it ends.
      if (++at > text.length) return false;
      continue;
    }
    const isLast = index === parts.length - 1;
    const found =
      index === 0
        ? text.startsWith(part.text)
          ? 0
          : -1
        : isLast
          ? lastPlace(text, part.text)
          : text.indexOf(part.text, at);
    if (found === -1 || found < at) return false;
    at = found + part.text.length;
  }
  return parts.at(-1)?.text === undefined || at === text.length;
}

const lastPlace = (text: string, end: string): number => (text.endsWith(end) ? text.length - end.length : -1);
