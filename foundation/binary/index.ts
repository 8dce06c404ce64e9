/**
 * Values as bytes, by codecs that are put together from small ones: what is written can be read, and nothing else can.
 *
 * Numbers are big-endian. A codec reads hostile bytes: it reserves nothing by what they claim, and throws `MalformedBytesError` where they end early or
 * cannot be.
 */

export {
  bytes,
  type Codec,
  decode,
  encode,
  flag,
  list,
  nothing,
  oneOf,
  optional,
  record,
  text,
  u8,
  u16,
  u32,
  u64,
  type ValueOf,
  variant,
  whole,
} from "./codecs.ts";
export { MalformedBytesError } from "./malformed.ts";
export { ByteReader } from "./reader.ts";
export { ByteWriter } from "./writer.ts";
