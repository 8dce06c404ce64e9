/** The XML encoders in use: one set per style, so that closures are made once. */

import type { Dialect } from "../dialect.ts";
import type { MillisecondStyle } from "../values/timestamps.ts";
import { createXmlEncoders, type XmlEncoders } from "./encode-xml.ts";

const sets = new Map<string, XmlEncoders>();

/** Encoders for a dialect; `ec2` for the EC2 query protocol. */
export function xmlEncodersOf(dialect: Dialect, ec2: boolean): XmlEncoders {
  return encoders(dialect.milliseconds, ec2);
}

function encoders(milliseconds: MillisecondStyle, ec2: boolean): XmlEncoders {
  const key = `${milliseconds} ${ec2}`;
  let set = sets.get(key);
  if (set === undefined) {
    set = createXmlEncoders({ milliseconds, ec2 });
    sets.set(key, set);
  }
  return set;
}
