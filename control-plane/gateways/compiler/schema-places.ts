/** Schemas of a plan by the references to them. Pure. */

export interface SchemaPlace {
  /** Address of a document. */
  readonly uri: string;
  /** JSON Pointer in it, without percent-encoding. */
  readonly pointer: string;
}

/** Where a reference leads that stands in the document `base`. Those to schemas with an `$id` of their own lead to no document, and count as they are written. */
export function placeOf(reference: string, base: string): SchemaPlace {
  const hash = reference.includes("#") ? reference.indexOf("#") : reference.length;
  const [address, fragment] = [reference.slice(0, hash), reference.slice(hash + 1)];
  return {
    uri: address === "" ? base : URL.canParse(address, base) ? new URL(address, base).href : address,
    pointer: decoded(fragment),
  };
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

export function atPointer(root: unknown, pointer: string): unknown {
  let value = root;
  for (const step of pointer === "" ? [] : pointer.slice(1).split("/")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return value;
}
