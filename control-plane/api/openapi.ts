/** The OpenAPI 3.1 document, made from the route table. Pure. */
import { NamedSchemas } from "./named-schemas.ts";
import type { QueryParameter, Route, Schema } from "./route.ts";
import { SCHEMAS, schemaRef } from "./schemas.ts";
import { TAGS, tagOf } from "./tags.ts";

const PROBLEM = { "application/problem+json": { schema: schemaRef("Problem") } };

/** @param routes the table that is served @param version the program's */
export function openApiDocument(routes: readonly Route[], version: string): Schema {
  const paths: Record<string, Record<string, unknown>> = {};
  const schemas = new NamedSchemas(SCHEMAS);
  const used = new Set(routes.map(({ path }) => tagOf(path)));
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method.toLowerCase()] = operationOf(route, schemas);
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
    tags: TAGS.filter(({ name }) => used.has(name)),
    paths,
    components: {
      schemas: schemas.components(),
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description:
            "An access token (`biplane login`), an API token, or the operator's `BIPLANE_TOKEN`, as `biplane env` shows it. What stands beside it is what the caller must be; see `x-scope`.",
        },
      },
    },
  };
}

function operationOf(route: Route, schemas: NamedSchemas): Schema {
  const { answer } = route;
  const parameters = [
    ...pathParameters(route.path),
    ...(route.query ?? []).map(queryParameter),
    ...headerParameters(route.headers ?? {}),
  ];
  return {
    operationId: route.operationId,
    tags: [tagOf(route.path)],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    security: securityOf(route.scope),
    "x-scope": route.scope,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...requestBodyOf(route, schemas),
    responses: {
      [answer.status]: {
        description: answer.description,
        content: { [answer.contentType]: { schema: schemas.referring(answer.schema) } },
      },
      default: { description: problemText(route), content: PROBLEM },
    },
  };
}

function requestBodyOf({ requestBody, requestOctets }: Route, schemas: NamedSchemas): Schema {
  if (requestBody !== undefined) {
    const content = { "application/json": { schema: schemas.referring(requestBody) } };
    return { requestBody: { required: true, content } };
  }
  if (requestOctets === undefined) return {};
  const content = { "application/octet-stream": { schema: { type: "string", format: "binary" } } };
  return { requestBody: { required: true, description: requestOctets, content } };
}

function securityOf(scope: Route["scope"]): readonly Schema[] {
  if (scope === "public") return [];
  return scope === "metrics" ? [{}, { token: ["cloud:admin"] }] : [{ token: [scope] }];
}

/** What may stand in a path, by name. */
const PATH_PARAMETERS: Readonly<Record<string, Schema>> = {
  org: { description: "The org: twelve digits.", schema: { type: "string", pattern: "^[0-9]{12}$" } },
  member: { description: "A person's id, `prs_…`.", schema: { type: "string" } },
  invitation: { description: "An invitation's id, `inv_…`.", schema: { type: "string" } },
  principal: { description: "A service principal's id, `bsp_…`.", schema: { type: "string" } },
  token: { description: "An API token's id, `tok_…`.", schema: { type: "string" } },
  session: { description: "A session's id, `ses_…`.", schema: { type: "string" } },
  account: { description: "An org's id: twelve digits.", schema: { type: "string", pattern: "^[0-9]{12}$" } },
  project: { description: "A project's id, `prj_…`.", schema: { type: "string" } },
  app: { description: "An app's id, `app_…`, or its name.", schema: { type: "string" } },
  env: { description: "An environment's id, `env_…`, or its name.", schema: { type: "string" } },
  release: { description: "A release's id, `rel_…`, or its number.", schema: { type: "string" } },
  deploy: { description: "A deploy's id, `dep_…`.", schema: { type: "string" } },
  route: { description: "A route's id, `rte_…`.", schema: { type: "string" } },
  instance: { description: "An instance's id, `ins_…`.", schema: { type: "string" } },
  type: { description: "The aggregate's type, for example `env`.", schema: { type: "string" } },
  aggregate: { description: "The aggregate's id.", schema: { type: "string" } },
  volume: { description: "A volume's id, `vol_…`, or its name.", schema: { type: "string" } },
  attachment: { description: "An attachment's id, `vat_…`.", schema: { type: "string" } },
  snapshot: { description: "A snapshot's id, `snp_…`.", schema: { type: "string" } },
  restore: { description: "A restore's id, `rst_…`.", schema: { type: "string" } },
  spec: { description: "A spec's id, `spc_…`.", schema: { type: "string" } },
  revision: { description: "A revision's id, `spr_…`, its number, or `latest`.", schema: { type: "string" } },
  build: { description: "A build's id, `bld_…`.", schema: { type: "string" } },
  artifact: { description: "An artifact's id, `art_…`.", schema: { type: "string" } },
  trustedKey: { description: "A trusted key's name, or its id, `gtk_…`.", schema: { type: "string" } },
  key: { description: "A key's id, `gky_…`.", schema: { type: "string" } },
  group: { description: "A group's id, `ggr_…`, or its name.", schema: { type: "string" } },
  dataPlane: { description: "A gateway's id, `gwy_…`.", schema: { type: "string" } },
  deployment: { description: "A deployment's id, `gdp_…`, or `current`.", schema: { type: "string" } },
  node: { description: "A node's id, `nod_…`, or its name.", schema: { type: "string" } },
};

function pathParameters(path: string): readonly Schema[] {
  return Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => ({
    name,
    in: "path",
    required: true,
    ...PATH_PARAMETERS[name!]!,
  }));
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
