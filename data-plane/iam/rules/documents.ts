/** Policy documents on their way out (IAM API Reference, GetRolePolicy: "Policies returned by this operation are URL-encoded compliant with RFC 3986"). Pure. */

/** RFC 3986 §2.3: these are all that stay as they are; `encodeURIComponent` also leaves five reserved characters. */
const RESERVED = /[!'()*]/g;

/** @param document byte for byte as it was put */
export const encodeDocument = (document: string): string =>
  encodeURIComponent(document).replace(
    RESERVED,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
