/** From files to one model of what they describe, or to everything that is wrong with them. */
import { MadeSchemas } from "./asyncapi/made-schemas.ts";
import { readAsyncApi } from "./asyncapi/read-asyncapi.ts";
import { type Diagnostic, Diagnostics } from "./diagnostics/diagnostic.ts";
import { checkExtensionNames } from "./extensions/extension-names.ts";
import { readPluginModules } from "./extensions/read-plugin-modules.ts";
import type { ApiDescription, SchemaDialect } from "./model.ts";
import { readOpenApi } from "./openapi/read-openapi.ts";
import { checkRoutes } from "./paths/check-routes.ts";
import { newShared, type Reading, type ReadOptions } from "./reading.ts";
import { fileAddress } from "./references/addresses.ts";
import { DocumentSet, type ReadFile } from "./references/document-set.ts";
import { rootPart } from "./references/part.ts";
import { Resolver } from "./references/resolver.ts";
import { SCHEMA_LIMITS, type SchemaLimits, SchemaWalker } from "./schemas/schema-walker.ts";
import { isObject, type Json, kindOf } from "./source/json-value.ts";
import { SourceDocument } from "./source/source-document.ts";
import { SOURCE_LIMITS, type SourceLimits } from "./source/source-tree.ts";
import { ASYNCAPI_RULES } from "./structure/asyncapi-rules.ts";
import { checkStructure } from "./structure/check-structure.ts";
import { OPENAPI_RULES } from "./structure/openapi-rules.ts";
import type { RuleTable, Version } from "./structure/rules.ts";

export interface LoadOptions extends Partial<ReadOptions> {
  /** Descriptions, by their paths relative to the folder that is read from, with `/`. */
  readonly files: readonly string[];
  readonly read: ReadFile;
  /** Documents with other addresses that references may lead to: nothing is fetched. */
  readonly given?: ReadonlyMap<string, string | Uint8Array>;
  readonly sourceLimits?: Partial<SourceLimits>;
  readonly schemaLimits?: Partial<SchemaLimits>;
}

export interface LoadedDescriptions {
  /** As far as they could be read: nothing may be served from them while there are errors. */
  readonly descriptions: readonly ApiDescription[];
  /** All problems, file by file in the order of lines. */
  readonly diagnostics: readonly Diagnostic[];
  readonly hasErrors: boolean;
  /** All files that were read, those of references too. */
  readonly documents: readonly SourceDocument[];
}

/**
 * Reads descriptions that are to be served together. Never throws for anything that is in them.
 *
 * @example
 * const { descriptions, diagnostics, hasErrors } = loadApiDescriptions({ files: ["api.yaml"], read: directoryReader(".") });
 */
export function loadApiDescriptions(options: LoadOptions): LoadedDescriptions {
  const diagnostics = new Diagnostics();
  const limits = { ...SOURCE_LIMITS, ...options.sourceLimits };
  const documents = new DocumentSet(options.read, options.given ?? new Map(), limits, diagnostics);
  const run = new Loading(options, diagnostics, documents, limits);
  const descriptions = options.files.flatMap((file) => run.description(file) ?? []);
  checkRoutes(
    descriptions.flatMap(({ operations }) => operations),
    diagnostics,
  );
  return { descriptions, diagnostics: diagnostics.list(), hasErrors: diagnostics.hasErrors, documents: documents.all };
}

class Loading {
  readonly #resolver: Resolver;

  constructor(
    private readonly options: LoadOptions,
    private readonly diagnostics: Diagnostics,
    private readonly documents: DocumentSet,
    private readonly limits: SourceLimits,
  ) {
    this.#resolver = new Resolver(documents, diagnostics);
  }

  description(file: string): ApiDescription | undefined {
    const address = fileAddress(file);
    // Something to point at when there is no file.
    const nothing = { document: SourceDocument.read("", file, "", this.limits), pointer: "" };
    if ("refused" in address) {
      this.diagnostics.report("E1008", nothing, `${file} is not read: ${address.reason}.`);
      return undefined;
    }
    const document = this.documents.entry(address.uri, file, nothing);
    if (document?.root === undefined) return undefined;
    const kind = this.#kindOf(document);
    return kind && this.#read(document, kind);
  }

  #read(document: SourceDocument, kind: Kind): ApiDescription {
    const { diagnostics } = this;
    const resolver = this.#resolver;
    const dialect: SchemaDialect = kind.format === "asyncapi" ? "2020-12" : `openapi-${kind.version}`;
    const extensions = checkExtensionNames;
    const schemaLimits = { ...SCHEMA_LIMITS, ...this.options.schemaLimits };
    const schemas = new SchemaWalker(dialect, resolver, diagnostics, schemaLimits, (part) =>
      extensions("schema", part, diagnostics),
    );
    const root = rootPart(document);
    const { rules, specification, version } = kind;
    const check = { rules, specification, version, resolver, diagnostics, schema: schemas.root.bind(schemas) };
    checkStructure({ ...check, extensions: (name, part) => extensions(name, part, diagnostics) }, root, "root");
    const options = { withoutDispatch: this.options.withoutDispatch ?? "error" } as const;
    const reading: Reading = { root, version, diagnostics, resolver, schemas, options, shared: newShared() };
    const made = new MadeSchemas(`${this.documents.baseOf(document)}?made`, dialect);
    const read = kind.format === "openapi" ? readOpenApi(reading) : readAsyncApi(reading, made);
    schemas.finish();
    return {
      file: document.file,
      format: kind.format,
      version: kind.fullVersion,
      ...read,
      plugins: readPluginModules(root, diagnostics),
      schemaDocuments: [...schemas.documents(), ...made.document()],
      document,
    };
  }

  #kindOf(document: SourceDocument): Kind | undefined {
    const root = rootPart(document);
    const found = kindOfDescription(root.value);
    if ("kind" in found) return found.kind;
    const place = { document, pointer: found.at };
    this.diagnostics.report("E1001", place, found.problem, { hint: found.hint, at: found.at === "" ? "key" : "value" });
    return undefined;
  }
}

interface Kind {
  readonly format: "openapi" | "asyncapi";
  readonly fullVersion: string;
  readonly version: Version;
  readonly specification: string;
  readonly rules: RuleTable;
}

type FoundKind = { readonly kind: Kind } | { readonly problem: string; readonly at: string; readonly hint?: string };

function kindOfDescription(value: Json): FoundKind {
  const convert = "Convert it to OpenAPI 3 first.";
  if (!isObject(value)) return { problem: `An API description is an object, not ${kindOf(value)}.`, at: "" };
  if (value.swagger !== undefined)
    return { problem: "OpenAPI 2.0 (Swagger) is not supported.", at: "/swagger", hint: convert };
  const { openapi, asyncapi } = value;
  if (openapi !== undefined) {
    const match = typeof openapi === "string" ? /^3\.([012])\.\d+(?:-.*)?$/.exec(openapi) : null;
    if (match === null) return unknownVersion("OpenAPI 3.0, 3.1 and 3.2", "3.1.0", openapi, "/openapi");
    const version = `3.${match[1]}` as Version;
    const specification = `OpenAPI ${version}`;
    return {
      kind: { format: "openapi", fullVersion: openapi as string, version, specification, rules: OPENAPI_RULES },
    };
  }
  if (asyncapi !== undefined) {
    if (typeof asyncapi !== "string" || !/^3\.\d+\.\d+(?:-.*)?$/.test(asyncapi)) {
      return unknownVersion("AsyncAPI 3", "3.0.0", asyncapi, "/asyncapi");
    }
    const specification = "AsyncAPI 3";
    return {
      kind: { format: "asyncapi", fullVersion: asyncapi, version: "3.2", specification, rules: ASYNCAPI_RULES },
    };
  }
  const hint = "It begins with openapi: 3.1.0 or asyncapi: 3.0.0.";
  return { problem: "This is neither OpenAPI nor AsyncAPI.", at: "", hint };
}

function unknownVersion(supported: string, example: string, found: Json, at: string): FoundKind {
  const isText = typeof found === "string";
  const hint = isText ? `Write a version like ${example}.` : `The version is text of three numbers, like ${example}.`;
  return { problem: `${supported} are supported, not ${JSON.stringify(found).slice(0, 60)}.`, at, hint };
}
