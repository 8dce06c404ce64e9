/**
 * Attribute values: their types, validation and canonical form, sizes, order, and keys as bytes. Pure.
 *
 * Values have the wire's JSON form throughout; only {@link normalizeItem} and {@link normalizeValue} take what is not yet canonical.
 */

export {
  type AttributeValue,
  attributeOf,
  copyItem,
  type Item,
  type MutableItem,
  type ScalarKeyType,
  setAttribute,
  typeOf,
  type ValueType,
  valueTypes,
} from "./attribute-value.ts";
export { addNumbers, compareNumbers, normalizeNumber, numberSize, subtractNumbers } from "./decimal.ts";
export {
  compareBytes,
  concatBytes,
  decodeCompositeKey,
  decodeKey,
  delimitedKey,
  encodeCompositeKey,
  encodeKey,
  encodeKeyPart,
  encodeKeyPartPrefix,
  endOfKeyPart,
  endOfPrefix,
  type KeyPart,
} from "./key-bytes.ts";
export { hashOfBytes, hashOfKey } from "./key-hash.ts";
export { nestingMax, normalizeItem, normalizeValue } from "./normalize.ts";
export { compareBase64, compareText, compareValues, equalItems, equalValues } from "./ordering.ts";
export { base64Size, itemSize, textSize, valueSize } from "./sizes.ts";
export { InvalidValue, TableSerialization, TableValidation } from "./table-validation.ts";
