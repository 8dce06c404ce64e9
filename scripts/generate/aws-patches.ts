/** Where the SDK's schemas describe the client's view and a server needs another one. */

import type { RawModel, RawShape, RawStructure, RawUse } from "#foundation/aws/model";
import type { ServiceSource } from "./aws-services.ts";

/** Applies the corrections that a service needs. */
export function patchModel(source: ServiceSource, model: RawModel): RawModel {
  const typed = source.fractions === undefined ? model : withIntegers(model, new Set(source.fractions));
  switch (source.service) {
    case "s3":
      return patchS3(typed);
    case "dynamodb":
    case "dynamodb-streams":
      return withNullsKept(withOpaqueValues(typed));
    default:
      return typed;
  }
}

/**
 * Items are stored, compared and answered in the form in which they travel: binary attribute values stay base64 text, so that an item needs no
 * copy on its way in and none on its way out. What is in them is for the tables to look at, which they do with every value.
 */
function withOpaqueValues(model: RawModel): RawModel {
  const value = model.shapes.AttributeValue;
  if (value?.kind !== "union") throw new Error("attribute values are no union any more");
  return {
    ...model,
    shapes: {
      ...model.shapes,
      AttributeValue: { ...value, opaque: 1, members: { ...value.members, B: "$E", BS: "$[E" } },
    },
  };
}

/** What attribute values are parts of: in lists and maps of these a null is a mistake that DynamoDB complains of, not an absent entry. */
const VALUES: ReadonlySet<string> = new Set([
  "AttributeValue",
  "AttributeValueUpdate",
  "ExpectedAttributeValue",
  "Condition",
]);

function withNullsKept(model: RawModel): RawModel {
  const shapes: Record<string, RawShape> = {};
  for (const [name, shape] of Object.entries(model.shapes)) {
    const use = shape.kind === "list" ? shape.element : shape.kind === "map" ? shape.value : undefined;
    const holdsValues = use !== undefined && VALUES.has(typeof use === "string" ? use : use[0]);
    shapes[name] = holdsValues && (shape.kind === "list" || shape.kind === "map") ? { ...shape, sparse: 1 } : shape;
  }
  return { ...model, shapes };
}

/**
 * S3 keeps `Expires` as free text and gives it back as it came; the SDK adds `ExpiresString` beside the parsed date, bound to a header that
 * does not exist. Here both read and write the header `Expires`, in requests too. GetBucketLocation has no element around its only member.
 */
function patchS3(model: RawModel): RawModel {
  const shapes: Record<string, RawShape> = {};
  for (const [name, shape] of Object.entries(model.shapes)) {
    const expires = shape.kind === "structure" && headerOf(shape.members.Expires) === "Expires";
    shapes[name] = expires ? withExpiresText(shape) : shape;
  }
  const location = model.operations.GetBucketLocation;
  if (location === undefined) throw new Error("S3 has no GetBucketLocation any more");
  return {
    ...model,
    shapes,
    operations: { ...model.operations, GetBucketLocation: { ...location, unwrapped: 1 } },
  };
}

function withExpiresText(shape: RawStructure): RawStructure {
  const members: Record<string, RawUse> = {};
  for (const [name, use] of Object.entries(shape.members)) {
    if (name === "ExpiresString") continue;
    members[name] = use;
    if (name === "Expires") members.ExpiresString = ["$s", { header: "Expires" }];
  }
  return { ...shape, members };
}

function headerOf(use: RawUse | undefined): string | undefined {
  return Array.isArray(use) ? use[1].header : undefined;
}

/** Turns every number that is not listed as a fraction into an integer. */
function withIntegers(model: RawModel, fractions: ReadonlySet<string>): RawModel {
  const shapes: Record<string, RawShape> = {};
  const integer = (use: RawUse, fraction: boolean): RawUse => {
    const number = fraction ? "f" : "i";
    const swap = (reference: string): string =>
      /^\$[[{]?n$/.test(reference) ? reference.slice(0, -1) + number : reference;
    return typeof use === "string" ? swap(use) : [swap(use[0]), use[1]];
  };
  for (const [name, shape] of Object.entries(model.shapes)) {
    if (shape.kind === "list") {
      shapes[name] = { ...shape, element: integer(shape.element, false) };
    } else if (shape.kind === "map") {
      shapes[name] = { ...shape, value: integer(shape.value, false) };
    } else if (shape.kind === "simple") {
      shapes[name] = { ...shape, type: String(integer(shape.type, false)) };
    } else {
      const members = Object.entries(shape.members).map(
        ([member, use]) => [member, integer(use, fractions.has(`${name}.${member}`))] as const,
      );
      shapes[name] = { ...shape, members: Object.fromEntries(members) };
    }
  }
  return { ...model, shapes };
}
