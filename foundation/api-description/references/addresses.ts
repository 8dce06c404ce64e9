/** Addresses of documents (RFC 3986). Files are `file:///` and their path below the one folder that is read. */

export type Address =
  | { readonly uri: string; readonly fragment: string }
  | { readonly refused: "outside" | "malformed"; readonly reason: string };

/** The address of a file. @param path relative to the folder, with `/`; what may not be read is refused */
export function fileAddress(path: string): Address {
  return below([], path.split("/").map(encodeURIComponent), "");
}

/** The path of a file below the folder; undefined for any other address. */
export function filePath(uri: string): string | undefined {
  if (!uri.startsWith("file:///")) return undefined;
  return uri.slice("file:///".length).split("/").map(decodeURIComponent).join("/");
}

/** What a reference means where `base` is the address. */
export function resolveAddress(reference: string, base: string): Address {
  const hash = reference.indexOf("#");
  const written = hash === -1 ? reference : reference.slice(0, hash);
  const fragment = hash === -1 ? "" : reference.slice(hash + 1);
  if (written === "") return { uri: base, fragment };
  if (/^file:/i.test(written)) return { refused: "outside", reason: "it is an absolute path" };
  if (/^[a-z][a-z0-9+.-]*:/i.test(written) || !base.startsWith("file:")) return absolute(written, base, fragment);
  if (written.startsWith("/")) return { refused: "outside", reason: "it is an absolute path" };
  if (written.includes("?")) return { refused: "malformed", reason: "files have no query" };
  const folder = base.slice("file:///".length).split("/").slice(0, -1);
  return below(folder, written.split("/"), fragment);
}

function absolute(written: string, base: string, fragment: string): Address {
  try {
    const url = new URL(written, base);
    url.hash = "";
    return { uri: url.href, fragment };
  } catch {
    return { refused: "malformed", reason: "it is no address" };
  }
}

/** Steps from a folder, both percent-encoded. `URL` would stop at the top without a word. */
function below(folder: readonly string[], steps: readonly string[], fragment: string): Address {
  const path = [...folder];
  for (const step of steps) {
    const name = decoded(step);
    if (name === undefined) return { refused: "malformed", reason: "a % in it begins no escape" };
    if (/[/\\\0]/.test(name)) return { refused: "outside", reason: "a name in it has a slash, a backslash or a zero" };
    if (name === "" || name === ".") continue;
    if (name !== "..") path.push(encodeURIComponent(name));
    else if (path.pop() === undefined) return { refused: "outside", reason: "it leads out of the folder that is read" };
  }
  return { uri: new URL(`file:///${path.join("/")}`).href, fragment };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
