/** Which attributes a read returns, in whichever way the request states it. */
import {
  Bindings,
  compileProjection,
  lowerAttributesToGet,
  type Projection,
  project,
} from "#data-plane/tables/expressions";
import { jsonText } from "#foundation/aws";
import type { StoredItem } from "../../engine/port.ts";

export interface ProjectionInput {
  readonly ProjectionExpression?: string;
  readonly AttributesToGet?: readonly string[];
  readonly ExpressionAttributeNames?: { readonly [name: string]: string };
}

/**
 * The projection of a request without other expressions; undefined for whole items.
 * @throws TableValidation
 */
export function projectionOf(input: ProjectionInput): Projection | undefined {
  if (input.ProjectionExpression === undefined) {
    return input.AttributesToGet === undefined ? undefined : lowerAttributesToGet(input.AttributesToGet);
  }
  const bindings = new Bindings(input.ExpressionAttributeNames);
  const projection = compileProjection(input.ProjectionExpression, bindings);
  bindings.assertAllUsed();
  return projection;
}

/** An item as it goes into an answer: its stored text as it is, or that of what the projection keeps of it. */
export function returnedItem<Member>(stored: StoredItem, projection: Projection | undefined): Member {
  return jsonText<Member>(projection === undefined ? stored.text : JSON.stringify(project(projection, stored.parse())));
}
