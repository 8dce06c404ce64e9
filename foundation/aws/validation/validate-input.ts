/**
 * Checks inputs against the model's required members and the published constraints.
 *
 * Decoding checks types only; what a service does with a violation differs (DynamoDB's and IAM's `ValidationException`/`ValidationError`,
 * S3's own codes), so this returns them, and `validationMessage` puts them into AWS's usual words.
 */

import type { ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape } from "../model/shapes.ts";
import { isRecord } from "../values/records.ts";
import type { ConstraintTable } from "./constraint-table.ts";
import { checkValue, type ValueCheck } from "./value-checks.ts";

export interface ConstraintViolation {
  readonly kind: "required" | "length" | "range" | "pattern" | "enum";
  /** As AWS names it: members with a small first letter, list elements as `member` with a number from 1: `tags.1.member.key`. */
  readonly path: string;
  /** `Value … at 'path' failed to satisfy constraint: …`, with the value shortened. */
  readonly message: string;
}

/** What is reported of one input at most, as at AWS: an input could break thousands. */
export const maxViolations = 10;

/**
 * All violations of an operation's input, at most `maxViolations`, in the order of the model.
 *
 * @example
 * const violations = validateInput(model, routed.operation, input);
 * if (violations.length > 0) throw new AwsError("ValidationException", validationMessage(violations));
 */
export function validateInput(
  service: ServiceModel,
  operation: OperationModel,
  input: Readonly<Record<string, unknown>>,
): readonly ConstraintViolation[] {
  let check = checks.get(operation);
  if (check === undefined) {
    check = compileInput(service, operation);
    checks.set(operation, check);
  }
  const found: ConstraintViolation[] = [];
  check(input, "", found);
  // One value may break several constraints, and so exceed the limit.
  return found.length > maxViolations ? found.slice(0, maxViolations) : found;
}

/** AWS's sentence for violations: `2 validation errors detected: …; …`. */
export function validationMessage(violations: readonly ConstraintViolation[]): string {
  const count = violations.length;
  return `${count} validation error${count === 1 ? "" : "s"} detected: ${violations.map(({ message }) => message).join("; ")}`;
}

type Check = (value: unknown, path: string, found: ConstraintViolation[]) => void;

const checks = new WeakMap<OperationModel, Check>();

/** Structures' checks per model: shared by the operations that use them. */
const structureChecks = new WeakMap<StructureShape, Check>();

function compileInput(service: ServiceModel, operation: OperationModel): Check {
  return compileStructure(operation.input, service.constraints());
}

function compileStructure(shape: StructureShape, table: ConstraintTable): Check {
  const known = structureChecks.get(shape);
  if (known !== undefined) return known;
  let members: readonly MemberCheck[] | undefined;
  const check: Check = (value, path, found) => {
    if (!isRecord(value)) return;
    // Compiled at first use: a structure may contain itself.
    members ??= compileMembers(shape, table);
    for (const member of members) {
      if (found.length >= maxViolations) return;
      const item = value[member.name];
      if (item !== undefined && item !== null) member.check?.(item, path + member.pathName, found);
      else if (member.required) found.push(missing(path + member.pathName));
    }
  };
  structureChecks.set(shape, check);
  return check;
}

interface MemberCheck {
  readonly name: string;
  readonly pathName: string;
  readonly required: boolean;
  readonly check: Check | undefined;
}

/** Members without anything to check are left out. */
function compileMembers(shape: StructureShape, table: ConstraintTable): readonly MemberCheck[] {
  const result: MemberCheck[] = [];
  for (const member of shape.members) {
    const check = compileShape(member.shape, shape.name, member.name, table);
    // Clients make tokens up; a request without one is legitimate.
    const required = member.required && member.idempotencyToken !== true;
    if (check !== undefined || required)
      result.push({ name: member.name, pathName: lowerFirst(member.name), required, check });
  }
  return result;
}

function compileShape(shape: Shape, structure: string, place: string, table: ConstraintTable): Check | undefined {
  const own = table.check(structure, place);
  const inner = compileInner(shape, structure, place, table);
  if (own === undefined) return inner;
  return (value, path, found) => {
    checkValue(own, value, path, found);
    inner?.(value, path, found);
  };
}

function compileInner(shape: Shape, structure: string, place: string, table: ConstraintTable): Check | undefined {
  switch (shape.kind) {
    case "structure":
    case "union": {
      if (!isConstrained(shape, table)) return undefined;
      const check = compileStructure(shape, table);
      return (value, path, found) => check(value, `${path}.`, found);
    }
    case "list":
      return compileList(shape, structure, place, table);
    case "map":
      return compileMap(shape, structure, place, table);
    default:
      return undefined;
  }
}

const constrained = new WeakMap<StructureShape, boolean>();

/** Whether anything within the structure can be violated. Attribute values of DynamoDB cannot: items then cost nothing here. */
function isConstrained(shape: StructureShape, table: ConstraintTable): boolean {
  const known = constrained.get(shape);
  if (known !== undefined) return known;
  const seen = new Set<StructureShape>();
  const open: StructureShape[] = [shape];
  const visit = (inner: Shape, structure: string, place: string): boolean => {
    if (table.check(structure, place) !== undefined) return true;
    switch (inner.kind) {
      case "structure":
      case "union":
        open.push(inner);
        return false;
      case "list":
        return visit(inner.element.shape, structure, `${place}[]`);
      case "map":
        return (
          table.check(structure, `${place}<key>`) !== undefined ||
          visit(inner.value.shape, structure, `${place}<value>`)
        );
      default:
        return false;
    }
  };
  let found = false;
  for (let next = open.pop(); next !== undefined && !found; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const member of next.members) {
      if (member.required || visit(member.shape, next.name, member.name)) found = true;
    }
  }
  constrained.set(shape, found);
  return found;
}

function compileList(shape: ListShape, structure: string, place: string, table: ConstraintTable): Check | undefined {
  const element = compileShape(shape.element.shape, structure, `${place}[]`, table);
  if (element === undefined) return undefined;
  return (value, path, found) => {
    if (!Array.isArray(value)) return;
    for (let index = 0; index < value.length && found.length < maxViolations; index++) {
      element(value[index], `${path}.${index + 1}.member`, found);
    }
  };
}

function compileMap(shape: MapShape, structure: string, place: string, table: ConstraintTable): Check | undefined {
  const key: ValueCheck | undefined = table.check(structure, `${place}<key>`);
  const item = compileShape(shape.value.shape, structure, `${place}<value>`, table);
  if (key === undefined && item === undefined) return undefined;
  return (value, path, found) => {
    if (!isRecord(value)) return;
    for (const name of Object.keys(value)) {
      if (found.length >= maxViolations) return;
      if (key !== undefined) checkValue(key, name, `${path}.key`, found);
      item?.(value[name], `${path}.${name.slice(0, maxPathName)}.member`, found);
    }
  };
}

/** What a path repeats of a client's map key, in characters. */
const maxPathName = 64;

function missing(path: string): ConstraintViolation {
  return {
    kind: "required",
    path,
    message: `Value null at '${path}' failed to satisfy constraint: Member must not be null`,
  };
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
