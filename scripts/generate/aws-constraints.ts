/**
 * Writes the constraints of a service's inputs: length, range and pattern from the published list, enums from the client's declarations.
 *
 * The published list knows types, not members. `aws-constraint-bindings.json` says which members of inputs are of which constrained type:
 * `UserName` for every structure with such a member, `CreateUserRequest.UserName` for one; `[]` stands for the elements of a list, `<key>` and
 * `<value>` for those of a map.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { RawConstraint, RawConstraints, RawModel, RawUse } from "#foundation/aws/model";
import bindings from "./aws-constraint-bindings.json";
import type { Declarations } from "./aws-declarations.ts";
import { generatedNotice } from "./aws-model-source.ts";
import type { ServiceSource } from "./aws-services.ts";

/** The module's text. `vectors` is the folder of the published lists. */
export function constraintsSource(
  source: ServiceSource,
  model: RawModel,
  declarations: Declarations,
  vectors: string,
): string {
  const types = readTypes(join(vectors, "aws-models", source.constraints, "constraints.json.gz"));
  const typeByMember = bindingsOf(source);
  const kinds: RawConstraint[] = [];
  const kindIndex = new Map<string, number>();
  const indexOf = (constraint: RawConstraint): number => {
    const key = JSON.stringify(constraint);
    let index = kindIndex.get(key);
    if (index === undefined) {
      index = kinds.push(constraint) - 1;
      kindIndex.set(key, index);
    }
    return index;
  };

  const structures: Record<string, Record<string, number>> = {};
  for (const name of inputStructures(model)) {
    const shape = model.shapes[name];
    if (shape?.kind !== "structure" && shape?.kind !== "union") continue;
    const own: Record<string, number> = {};
    for (const [member, use] of Object.entries(shape.members)) {
      for (const { suffix, isString, isKey } of places(model, use)) {
        const place = member + suffix;
        const typeName = typeByMember.get(`${name}.${place}`) ?? typeByMember.get(place);
        const limits = typeName === undefined ? {} : limitsOf(types, typeName);
        const enumeration = isString ? enumOf(source, declarations, name, member, isKey) : undefined;
        const constraint: RawConstraint = { ...limits, ...(enumeration && { enum: enumeration }) };
        if (Object.keys(constraint).length > 0) own[place] = indexOf(constraint);
      }
    }
    if (Object.keys(own).length > 0) structures[name] = own;
  }

  const table: RawConstraints = { kinds, structures };
  const lines = [
    `{"kinds":[\n${kinds.map((kind) => JSON.stringify(kind)).join(",\n")}\n],`,
    `"structures":{\n${Object.entries(structures)
      .map(([name, own]) => `${JSON.stringify(name)}:${JSON.stringify(own)}`)
      .join(",\n")}\n}}`,
  ].join("\n");
  if (JSON.stringify(JSON.parse(lines)) !== JSON.stringify(table)) throw new Error("the table does not read back");
  const text = lines.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${");
  return `${generatedNotice}\n/** Constraints on the inputs of \`${source.service}\`, in the form of \`validation/raw-constraints.ts\`. */\nexport const constraints = \`${text}\`;\n`;
}

interface PublishedType {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
}

function readTypes(file: string): Readonly<Record<string, PublishedType>> {
  const parsed: { readonly shapes: Readonly<Record<string, PublishedType>> } = JSON.parse(
    gunzipSync(readFileSync(file)).toString("utf8"),
  );
  return parsed.shapes;
}

function bindingsOf(source: ServiceSource): ReadonlyMap<string, string> {
  const own: Readonly<Record<string, string>> =
    Object.entries(bindings).find(([name]) => name === source.service)?.[1] ?? {};
  return new Map(
    Object.entries(own).flatMap(([type, members]) => members.split(" ").map((member) => [member, type] as const)),
  );
}

function limitsOf(types: Readonly<Record<string, PublishedType>>, name: string): RawConstraint {
  const type = types[name];
  if (type === undefined) throw new Error(`the published list has no ${name} any more`);
  return {
    ...(type.min !== undefined && { min: type.min }),
    ...(type.max !== undefined && { max: type.max }),
    ...(type.pattern !== undefined && type.pattern !== ".*" && { pattern: type.pattern }),
  };
}

/** Longer enums are catalogues that grow weekly (instance types): whether a value exists is for the service to say. */
const maxEnumValues = 100;

function enumOf(
  source: ServiceSource,
  declarations: Declarations,
  structure: string,
  member: string,
  isKey: boolean,
): readonly string[] | undefined {
  const name = isKey ? declarations.memberKeyEnum(structure, member) : declarations.memberEnum(structure, member);
  const values = name === undefined ? undefined : declarations.enums.get(name);
  if (name === undefined || values === undefined || values.length === 0 || values.length > maxEnumValues)
    return undefined;
  const order = source.enumOrders?.[name];
  if (order === undefined) return values;
  if ([...order].sort().join() !== [...values].sort().join())
    throw new Error(`${name} has other values than its order`);
  return order;
}

interface Place {
  readonly suffix: string;
  readonly isString: boolean;
  readonly isKey: boolean;
}

/** The member itself and what its collections hold, down to the next structure. */
function places(model: RawModel, use: RawUse, suffix = "", depth = 0): readonly Place[] {
  const reference = typeof use === "string" ? use : use[0];
  const shape = model.shapes[reference];
  const here = (isString: boolean): Place => ({ suffix, isString, isKey: false });
  const key: Place = { suffix: `${suffix}<key>`, isString: true, isKey: true };
  if (depth > 4) return [];
  if (shape === undefined) {
    if (reference.startsWith("$["))
      return [here(false), ...places(model, `$${reference.slice(2)}`, `${suffix}[]`, depth + 1)];
    if (reference.startsWith("${")) {
      return [here(false), key, ...places(model, `$${reference.slice(2)}`, `${suffix}<value>`, depth + 1)];
    }
    return [here(reference === "$s")];
  }
  if (shape.kind === "list") return [here(false), ...places(model, shape.element, `${suffix}[]`, depth + 1)];
  if (shape.kind === "map") return [here(false), key, ...places(model, shape.value, `${suffix}<value>`, depth + 1)];
  return [here(shape.kind === "simple" && shape.type === "$s")];
}

/** Names of all structures that inputs lead to, in order of name. */
function inputStructures(model: RawModel): readonly string[] {
  const seen = new Set<string>();
  const open = Object.values(model.operations).flatMap(({ input }) => input ?? []);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const shape = model.shapes[name];
    if (shape === undefined || seen.has(name)) continue;
    seen.add(name);
    if (shape.kind === "simple") continue;
    const uses =
      shape.kind === "list" ? [shape.element] : shape.kind === "map" ? [shape.value] : Object.values(shape.members);
    open.push(...uses.map((use) => (typeof use === "string" ? use : use[0])));
  }
  return [...seen].sort();
}
