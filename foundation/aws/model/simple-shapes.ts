/** Simple shapes from their reference codes (see `raw-model.ts`). */

import type { RawSimple } from "./raw-model.ts";
import type { Shape, TimestampFormat } from "./shapes.ts";

const numberKinds = { n: "number", i: "integer", f: "float", I: "bigInteger", D: "bigDecimal" } as const;

const timestampFormats: Readonly<Record<string, TimestampFormat>> = {
  t: "default",
  td: "date-time",
  th: "http-date",
  te: "epoch-seconds",
};

/**
 * Builds the shape that a code stands for.
 *
 * @param name the shape's name; an anonymous shape is named after its code
 * @param reference `$` and the code
 * @param traits traits of a named shape
 */
export function simpleShape(name: string, reference: string, traits?: RawSimple): Shape {
  const code = reference.slice(1);
  const sensitive = traits?.sensitive === 1 ? { sensitive: true } : {};
  switch (code) {
    case "s":
      return {
        kind: "string",
        name,
        ...sensitive,
        ...(traits?.mediaType !== undefined && { mediaType: traits.mediaType }),
      };
    case "b":
      return { kind: "boolean", name };
    case "B":
      return { kind: "blob", name, streaming: false, ...sensitive };
    case "S":
      return { kind: "blob", name, streaming: true, ...sensitive };
    case "E":
      return { kind: "base64", name };
    case "j":
      return { kind: "document", name };
    case "n":
    case "i":
    case "f":
    case "I":
    case "D":
      return { kind: numberKinds[code], name };
    default: {
      const format = timestampFormats[code];
      if (format === undefined) throw new Error(`unknown simple shape ${reference}`);
      return { kind: "timestamp", name, format };
    }
  }
}
