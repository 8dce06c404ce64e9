/** What a route of the REST API is: everything about it in one place, so that the table is also the documentation. */
import type { HttpRequest, HttpResponse } from "#foundation/http";
import type { ApiEnvironment } from "./environment.ts";

/**
 * What a caller must be allowed to do.
 *
 * - `public`: nothing; the answer holds nothing that is not to be seen by anyone who can connect
 * - `metrics`: come from this machine, or hold `read`
 * - `read`: see everything but secrets
 * - `write`: change what the control plane decides
 */
export type Scope = "public" | "metrics" | "read" | "write";

/** A JSON Schema (2020-12) as OpenAPI 3.1 takes it. */
export type Schema = Readonly<Record<string, unknown>>;

/** One query parameter. */
export type QueryParameter =
  | {
      readonly name: string;
      readonly description: string;
      readonly type: "integer";
      readonly minimum: number;
      readonly maximum: number;
      readonly default: number;
    }
  | { readonly name: string; readonly description: string; readonly type: "boolean" }
  | { readonly name: string; readonly description: string; readonly type: "string"; readonly pattern: string };

/** Parsed query parameters by name; integers have their default. */
export type QueryValues = Readonly<Record<string, string | number | boolean | undefined>>;

/** One call of a route, past authentication and parsing of the query. */
export interface RouteCall {
  readonly request: HttpRequest;
  readonly query: QueryValues;
  readonly params: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly scope: Scope;
  readonly query?: readonly QueryParameter[];
  /** Request headers that mean something here, by name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly requestBody?: Schema;
  /** The successful answer. */
  readonly answer: {
    readonly status: number;
    readonly contentType: string;
    readonly schema: Schema;
    readonly description: string;
  };
  /** Problem codes that this route adds to those that every route may answer. */
  readonly problems?: readonly string[];
  readonly handle: (call: RouteCall, environment: ApiEnvironment) => HttpResponse | Promise<HttpResponse>;
}
