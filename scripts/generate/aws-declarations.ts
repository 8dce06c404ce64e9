/** Reads enums out of a client's type declarations: the schemas themselves only say "string". */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { clientFolder } from "./aws-schemas.ts";
import type { ServiceSource } from "./aws-services.ts";

export interface Declarations {
  /** Enum name → its values, in the order of the declaration. */
  readonly enums: ReadonlyMap<string, readonly string[]>;
  /** Structure name → member name → the enum that its strings (elements, values) are of. */
  memberEnum(structure: string, member: string): string | undefined;
  /** As `memberEnum`, for the keys of a map. */
  memberKeyEnum(structure: string, member: string): string | undefined;
}

/** Reads `dist-types/models` of an installed client. */
export function readDeclarations(source: ServiceSource): Declarations {
  const folder = join(clientFolder(source), "dist-types/models");
  const text = readdirSync(folder)
    .filter((file) => file.endsWith(".d.ts"))
    .map((file) => readFileSync(join(folder, file), "utf8"))
    .join("\n");

  const enums = new Map<string, readonly string[]>();
  for (const [, name, body] of text.matchAll(/^export declare const (\w+): \{\n([\s\S]*?)^\};/gm)) {
    if (name === undefined || body === undefined) continue;
    enums.set(
      name,
      [...body.matchAll(/readonly [^:]+: ("(?:[^"\\]|\\.)*");/g)].map((match) => JSON.parse(match[1] ?? "")),
    );
  }

  const types = new Map<string, string>();
  for (const [, name, body] of text.matchAll(/^export (?:interface|declare class) (\w+)[^{\n]*\{\n([\s\S]*?)^\}/gm)) {
    for (const [, member, type] of (body ?? "").matchAll(/^ {4}(?:readonly )?"?([\w-]+)"?\??: ([^\n]*);$/gm)) {
      types.set(`${name}.${member}`, type ?? "");
    }
  }

  const known = (name: string | undefined): string | undefined =>
    name !== undefined && enums.has(name) ? name : undefined;
  return {
    enums,
    memberEnum(structure, member) {
      const type = types.get(`${structure}.${member}`) ?? "";
      const value = /Record<\w+, ([\s\S]*)>/.exec(type)?.[1] ?? type;
      return known(value.match(/\w+/g)?.find((word) => enums.has(word)));
    },
    memberKeyEnum(structure, member) {
      return known(/Record<(\w+), /.exec(types.get(`${structure}.${member}`) ?? "")?.[1]);
    },
  };
}
