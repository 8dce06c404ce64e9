/**
 * What a compiled gateway is: everything that descriptions say, decided once. JSON, so that an artifact holds no program of ours; a gateway makes routes, readers of parameters
 * and validators of it when it loads.
 */
import type { PathTemplate } from "#foundation/api-description";
import type { Location, Style, ValueShape } from "#foundation/api-parameters";
import type { PlannedModule } from "./modules/module-manifest.ts";

export const PLAN_VERSION = 1;

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };
export type JsonObject = { readonly [name: string]: JsonValue };

export interface GatewayPlan {
  readonly version: typeof PLAN_VERSION;
  readonly apis: readonly PlannedApi[];
  /** Sorted by path, then method. */
  readonly operations: readonly PlannedOperation[];
  /** Uses of plugins: the same plugin with the same configuration is there once, and is set up once. */
  readonly plugins: readonly PluginUse[];
  /** Plugins of others that are used, sorted by name; the artifact has their programs. Undefined: none. */
  readonly modules?: readonly PlannedModule[];
  /** Documents that schemas are in. */
  readonly schemas: readonly PlannedSchemaDocument[];
  /** Undefined: no operation is a tool. */
  readonly mcp?: PlannedMcpServer;
}

export interface PlannedApi {
  /** Its file, as it was named. Its member below `specs/` has that name too, as far as archives take it. */
  readonly file: string;
  readonly format: "openapi" | "asyncapi";
  /** Of the format: `3.1.0`. */
  readonly formatVersion: string;
  readonly title: string;
  readonly version: string;
}

export interface PlannedOperation {
  /** `GET /pets/{id}`: the same in every build, for metrics, logs and whatever outlives a reload. */
  readonly id: string;
  /** Place in {@link GatewayPlan.apis}. */
  readonly api: number;
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  readonly template: PathTemplate;
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly deprecated: boolean;
  /** Date of HTTP (RFC 9110 §5.6.7), for the field `Sunset` (RFC 8594). */
  readonly sunset?: string;
  readonly parameters: readonly PlannedParameter[];
  readonly requestBody?: { readonly required: boolean; readonly content: readonly PlannedMediaType[] };
  readonly responses: readonly PlannedResponse[];
  /** Places in {@link GatewayPlan.plugins}, in the order of the request. */
  readonly middlewares: readonly number[];
  /** Place in {@link GatewayPlan.plugins}. */
  readonly dispatch: number;
  /** What is done about answers that do not fit {@link responses}; undefined: nothing. */
  readonly responseValidation?: "report" | "enforce";
  /** Undefined: it is no tool. */
  readonly tool?: PlannedTool;
}

export interface PlannedMcpServer {
  readonly serverName: string;
  readonly serverVersion: string;
  /** For the model: what all tools together are for. */
  readonly instructions?: string;
  /** Of web pages that may ask, as browsers write them: `https://example.com`. Undefined: none. */
  readonly allowedOrigins?: readonly string[];
}

/** An operation as a tool of the Model Context Protocol. */
export interface PlannedTool {
  readonly name: string;
  readonly title?: string;
  readonly description: string;
  /** JSON Schema 2020-12 that refers to nothing outside of itself; of an object. */
  readonly inputSchema: JsonObject;
  /** Likewise, of the body of the one successful response. Undefined: there is none, or it cannot be said in so few words. */
  readonly outputSchema?: JsonObject;
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
  };
  /** Which argument is which parameter. */
  readonly arguments: readonly PlannedArgument[];
  /** The argument that is the body. */
  readonly body?: {
    readonly argument: string /** Place in the content of the request's body. */;
    readonly content: number;
  };
}

export interface PlannedArgument {
  readonly name: string;
  /** Place in {@link PlannedOperation.parameters}. */
  readonly parameter: number;
}

export interface PlannedParameter {
  readonly name: string;
  /** `querystring`: the whole query (OpenAPI 3.2). */
  readonly in: Location | "querystring";
  readonly required: boolean;
  readonly style: Style;
  readonly explode: boolean;
  readonly allowEmptyValue: boolean;
  readonly shape: ValueShape;
  readonly isJson: boolean;
  /** Of `querystring`: how the query is written. */
  readonly mediaType?: string;
  readonly schema?: SchemaRef;
}

export interface PlannedMediaType {
  /** In lower case, without parameters: `application/json`, `text/*`; any type is `*` twice, with a slash between. */
  readonly type: string;
  readonly schema?: SchemaRef;
  /** Of each item of a sequence, such as JSON lines or server-sent events (OpenAPI 3.2). */
  readonly itemSchema?: SchemaRef;
  /** Of forms: how members are written. By name; what is missing is written by default. */
  readonly encoding?: Readonly<Record<string, PlannedEncoding>>;
  /** Of forms: what members may be, for reading them as such. */
  readonly shape?: ValueShape;
}

export interface PlannedEncoding {
  readonly contentType?: string;
  readonly style?: Style;
  readonly explode: boolean;
}

export interface PlannedResponse {
  /** `200`, `2XX` or `default`. */
  readonly status: string;
  /** Fields that answers are held against; undefined: none. */
  readonly headers?: readonly PlannedParameter[];
  readonly content: readonly PlannedMediaType[];
}

/** A schema by its place. */
export interface SchemaRef {
  /** Place in {@link GatewayPlan.schemas}. */
  readonly document: number;
  /** JSON Pointer in it. */
  readonly pointer: string;
}

export interface PlannedSchemaDocument {
  readonly uri: string;
  readonly dialect: "openapi-3.0" | "openapi-3.1" | "openapi-3.2" | "2020-12";
  readonly root: JsonValue;
  /** Pointers of the schemas in it that are not inside of others, sorted. */
  readonly schemasAt: readonly string[];
}

export interface PluginUse {
  readonly kind: "middleware" | "dispatcher";
  readonly name: string;
  /** As it is written, references to secrets unresolved, with the defaults of the plugin's schema filled in. */
  readonly config: JsonObject;
}
