/** Writes the TypeScript types of a service's structures, under the SDK's names. */

import type { RawModel, RawShape, RawUse } from "#foundation/aws/model";
import type { Declarations } from "./aws-declarations.ts";
import { generatedNotice } from "./aws-model-source.ts";

/** What a simple shape is in TypeScript. Big numbers keep every digit: integers as `bigint`, decimals as their text. */
const simpleTypes: Readonly<Record<string, string>> = {
  s: "string",
  n: "number",
  i: "number",
  f: "number",
  b: "boolean",
  t: "Date",
  td: "Date",
  th: "Date",
  te: "Date",
  j: "unknown",
  I: "bigint",
  D: "string",
  B: "Uint8Array",
  E: "string",
};

/** The module's text: one interface per structure, one union per enum, and the map of operations. */
export function typesSource(model: RawModel, declarations: Declarations): string {
  const written = new Set<string>();
  const names = Object.keys(model.shapes).filter((name) => isStructure(model.shapes[name]));
  const outputs = reachable(
    model,
    Object.values(model.operations).flatMap((operation) => operation.output ?? []),
  );
  const usedEnums = new Set<string>();
  const parts: string[] = [];

  const used = (enumeration: string | undefined): string | undefined => {
    if (enumeration !== undefined) usedEnums.add(enumeration);
    return enumeration;
  };
  const keyEnum = (structure: string, member: string): string | undefined =>
    used(declarations.memberKeyEnum(structure, member));

  const typeOf = (use: RawUse, structure: string, member: string): string => {
    const reference = typeof use === "string" ? use : use[0];
    const shape = model.shapes[reference];
    if (shape === undefined) return anonymousType(reference, structure, member);
    switch (shape.kind) {
      case "list": {
        const element = typeOf(shape.element, structure, member);
        return listType(shape.sparse === 1 ? `${element} | null` : element);
      }
      case "map":
        return mapType(typeOf(shape.value, structure, member), keyEnum(structure, member));
      case "simple":
        return anonymousType(shape.type, structure, member);
      default:
        return shape.eventStream === 1 ? `AsyncIterable<${typeName(reference)}>` : typeName(reference);
    }
  };

  const anonymousType = (reference: string, structure: string, member: string): string => {
    const code = reference.slice(1);
    if (code.startsWith("[")) return listType(anonymousType(`$${code.slice(1)}`, structure, member));
    if (code.startsWith("{")) {
      return mapType(anonymousType(`$${code.slice(1)}`, structure, member), keyEnum(structure, member));
    }
    if (code === "S") return outputs.has(structure) ? "ResponseBody" : "AsyncIterable<Uint8Array>";
    const enumeration = code === "s" ? used(declarations.memberEnum(structure, member)) : undefined;
    if (enumeration !== undefined) return enumeration;
    const type = simpleTypes[code];
    if (type === undefined) throw new Error(`no type for ${reference}`);
    return type;
  };

  for (const name of names) {
    const shape = model.shapes[name];
    if (shape === undefined || (shape.kind !== "structure" && shape.kind !== "union")) continue;
    written.add(name);
    const members = Object.entries(shape.members);
    if (shape.kind === "union") {
      const alternatives = members.map(([member, use]) => {
        const others = members
          .filter(([other]) => other !== member)
          .map(([other]) => ` readonly ${quoted(other)}?: undefined;`);
        return `  | { readonly ${quoted(member)}: ${typeOf(use, name, member)};${others.join("")} }`;
      });
      parts.push(`export type ${typeName(name)} =\n${alternatives.join("\n")};\n`);
      continue;
    }
    const required = shape.required ?? 0;
    const lines = members.map(
      ([member, use], index) =>
        `  readonly ${quoted(member)}${index < required ? "" : "?"}: ${typeOf(use, name, member)};\n`,
    );
    parts.push(`export interface ${typeName(name)} {\n${lines.join("")}}\n`);
  }

  const errors = names.filter((name) => {
    const shape = model.shapes[name];
    return shape !== undefined && isStructure(shape) && "error" in shape && shape.error !== undefined;
  });
  const operations = Object.entries(model.operations).map(
    ([name, { input, output }]) =>
      `  readonly ${name}: { readonly input: ${typeName(input ?? "Unit")}; readonly output: ${typeName(output ?? "Unit")} };\n`,
  );
  const enums = [...usedEnums]
    .sort()
    .filter((name) => !written.has(name))
    .map((name) => {
      const values = declarations.enums.get(name) ?? [];
      return `export type ${name} = ${values.map((value) => JSON.stringify(value)).join(" | ") || "string"};\n`;
    });
  const body = [...enums, ...parts].join("\n");
  const imports = /\bResponseBody\b/.test(body) ? 'import type { ResponseBody } from "#foundation/http";\n\n' : "";
  return `${generatedNotice}
${imports}/** An operation's input or output that has no members. */
export type Unit = Readonly<Record<string, never>>;

${body}
/** Names of the modelled errors. */
export type ErrorName = ${errors.map((name) => JSON.stringify(name)).join(" | ") || "never"};

/** Every operation with its types. */
export interface Operations {
${operations.join("")}}
`;
}

function isStructure(shape: RawShape | undefined): boolean {
  return shape?.kind === "structure" || shape?.kind === "union";
}

/** Names that TypeScript's own library uses get an underscore, as in the SDK. */
function typeName(name: string): string {
  return /^(Object|Error|Record|Date|Map|Set|Promise|Array|String|Number|Boolean)$/.test(name) ? `_${name}` : name;
}

function listType(element: string): string {
  return /[|&]| /.test(element) ? `readonly (${element})[]` : `readonly ${element}[]`;
}

function mapType(value: string, key: string | undefined): string {
  return key === undefined ? `{ readonly [key: string]: ${value} }` : `{ readonly [Key in ${key}]?: ${value} }`;
}

function quoted(member: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(member) ? member : JSON.stringify(member);
}

/** Names of all shapes that the given shapes lead to. */
function reachable(model: RawModel, roots: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...roots];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const shape = model.shapes[name];
    if (shape === undefined || seen.has(name)) continue;
    seen.add(name);
    const uses =
      shape.kind === "list"
        ? [shape.element]
        : shape.kind === "map"
          ? [shape.key, shape.value]
          : shape.kind === "simple"
            ? []
            : Object.values(shape.members);
    open.push(...uses.map((use) => (typeof use === "string" ? use : use[0])));
  }
  return seen;
}
