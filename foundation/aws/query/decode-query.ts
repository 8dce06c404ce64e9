/** Parameter trees to inputs, by shape, for awsQuery and ec2Query. */

import type { ListShape, MapShape, Member, Shape, StructureShape } from "../model/shapes.ts";
import { MalformedInput } from "../values/malformed-input.ts";
import { setOwn } from "../values/records.ts";
import { textDecoder } from "../xml/decode-xml.ts";
import { numberedChildren, type ParameterNode } from "./parameter-tree.ts";

type NodeDecoder = (node: ParameterNode) => unknown;

export interface QueryDecoders {
  /** Decoder of a structure; parameters that the model does not have (`Action`, `Version`, signatures) are passed over. */
  structure(shape: StructureShape): NodeDecoder;
}

/** Makes the decoders of one protocol. */
export function createQueryDecoders(ec2: boolean): QueryDecoders {
  const decoders = new WeakMap<Shape, NodeDecoder>();

  const ofShape = (shape: Shape): NodeDecoder => {
    let decoder = decoders.get(shape);
    if (decoder === undefined) {
      decoder = compile(shape);
      decoders.set(shape, decoder);
    }
    return decoder;
  };

  const compile = (shape: Shape): NodeDecoder => {
    switch (shape.kind) {
      case "structure":
      case "union":
        return structureDecoder(shape);
      case "list":
        return listDecoder(shape, ec2 || shape.flattened);
      case "map":
        return mapDecoder(shape, shape.flattened);
      default:
        return scalar(textDecoder(shape), shape);
    }
  };

  const ofMember = (member: Member): NodeDecoder => {
    const { shape } = member;
    if (shape.kind === "timestamp") return scalar(textDecoder(shape, member.timestampFormat), shape);
    const flattened = member.flattened === true;
    if (flattened && shape.kind === "list") return listDecoder(shape, true);
    if (flattened && shape.kind === "map") return mapDecoder(shape, true);
    // At first use: a shape may contain itself.
    let decoder: NodeDecoder | undefined;
    return (node) => {
      decoder ??= ofShape(shape);
      return decoder(node);
    };
  };

  const structureDecoder = (shape: StructureShape): NodeDecoder => {
    const members = shape.members.map((member) => ({
      name: member.name,
      wireName: ec2 ? ec2Name(member) : (member.xmlName ?? member.name),
      decode: ofMember(member),
    }));
    return (node) => {
      const output: Record<string, unknown> = {};
      if (node.children === undefined) return output;
      for (const member of members) {
        const child = node.children.get(member.wireName);
        if (child === undefined) continue;
        try {
          const value = member.decode(child);
          if (value !== undefined) output[member.name] = value;
        } catch (error) {
          throw named(error, member.wireName);
        }
      }
      return output;
    };
  };

  const listDecoder = (shape: ListShape, flattened: boolean): NodeDecoder => {
    const decode = ofMember(shape.element);
    const wireName = shape.element.xmlName ?? "member";
    // `AttributeName=All`: SQS takes one value of a flattened list without its number (API reference, ReceiveMessage, sample request).
    const takesBare = flattened && !ec2 && textDecodable(shape.element.shape);
    return (node) => {
      if (node.children === undefined) {
        // `List=` is how clients write an empty list.
        if (node.value === undefined || node.value === "") return [];
        return takesBare ? [decode(node)] : undefined;
      }
      const holder = flattened ? node : (node.children.get(wireName) ?? node.children.get("member") ?? node);
      return numberedChildren(holder).map(decode);
    };
  };

  const mapDecoder = (shape: MapShape, flattened: boolean): NodeDecoder => {
    const decode = ofMember(shape.value);
    const keyName = shape.key.xmlName ?? "key";
    const valueName = shape.value.xmlName ?? "value";
    return (node) => {
      const output: Record<string, unknown> = {};
      const holder = flattened ? node : node.children?.get("entry");
      if (holder === undefined) return output;
      for (const entry of numberedChildren(holder)) {
        const key = entry.children?.get(keyName)?.value;
        const value = entry.children?.get(valueName);
        if (key === undefined || value === undefined) throw new MalformedInput("a map entry needs a key and a value");
        setOwn(output, key, decode(value));
      }
      return output;
    };
  };

  return { structure: ofShape };
}

/** Whether a value of the shape is one text. */
function textDecodable({ kind }: Shape): boolean {
  return kind !== "structure" && kind !== "union" && kind !== "list" && kind !== "map";
}

/** EC2's query names: the model's own, else the XML name (else the member's) with a capital. */
function ec2Name(member: Member): string {
  if (member.ec2QueryName !== undefined) return member.ec2QueryName;
  const base = member.xmlName ?? member.name;
  return base.charAt(0).toUpperCase() + base.slice(1);
}

function scalar(decode: (text: string) => unknown, shape: Shape): NodeDecoder {
  return (node) => {
    if (node.value !== undefined) return decode(node.value);
    throw new MalformedInput(`a ${shape.kind} was expected`);
  };
}

/** Adds the parameter's name to an error that has none yet, from the inside out. */
function named(error: unknown, name: string): unknown {
  if (!(error instanceof MalformedInput)) return error;
  const argument = error.argument === undefined ? name : `${name}.${error.argument}`;
  return new MalformedInput(error.message, {
    place: "query",
    argument,
    ...(error.value !== undefined && { value: error.value }),
    syntax: error.syntax,
  });
}
