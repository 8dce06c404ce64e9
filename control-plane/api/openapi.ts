/** The OpenAPI 3.1 document, made from the route table. Pure. */
import type { QueryParameter, Route, Schema } from "./route.ts";
import { SCHEMAS, schemaRef } from "./schemas.ts";

const PROBLEM = { "application/problem+json": { schema: schemaRef("Problem") } };

/** @param routes the table that is served @param version the program's */
export function openApiDocument(routes: readonly Route[], version: string): Schema {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Biplane control plane",
      version,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description:
        "What the control plane knows and decides. Objects and buckets are served by the data planes, through AWS's own protocols.",
    },
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "`BIPLANE_TOKEN`, as `biplane env` shows it." },
      },
    },
  };
}

function operationOf(route: Route): Schema {
  const { answer } = route;
  return {
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: securityOf(route.scope),
    "x-scope": route.scope,
    ...(route.query === undefined && route.headers === undefined
      ? {}
      : { parameters: [...(route.query ?? []).map(queryParameter), ...headerParameters(route.headers ?? {})] }),
    ...(route.requestBody === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: route.requestBody } } } }),
    responses: {
      [answer.status]: {
        description: answer.description,
        content: { [answer.contentType]: { schema: answer.schema } },
      },
      default: { description: problemText(route), content: PROBLEM },
    },
  };
}

function securityOf(scope: Route["scope"]): readonly Schema[] {
  if (scope === "public") return [];
  return scope === "metrics" ? [{}, { token: [] }] : [{ token: [] }];
}

function queryParameter(parameter: QueryParameter): Schema {
  const { name, description, ...schema } = parameter;
  return { name, in: "query", description, schema };
}

function headerParameters(headers: Readonly<Record<string, string>>): readonly Schema[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    description,
    schema: { type: "string" },
  }));
}

function problemText(route: Route): string {
  return route.problems === undefined ? "A problem." : `A problem, among others: ${route.problems.join(", ")}.`;
}
