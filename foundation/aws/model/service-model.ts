/** Makes a `ServiceModel` of the committed form. Shapes are built when an operation or error is first asked for, then kept. */

import { type ConstraintTable, noConstraints } from "../validation/constraint-table.ts";
import type { RawList, RawMap, RawModel, RawOperation, RawStructure, RawTraits, RawUse } from "./raw-model.ts";
import type {
  ErrorModel,
  Member,
  MemberLocation,
  OperationModel,
  ServiceModel,
  Shape,
  StructureShape,
  XmlNamespace,
} from "./shapes.ts";
import { simpleShape } from "./simple-shapes.ts";

/** Builds a model. Throws on a raw model that refers to a shape which it does not have: that is a defect of the generator, not of a request. */
export function createServiceModel(
  raw: RawModel,
  readConstraints: () => ConstraintTable = () => noConstraints,
): ServiceModel {
  let constraints: ConstraintTable | undefined;
  const shapes = new Map<string, Shape>();
  const operations = new Map<string, OperationModel>();
  const errors = new Map<string, ErrorModel>();
  const errorNames: string[] = [];
  const errorNameByQueryCode = new Map<string, string>();
  for (const [name, shape] of Object.entries(raw.shapes)) {
    if (!isStructure(shape) || shape.error === undefined) continue;
    errorNames.push(name);
    // Several errors may share a query code; the first one stands for it.
    const code = shape.error.query?.[0];
    if (code !== undefined && !errorNameByQueryCode.has(code)) errorNameByQueryCode.set(code, name);
  }

  const shapeOf = (reference: string): Shape => {
    const known = shapes.get(reference);
    if (known !== undefined) return known;
    return reference.startsWith("$") ? anonymousShape(reference) : namedShape(reference);
  };

  const anonymousShape = (reference: string): Shape => {
    const collection = reference.charAt(1);
    let shape: Shape;
    if (collection === "[") {
      const element = plainMember("member", shapeOf(`$${reference.slice(2)}`));
      shape = { kind: "list", name: reference, element, sparse: false, flattened: false };
    } else if (collection === "{") {
      const key = plainMember("key", shapeOf("$s"));
      const value = plainMember("value", shapeOf(`$${reference.slice(2)}`));
      shape = { kind: "map", name: reference, key, value, sparse: false, flattened: false };
    } else {
      shape = simpleShape(reference, reference);
    }
    shapes.set(reference, shape);
    return shape;
  };

  const namedShape = (name: string): Shape => {
    const source = raw.shapes[name];
    if (source === undefined) throw new Error(`the model of ${raw.service} has no shape ${name}`);
    if (source.kind === "simple") {
      const shape = simpleShape(name, source.type, source);
      shapes.set(name, shape);
      return shape;
    }
    if (source.kind === "list") {
      // Registered before its element is known: shapes may contain themselves.
      const shape = { kind: source.kind, name, element: unknownMember, ...flagsOf(source) };
      shapes.set(name, shape);
      shape.element = memberOf("member", source.element, false);
      return shape;
    }
    if (source.kind === "map") {
      const shape = { kind: source.kind, name, key: unknownMember, value: unknownMember, ...flagsOf(source) };
      shapes.set(name, shape);
      shape.key = memberOf("key", source.key, false);
      shape.value = memberOf("value", source.value, false);
      return shape;
    }
    const members: Member[] = [];
    const shape: StructureShape = {
      kind: source.kind,
      name,
      members,
      ...(source.xmlName !== undefined && { xmlName: source.xmlName }),
      ...(source.xmlNamespace !== undefined && { xmlNamespace: namespaceOf(source.xmlNamespace) }),
      eventStream: source.eventStream === 1,
      ...(source.opaque === 1 && { opaque: true }),
      ...(source.error !== undefined && {
        error: {
          fault: source.error.fault,
          ...(source.error.status !== undefined && { statusCode: source.error.status }),
          ...(source.error.query !== undefined && {
            queryCode: source.error.query[0],
            queryStatusCode: source.error.query[1],
          }),
        },
      }),
    };
    shapes.set(name, shape);
    const required = source.required ?? 0;
    for (const [member, use] of Object.entries(source.members)) {
      members.push(memberOf(member, use, members.length < required));
    }
    return shape;
  };

  const memberOf = (name: string, use: RawUse, required: boolean): Member => {
    if (typeof use === "string") return { name, shape: shapeOf(use), required, location: inBody };
    const traits = use[1];
    return {
      name,
      shape: shapeOf(use[0]),
      required,
      location: locationOf(traits),
      ...(traits.jsonName !== undefined && { jsonName: traits.jsonName }),
      ...(traits.xmlName !== undefined && { xmlName: traits.xmlName }),
      ...(traits.xmlNamespace !== undefined && { xmlNamespace: namespaceOf(traits.xmlNamespace) }),
      ...(traits.attribute === 1 && { xmlAttribute: true }),
      ...(traits.flat === 1 && { flattened: true }),
      ...(traits.ec2Name !== undefined && { ec2QueryName: traits.ec2Name }),
      ...(traits.token === 1 && { idempotencyToken: true }),
      ...(traits.hostLabel === 1 && { hostLabel: true }),
      ...(traits.eventHeader === 1 && { eventHeader: true }),
      ...(traits.eventPayload === 1 && { eventPayload: true }),
    };
  };

  const structureOf = (reference: string | undefined): StructureShape => {
    if (reference === undefined) return unitShape;
    const shape = shapeOf(reference);
    if (shape.kind !== "structure") throw new Error(`${reference} of ${raw.service} is not a structure`);
    return shape;
  };

  const buildOperation = (name: string, source: RawOperation): OperationModel => {
    const [method, uri, statusCode] = source.http ?? ["POST", "/", 200];
    const input = structureOf(source.input);
    const output = structureOf(source.output);
    return {
      name,
      method,
      uri,
      statusCode,
      input,
      output,
      inputIsUnit: source.input === undefined,
      outputIsUnit: source.output === undefined,
      streamsInput: input.members.some((member) => streams(member.shape)),
      streamsOutput: output.members.some((member) => streams(member.shape)),
      checksum: source.checksum !== undefined,
      checksumRequired: source.checksum === 2,
      unwrappedOutput: source.unwrapped === 1,
      ...(source.hostPrefix !== undefined && { hostPrefix: source.hostPrefix }),
    };
  };

  return {
    service: raw.service,
    protocols: raw.protocols,
    version: raw.version,
    ...(raw.xmlNamespace !== undefined && { xmlNamespace: raw.xmlNamespace }),
    ...(raw.targetPrefix !== undefined && { targetPrefix: raw.targetPrefix }),
    errorNamespace: raw.errorNamespace,
    queryCompatible: raw.queryCompatible === true,
    operationNames: Object.keys(raw.operations),
    errorNames,
    constraints() {
      constraints ??= readConstraints();
      return constraints;
    },
    operation(name) {
      const known = operations.get(name);
      if (known !== undefined) return known;
      if (!Object.hasOwn(raw.operations, name)) return undefined;
      const source = raw.operations[name];
      if (source === undefined) return undefined;
      const built = buildOperation(name, source);
      operations.set(name, built);
      return built;
    },
    error(code) {
      const known = errors.get(code);
      if (known !== undefined) return known;
      const name = Object.hasOwn(raw.shapes, code) ? code : errorNameByQueryCode.get(code);
      if (name === undefined) return undefined;
      const shape = shapeOf(name);
      if ((shape.kind !== "structure" && shape.kind !== "union") || shape.error === undefined) return undefined;
      const built: ErrorModel = { name, shape, traits: shape.error };
      errors.set(code, built);
      return built;
    },
  };
}

const inBody: MemberLocation = { in: "body" };

const unitShape: StructureShape = { kind: "structure", name: "Unit", members: [], eventStream: false };

function flagsOf(source: RawList | RawMap): { sparse: boolean; flattened: boolean } {
  return { sparse: source.sparse === 1, flattened: source.flat === 1 };
}

function plainMember(name: string, shape: Shape): Member {
  return { name, shape, required: false, location: inBody };
}

/** Stands for the element of a collection while the collection is being built. */
const unknownMember: Member = plainMember("", unitShape);

function isStructure(shape: RawModel["shapes"][string]): shape is RawStructure {
  return shape.kind === "structure" || shape.kind === "union";
}

function streams(shape: Shape): boolean {
  return (shape.kind === "blob" && shape.streaming) || (shape.kind === "union" && shape.eventStream);
}

function namespaceOf(value: readonly [uri: string, prefix?: string]): XmlNamespace {
  return value[1] === undefined ? { uri: value[0] } : { uri: value[0], prefix: value[1] };
}

function locationOf(traits: RawTraits): MemberLocation {
  if (traits.label === 1) return { in: "label" };
  if (traits.header !== undefined) {
    return { in: "header", name: traits.header, lowerName: traits.header.toLowerCase() };
  }
  if (traits.prefixHeaders !== undefined) {
    return { in: "prefixHeaders", prefix: traits.prefixHeaders, lowerPrefix: traits.prefixHeaders.toLowerCase() };
  }
  if (traits.query !== undefined) return { in: "query", name: traits.query };
  if (traits.queryParams === 1) return { in: "queryParams" };
  if (traits.payload === 1) return { in: "payload" };
  if (traits.status === 1) return { in: "statusCode" };
  return inBody;
}
