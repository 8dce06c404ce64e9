/** The XML encoders in use: one set per style, so that closures are made once. */

import type { Dialect } from "../dialect.ts";
import type { MillisecondStyle } from "../values/timestamps.ts";
import { createXmlEncoders, type XmlEncoders } from "./encode-xml.ts";

const sets = new Map<MillisecondStyle, XmlEncoders>();

/** Encoders for a dialect. */
export function xmlEncodersOf({ milliseconds }: Dialect): XmlEncoders {
  let set = sets.get(milliseconds);
  if (set === undefined) {
    set = createXmlEncoders({ milliseconds });
    sets.set(milliseconds, set);
  }
  return set;
}
