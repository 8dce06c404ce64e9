/**
 * Whether gateways could use an artifact that somebody else has compiled: what the compiler holds itself to, and what a gateway would find at its start. Pure.
 *
 * A digest proves that nothing was changed since it was sealed, and says nothing about who sealed what.
 */
import { createHash } from "node:crypto";
import { parseTemplate } from "#foundation/api-description";
import { canonicalJson } from "#foundation/canonical-json";
import {
  type GatewayArtifact,
  type GatewayPlan,
  judgeModule,
  PLUGIN_DECLARATIONS,
  type PlannedOperation,
  type PluginDeclaration,
  type SchemaRef,
} from "#foundation/gateway-artifact";
import {
  createValidator,
  InvalidSchema,
  inspectSchemas,
  SchemaResources,
  type Validator,
} from "#foundation/json-schema";
import { ConfigJudge } from "../compiler/config-judge.ts";
import { PLAN_SCHEMA } from "./plan-schema.ts";

let shape: Validator | undefined;

/** The first thing that is wrong, as a sentence; undefined: gateways of this version can use it. */
export function planProblem(artifact: GatewayArtifact): string | undefined {
  const { plan } = artifact;
  shape ??= createValidator(PLAN_SCHEMA as never);
  const [fault] = shape.errors(plan as never);
  if (fault !== undefined) return `plan.json: ${fault.instancePath || "it"} ${fault.message}.`;
  return (
    membersProblem(artifact) ??
    modulesProblem(artifact) ??
    pluginsProblem(plan) ??
    operationsProblem(plan) ??
    schemasProblem(plan)
  );
}

function membersProblem({ plan, specs, modules = new Map() }: GatewayArtifact): string | undefined {
  const files = new Set(plan.apis.map(({ file }) => file));
  if (specs.size < files.size) {
    return `It has ${specs.size} of the descriptions that its plan was made of, and ${files.size} are named.`;
  }
  const planned = new Set((plan.modules ?? []).map(({ name }) => name));
  const left = [...modules.keys()].find((name) => !planned.has(name));
  return left === undefined ? undefined : `It has a module ${JSON.stringify(left)} that its plan does not name.`;
}

function modulesProblem({ plan, modules }: GatewayArtifact): string | undefined {
  const seen = new Set<string>();
  for (const planned of plan.modules ?? []) {
    const { name, sha256 } = planned;
    if (seen.has(name)) return `The module ${name} is planned twice.`;
    seen.add(name);
    if (PLUGIN_DECLARATIONS.has(name)) return `It brings a plugin ${name}, which gateways have.`;
    const bytes = modules?.get(name);
    if (bytes === undefined) return `It has no module for the plugin ${name}.`;
    if (createHash("sha256").update(bytes).digest("hex") !== sha256) {
      return `The module of the plugin ${name} is another one than the plan says.`;
    }
    const [fault] = judgeModule(bytes, planned).faults;
    if (fault !== undefined) return `The plugin ${name} cannot be used: ${fault}`;
  }
  return undefined;
}

function pluginsProblem({ plugins, modules = [] }: GatewayPlan): string | undefined {
  const brought = modules.map(({ name, summary, config, urls, kind, phase, enforces }): [string, PluginDeclaration] => {
    const common = { name, summary, config, urls };
    return [name, kind === "dispatcher" ? { ...common, kind } : { ...common, kind, phase, enforces }];
  });
  const declarations = new Map([...PLUGIN_DECLARATIONS, ...brought]);
  const judge = new ConfigJudge();
  for (const [index, { name, kind, config }] of plugins.entries()) {
    const at = `plan.json: /plugins/${index}`;
    const declaration = declarations.get(name);
    if (declaration === undefined) return `${at} is of a plugin ${JSON.stringify(name)}, which gateways do not have.`;
    if (declaration.kind !== kind) return `${at} uses ${name} as a ${kind}; it is a ${declaration.kind}.`;
    try {
      const [problem] = judge.judge(declaration, config).problems;
      if (problem !== undefined) return `${at}/config${problem.pointer}: ${problem.message}`;
    } catch (error) {
      if (!(error instanceof InvalidSchema)) throw error;
      return `The schema of the configuration of the plugin ${name} cannot be used: ${error.message}`;
    }
  }
  return undefined;
}

function operationsProblem(plan: GatewayPlan): string | undefined {
  const seen = new Set<string>();
  const tools = new Set<string>();
  for (const [index, operation] of plan.operations.entries()) {
    const problem = operationProblem(operation, plan);
    if (problem !== undefined) return `plan.json: /operations/${index} ${problem}.`;
    const { method, template, tool } = operation;
    const route = `${method} ${template.structure}`;
    if (seen.has(route)) return `plan.json: /operations/${index} answers what another operation answers.`;
    seen.add(route);
    if (tool === undefined) continue;
    if (tools.has(tool.name)) return `plan.json: /operations/${index} is a tool of the name of another.`;
    tools.add(tool.name);
  }
  return undefined;
}

function operationProblem(operation: PlannedOperation, { apis, plugins }: GatewayPlan): string | undefined {
  const { id, method, path, template, api, middlewares, dispatch, parameters, requestBody, tool } = operation;
  // By it operations are known in metrics, logs and audits: one must not pass for another.
  if (id !== `${method} ${path}`) return "is called by another name than its method and path";
  const parsed = parseTemplate(path);
  if (!("template" in parsed)) return `has a path that is none: ${parsed.problem}`;
  if (canonicalJson(parsed.template) !== canonicalJson(template)) return "has a template that is not that of its path";
  if (apis[api] === undefined) return "is of no API of the plan";
  if (middlewares.some((use) => plugins[use]?.kind !== "middleware")) return "names something else as a middleware";
  if (plugins[dispatch]?.kind !== "dispatcher") return "has no dispatcher";
  if (tool?.arguments.some(({ parameter }) => parameters[parameter] === undefined))
    return "has a tool without a parameter";
  if (tool?.body !== undefined && requestBody?.content[tool.body.content] === undefined)
    return "has a tool without a body";
  return undefined;
}

function schemasProblem({ schemas, operations }: GatewayPlan): string | undefined {
  const resources = new SchemaResources();
  try {
    for (const { uri, root, dialect, schemasAt } of schemas) resources.add(uri, root as never, { dialect, schemasAt });
  } catch (error) {
    if (!(error instanceof InvalidSchema)) throw error;
    return `A schema cannot be used: ${error.message}`;
  }
  const placeOf = ({ document, pointer }: SchemaRef) => {
    const uri = schemas[document]?.uri;
    return uri === undefined ? undefined : resources.at(uri, pointer);
  };
  for (const [index, operation] of operations.entries()) {
    const missing = schemaRefsOf(operation).find((ref) => placeOf(ref) === undefined);
    if (missing !== undefined) return `plan.json: /operations/${index} refers to a schema that is not there.`;
  }
  const named = schemas.flatMap(({ schemasAt }, document) => schemasAt.map((pointer) => ({ document, pointer })));
  const all = [...named, ...operations.flatMap(schemaRefsOf)].flatMap((ref) => placeOf(ref) ?? []);
  const [problem] = inspectSchemas(all, { resources, assertFormat: true }).problems;
  return problem && `A schema cannot be used: ${problem.document}#${problem.pointer}: ${problem.message}`;
}

function schemaRefsOf({ parameters, requestBody, responses }: PlannedOperation): readonly SchemaRef[] {
  const contents = [...(requestBody?.content ?? []), ...responses.flatMap(({ content }) => content)];
  const fields = [...parameters, ...responses.flatMap(({ headers = [] }) => headers)];
  return [
    ...fields.map(({ schema }) => schema),
    ...contents.flatMap(({ schema, itemSchema }) => [schema, itemSchema]),
  ].filter((ref) => ref !== undefined);
}
