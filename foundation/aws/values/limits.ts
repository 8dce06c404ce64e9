/** Limits on what a request may make the decoders do. */

/**
 * Nesting of lists, maps and structures. DynamoDB allows 32 levels of an attribute value, each of which is two levels of JSON (`{"L":[…]}`);
 * twice that leaves room for what stands around it, and for services to give their own error first.
 */
export const maxNesting = 2 * 2 * 32;
