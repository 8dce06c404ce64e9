/** How an operation's output becomes headers, status and body of a REST answer; made once per operation. */

import type { Member, OperationModel } from "../model/shapes.ts";
import { headerListWriter, textWriter } from "./header-values.ts";

export interface RestOutputPlan {
  /** By member name. */
  readonly headers: Readonly<Record<string, HeaderWriter | undefined>>;
  readonly prefixHeaders: Readonly<Record<string, { readonly prefix: string } | undefined>>;
  readonly statusMember: string | undefined;
  readonly payload: Member | undefined;
  readonly hasBody: boolean;
  /** A header member that holds the body's length. */
  readonly lengthMember: string | undefined;
}

export interface HeaderWriter {
  readonly name: string;
  readonly write: (value: unknown) => string;
}

const plans = new WeakMap<OperationModel["output"], RestOutputPlan>();

/** The plan of an output (or an error's) structure; the same object every time. */
export function restOutputPlan(shape: OperationModel["output"]): RestOutputPlan {
  let plan = plans.get(shape);
  if (plan === undefined) {
    plan = buildPlan(shape);
    plans.set(shape, plan);
  }
  return plan;
}

function buildPlan(shape: OperationModel["output"]): RestOutputPlan {
  const headers: Record<string, HeaderWriter | undefined> = Object.create(null);
  const prefixHeaders: Record<string, { readonly prefix: string } | undefined> = Object.create(null);
  let statusMember: string | undefined;
  let payload: Member | undefined;
  let hasBody = false;
  let lengthMember: string | undefined;
  for (const member of shape.members) {
    const { location } = member;
    switch (location.in) {
      case "header":
        if (location.lowerName === "content-length") lengthMember = member.name;
        else headers[member.name] = { name: location.name, write: headerWriter(member) };
        break;
      case "prefixHeaders":
        prefixHeaders[member.name] = { prefix: location.prefix };
        break;
      case "statusCode":
        statusMember = member.name;
        break;
      case "payload":
        payload = member;
        break;
      default:
        hasBody = true;
    }
  }
  return { headers, prefixHeaders, statusMember, payload, hasBody, lengthMember };
}

function headerWriter(member: Member): (value: unknown) => string {
  return member.shape.kind === "list" ? headerListWriter(member.shape) : textWriter(member, member.shape, "header");
}
