/**
 * What descriptions say, the same for OpenAPI and AsyncAPI: references followed, defaults filled in, everything with the place where it is written,
 * so that later stages can point at it ({@link diagnosticAt}).
 */
import type { Location, Style } from "#foundation/api-parameters";
import type { Place } from "./diagnostics/diagnostic.ts";
import type { PathTemplate } from "./paths/path-template.ts";
import type { Json, JsonObject } from "./source/json-value.ts";
import type { SourceDocument } from "./source/source-document.ts";

/** What a schema's keywords mean: as the room `json-schema` names it. */
export type SchemaDialect = "openapi-3.0" | "openapi-3.1" | "openapi-3.2" | "2020-12";

/** A schema as it is written. It is compiled by its address in {@link ApiDescription.schemaDocuments}. */
export interface SchemaPart {
  /** Address of the schema document, without fragment. */
  readonly uri: string;
  /** Pointer in that document. */
  readonly pointer: string;
  readonly dialect: SchemaDialect;
  readonly value: Json;
  readonly at: Place;
}

/** A document with schemas in it, for a schema compiler to take in whole: references between them are resolved by their addresses. */
export interface SchemaDocument {
  readonly uri: string;
  readonly dialect: SchemaDialect;
  readonly root: Json;
  /** Pointers of the schemas that are not inside of others, sorted. */
  readonly schemasAt: readonly string[];
  /** The file, for the places of what is wrong in it; undefined for schemas that nobody wrote. */
  readonly document?: SourceDocument;
}

export interface ApiDescription {
  /** The file that it was read from, as it was named. */
  readonly file: string;
  readonly format: "openapi" | "asyncapi";
  /** `3.1.0` */
  readonly version: string;
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly summary?: string;
    readonly description?: string;
  };
  readonly servers: readonly Server[];
  readonly securitySchemes: ReadonlyMap<string, SecurityScheme>;
  readonly tags: readonly { readonly name: string; readonly description?: string }[];
  /** Those at the top of the document, which operations inherit. */
  readonly middlewares: readonly PluginUse[];
  /** Of the whole document; undefined: the extension is not there. */
  readonly mcp?: McpServer;
  /** Plugins that are brought along. */
  readonly plugins: readonly PluginModule[];
  readonly operations: readonly Operation[];
  readonly schemaDocuments: readonly SchemaDocument[];
  readonly document: SourceDocument;
}

export interface Operation {
  /** In capitals: `GET`. */
  readonly method: string;
  /** As it is written: `/pets/{id}`. For AsyncAPI the address of the channel with a slash in front. */
  readonly path: string;
  readonly template: PathTemplate;
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly deprecated: boolean;
  readonly sunset?: Sunset;
  /** Those of the path item too, unless the operation has its own of the same name and place. */
  readonly parameters: readonly Parameter[];
  readonly requestBody?: RequestBody;
  readonly responses: readonly Response[];
  /** Alternatives, of which one has to be met; undefined: nothing is said; `[]`: none are needed. One without requirements lets everybody in. */
  readonly security?: readonly SecurityAlternative[];
  readonly servers: readonly Server[];
  readonly dispatch?: PluginUse;
  /** In the order of the request; those of the document included. */
  readonly middlewares: readonly PluginUse[];
  readonly middlewaresFrom: "document" | "operation" | "opted-out";
  readonly mcp: McpTool;
  /** Whether answers are held against {@link responses}; what the document says where the operation says nothing. */
  readonly responseValidation: ResponseValidation;
  /** AsyncAPI: what is written about brokers. */
  readonly bindings?: Json;
  readonly at: Place;
}

export interface Parameter {
  readonly name: string;
  /** `querystring`: the whole query, with `content` (OpenAPI 3.2). */
  readonly in: Location | "querystring";
  readonly required: boolean;
  readonly deprecated: boolean;
  readonly description?: string;
  readonly style: Style;
  readonly explode: boolean;
  readonly allowReserved: boolean;
  readonly allowEmptyValue: boolean;
  /** Either this … */
  readonly schema?: SchemaPart;
  /** … or this. Both are missing only when an error is reported. */
  readonly content?: MediaType;
  readonly at: Place;
}

export interface RequestBody {
  readonly required: boolean;
  readonly description?: string;
  readonly content: readonly MediaType[];
  readonly at: Place;
}

export interface MediaType {
  /** As it is written: `application/json`, `text/*`. */
  readonly mediaType: string;
  /** In lower case, without parameters; `*` for any. */
  readonly type: string;
  readonly subtype: string;
  /** Names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly schema?: SchemaPart;
  /** Of each item of a stream (OpenAPI 3.2). */
  readonly itemSchema?: SchemaPart;
  /** How properties of forms and parts are written. */
  readonly encoding: ReadonlyMap<string, Encoding>;
  readonly at: Place;
}

export interface Encoding {
  readonly contentType?: string;
  readonly headers: readonly Header[];
  /** Undefined: contentType decides. */
  readonly style?: Style;
  readonly explode: boolean;
  readonly allowReserved: boolean;
  readonly at: Place;
}

export interface Header {
  readonly name: string;
  readonly required: boolean;
  readonly explode: boolean;
  readonly schema?: SchemaPart;
  readonly content?: MediaType;
  readonly at: Place;
}

export interface Response {
  /** `200`, `2XX` or `default`. */
  readonly status: string;
  readonly description?: string;
  readonly headers: readonly Header[];
  readonly content: readonly MediaType[];
  readonly at: Place;
}

export interface Server {
  /** As it is written, with variables. */
  readonly url: string;
  /** With the defaults of its variables. */
  readonly defaultUrl: string;
  /** The path of `defaultUrl` without a slash at the end; empty for none. */
  readonly basePath: string;
  readonly at: Place;
}

export interface SecurityScheme {
  readonly name: string;
  /** `apiKey`, `http`, `mutualTLS`, `oauth2`, `openIdConnect`; AsyncAPI has more. */
  readonly type: string;
  /** Of `apiKey`. */
  readonly parameter?: { readonly name: string; readonly in: string };
  /** Of `http`: `basic`, `bearer` … in lower case. */
  readonly scheme?: string;
  readonly bearerFormat?: string;
  readonly openIdConnectUrl?: string;
  /** Of `oauth2`: as it is written. */
  readonly flows?: JsonObject;
  readonly at: Place;
}

export interface SecurityAlternative {
  /** All of them have to be met. */
  readonly requirements: readonly SecurityRequirement[];
  readonly at: Place;
}

export interface SecurityRequirement {
  readonly scheme: SecurityScheme;
  readonly scopes: readonly string[];
}

export interface PluginUse {
  readonly name: string;
  /** Of `name@1.2.0`. */
  readonly version?: string;
  /** Empty when there is none. */
  readonly config: JsonObject;
  /** Of the entry. */
  readonly at: Place;
  /** Of its config; of the entry when it has none. */
  readonly configAt: Place;
}

/** A plugin that the gateway does not bring: a WebAssembly module. */
export interface PluginModule {
  readonly name: string;
  /** Below the folder that is read, with `/`. */
  readonly path: string;
  /** What its digest has to be, in hexadecimal digits. */
  readonly sha256?: string;
  readonly at: Place;
}

export interface McpServer {
  readonly enabled: boolean;
  readonly serverName?: string;
  readonly serverVersion?: string;
  readonly instructions?: string;
  /** Of web pages that may ask; empty for none. */
  readonly allowedOrigins: readonly string[];
  readonly at: Place;
}

export type ResponseValidation = "off" | "report" | "enforce";

export interface McpTool {
  readonly enabled: boolean;
  readonly title?: string;
  readonly description?: string;
  /** What is not said follows from the method. */
  readonly readOnly?: boolean;
  readonly destructive?: boolean;
  readonly idempotent?: boolean;
}

export interface Sunset {
  /** As it is written. */
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}
