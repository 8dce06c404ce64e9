/**
 * The tuple layer: FoundationDB's encoding, byte for byte (apple/foundationdb, `design/tuple.md`).
 */
export {
  type Tuple,
  TupleDouble,
  type TupleElement,
  TupleError,
  TupleFloat,
  TupleUuid,
  Versionstamp,
} from "./elements.ts";
export { pack, packWithVersionstamp, tupleRange } from "./pack.ts";
export { unpack } from "./unpack.ts";
