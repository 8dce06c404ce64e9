/** How the parts of a REST request become the members of an operation's input; made once per operation. */

import type { Member, OperationModel, StructureShape } from "../model/shapes.ts";
import { headerListReader, textReader } from "./header-values.ts";

export interface RestInputPlan {
  readonly labels: readonly { readonly name: string; readonly read: (text: string) => unknown }[];
  /** By lower-case header name. */
  readonly headers: Readonly<Record<string, HeaderReader | undefined>>;
  readonly prefixHeaders: readonly { readonly name: string; readonly lowerPrefix: string }[];
  readonly query: readonly QueryReader[];
  /** The member that takes every query parameter, those that other members have included (Smithy, httpQueryParams: servers). */
  readonly queryParams:
    | { readonly name: string; readonly lists: boolean; readonly literal: ReadonlySet<string> }
    | undefined;
  readonly payload: Member | undefined;
  /** Whether members travel in the body (beside no payload member). */
  readonly hasBody: boolean;
}

export interface HeaderReader {
  readonly members: readonly {
    readonly name: string;
    readonly lenient: boolean;
    readonly read: (text: string) => unknown;
  }[];
}

export interface QueryReader {
  readonly name: string;
  readonly wireName: string;
  readonly list: boolean;
  readonly emptyIsAbsent: boolean;
  readonly read: (text: string) => unknown;
}

const plans = new WeakMap<OperationModel, RestInputPlan>();

/** The plan of an operation; the same object every time. */
export function restInputPlan(operation: OperationModel): RestInputPlan {
  let plan = plans.get(operation);
  if (plan === undefined) {
    plan = buildPlan(operation);
    plans.set(operation, plan);
  }
  return plan;
}

function buildPlan(operation: OperationModel): RestInputPlan {
  const labels: RestInputPlan["labels"][number][] = [];
  const headers: Record<string, { members: HeaderReader["members"][number][] } | undefined> = Object.create(null);
  const prefixHeaders: RestInputPlan["prefixHeaders"][number][] = [];
  const query: QueryReader[] = [];
  let queryParams: Member | undefined;
  let payload: Member | undefined;
  let hasBody = false;
  for (const member of operation.input.members) {
    const { location, shape, name } = member;
    switch (location.in) {
      case "label":
        labels.push({ name, read: textReader(member, shape, "label") });
        break;
      case "header": {
        const reader = { name, lenient: isHttpDate(member), read: headerReader(member) };
        const known = headers[location.lowerName];
        if (known === undefined) headers[location.lowerName] = { members: [reader] };
        else known.members.push(reader);
        break;
      }
      case "prefixHeaders":
        prefixHeaders.push({ name, lowerPrefix: location.lowerPrefix });
        break;
      case "query": {
        const element = shape.kind === "list" ? shape.element.shape : shape;
        query.push({
          name,
          wireName: location.name,
          list: shape.kind === "list",
          emptyIsAbsent: element.kind !== "string" && element.kind !== "blob",
          read: textReader(member, element, "query"),
        });
        break;
      }
      case "queryParams":
        queryParams = member;
        break;
      case "payload":
        payload = member;
        break;
      default:
        hasBody = true;
    }
  }
  return {
    labels,
    headers,
    prefixHeaders,
    query,
    queryParams: queryParams && {
      name: queryParams.name,
      lists: queryParams.shape.kind === "map" && queryParams.shape.value.shape.kind === "list",
      literal: new Set(literalQueryNames(operation.uri)),
    },
    payload,
    hasBody,
  };
}

function headerReader(member: Member): (text: string) => unknown {
  return member.shape.kind === "list"
    ? headerListReader(member, member.shape)
    : textReader(member, member.shape, "header");
}

/** RFC 9110 section 13.1: a condition with an invalid date is ignored; `Expires` too may be anything. */
function isHttpDate(member: Member): boolean {
  if (member.shape.kind !== "timestamp") return false;
  const format = member.timestampFormat ?? member.shape.format;
  return format === "default" || format === "http-date";
}

/** Names of the literal query parameters in a path template. */
export function literalQueryNames(uri: string): readonly string[] {
  const question = uri.indexOf("?");
  if (question < 0) return [];
  return uri
    .slice(question + 1)
    .split("&")
    .map((pair) => pair.split("=", 1)[0] ?? "");
}

/** The part of a structure that travels in the body, as a structure of its own. Remembered, so that codecs compile it once. */
export function bodyPart(shape: StructureShape): StructureShape {
  let part = bodyParts.get(shape);
  if (part === undefined) {
    part = { ...shape, members: shape.members.filter((member) => member.location.in === "body") };
    bodyParts.set(shape, part);
  }
  return part;
}

const bodyParts = new WeakMap<StructureShape, StructureShape>();
