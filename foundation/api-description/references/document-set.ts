/** The documents that are read, each once. */
import type { Diagnostics, Place } from "../diagnostics/diagnostic.ts";
import { isObject } from "../source/json-value.ts";
import { SourceDocument } from "../source/source-document.ts";
import type { SourceLimits } from "../source/source-tree.ts";
import { filePath, resolveAddress } from "./addresses.ts";
import { type Part, placeKey, rootPart } from "./part.ts";

/**
 * Reads a file. @param path relative to the one folder that is read, with `/`, without `..`
 * @returns its bytes or text; undefined when there is none
 */
export type ReadFile = (path: string) => string | Uint8Array | undefined;

/** Files that the references of one run lead to. Large APIs are split into some hundreds. */
export const DOCUMENTS_MAX = 2000;
/** UTF-16 code units of all of them together. */
const LENGTH_MAX = 256 * 1024 * 1024;

export class DocumentSet {
  readonly #documents = new Map<string, SourceDocument | undefined>();
  /** Schemas with an address of their own, and documents that say theirs. */
  readonly #resources = new Map<string, Part>();
  #length = 0;
  readonly #addresses = new Map<string, string>();
  readonly #bases = new Map<SourceDocument, string>();

  /** @param given documents that are not files, by their addresses */
  constructor(
    private readonly read: ReadFile,
    private readonly given: ReadonlyMap<string, string | Uint8Array>,
    private readonly limits: SourceLimits,
    private readonly diagnostics: Diagnostics,
  ) {}

  /** The address that references in a document are relative to. */
  baseOf(document: SourceDocument): string {
    return this.#bases.get(document) ?? document.uri;
  }

  /** Notes that a part has an address of its own. The first one keeps it. */
  register(uri: string, part: Part): void {
    if (this.#resources.has(uri)) return;
    this.#resources.set(uri, part);
    this.#addresses.set(placeKey(part), uri);
  }

  /** The address that a part has of its own. */
  addressOf(part: Part): string | undefined {
    return this.#addresses.get(placeKey(part));
  }

  /** What is under an address. @param from the reference, for what is to be said about it */
  locate(uri: string, from: Place): Part | undefined {
    const known = this.#resources.get(uri);
    if (known !== undefined) return known;
    const document = this.#open(uri, from);
    return document?.root === undefined ? undefined : rootPart(document);
  }

  /** Reads a description. @param file as it is called in messages */
  entry(uri: string, file: string, from: Place): SourceDocument | undefined {
    return this.#open(uri, from, file);
  }

  /** In the order of reading. */
  get all(): readonly SourceDocument[] {
    return [...this.#documents.values()].filter((document) => document !== undefined);
  }

  #open(uri: string, from: Place, file?: string): SourceDocument | undefined {
    if (this.#documents.has(uri)) return this.#documents.get(uri);
    const document = this.#load(uri, from, file);
    this.#documents.set(uri, document);
    if (document === undefined) return undefined;
    this.#length += document.text.length;
    for (const { code, message, offset, hint } of document.problems) {
      const position = document.positionAt(offset);
      const found = { code, level: "error", message, file: document.file, ...position, pointer: "" } as const;
      this.diagnostics.add(hint === undefined ? found : { ...found, hint });
    }
    this.#takeAddress(document);
    return document;
  }

  #load(uri: string, from: Place, file: string | undefined): SourceDocument | undefined {
    if (this.#documents.size >= DOCUMENTS_MAX || this.#length > LENGTH_MAX) {
      const message = `More than ${DOCUMENTS_MAX} files are referred to, or they are too large together.`;
      this.diagnostics.report("E1006", from, message);
      return undefined;
    }
    const path = filePath(uri);
    const name = file ?? path ?? uri;
    try {
      const bytes = path === undefined ? this.given.get(uri) : this.read(path);
      if (bytes !== undefined) return SourceDocument.read(uri, name, bytes, this.limits);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.diagnostics.report("E1000", from, `${name} cannot be read: ${reason}`);
      return undefined;
    }
    if (path !== undefined) this.diagnostics.report("E1000", from, `There is no file ${name}.`);
    else {
      const hint =
        "Nothing is fetched from the network: copy the file into the folder, or hand it over with its address.";
      this.diagnostics.report("E1008", from, `${uri} was not given.`, { hint });
    }
    return undefined;
  }

  /** OpenAPI 3.2 `$self`; `$id` of a file that is a schema. */
  #takeAddress(document: SourceDocument): void {
    const { value } = document;
    if (!isObject(value)) return;
    const isDescription = "openapi" in value;
    const own = isDescription ? value.$self : "asyncapi" in value ? undefined : value.$id;
    if (typeof own !== "string") return;
    const address = resolveAddress(own, document.uri);
    if ("refused" in address) return;
    this.register(address.uri, rootPart(document));
    if (isDescription) this.#bases.set(document, address.uri);
  }
}
