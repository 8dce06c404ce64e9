/** Limits of expressions (developer guide, "Quotas": expression parameters), and of what parsing them may cost us. */

/** UTF-8 bytes of one expression as sent, before anything is substituted. */
export const expressionBytesMax = 4096;
/** Operators and functions in one expression. */
export const operatorsMax = 300;
/** Values in the list of one IN. */
export const inOperandsMax = 100;
/** Steps of a document path. */
export const pathPartsMax = 32;
/** The largest index of a list: that of a Java array. */
export const listIndexMax = 2_147_483_647;
/** UTF-8 bytes of a `#name` or `:value`. */
export const placeholderBytesMax = 255;
/** UTF-8 bytes of an attribute name that a `#name` stands for. */
export const attributeNameBytesMax = 65_535;

/**
 * Parentheses within parentheses. Every level that is not redundant takes an operator, a function (300) or a step of a path (32), so an
 * expression beyond this is refused whatever else it says. The parser calls itself once a level.
 */
export const nestingMax = operatorsMax + pathPartsMax + 1;
