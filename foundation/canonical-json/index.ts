/** The one spelling of a JSON value (RFC 8785). */
export { canonicalJson, parseCanonicalJson } from "./canonical-json.ts";
