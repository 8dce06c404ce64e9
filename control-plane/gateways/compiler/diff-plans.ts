/** What is different for callers between two artifacts. Pure. */
import type { GatewayPlan, PlannedMediaType, PlannedOperation, SchemaRef } from "#foundation/gateway-artifact";
import { ReachedSchemas } from "./reached-schemas.ts";
import { type Direction, schemaChanges } from "./schema-changes.ts";

export interface PlanChange {
  /** `breaking`: a caller that was right before may be refused now, or not understand what comes. `unclear`: it depends on what the parts mean. */
  readonly kind: "breaking" | "compatible" | "unclear";
  /** `GET /pets/{id}` */
  readonly operation: string;
  readonly message: string;
}

/** Operation by operation, in the order of their paths. */
export function diffPlans(before: GatewayPlan, after: GatewayPlan): readonly PlanChange[] {
  const old = new Map(before.operations.map((one) => [keyOf(one), one]));
  const next = new Map(after.operations.map((one) => [keyOf(one), one]));
  const schemas = [new ReachedSchemas(before), new ReachedSchemas(after)] as const;
  const changes: PlanChange[] = [];
  for (const [key, operation] of old) {
    const other = next.get(key);
    if (other === undefined) changes.push(change("breaking", operation, "is not there any more"));
    else changes.push(...new Comparison(before, operation, after, other, schemas).changes());
  }
  for (const [key, operation] of next) if (!old.has(key)) changes.push(change("compatible", operation, "is new"));
  return changes.toSorted((left, right) =>
    left.operation < right.operation ? -1 : left.operation > right.operation ? 1 : 0,
  );
}

/** Names of parameters are nothing to callers. */
const keyOf = ({ method, template }: PlannedOperation): string => `${method} ${template.structure}`;

function change(kind: PlanChange["kind"], { id }: PlannedOperation, what: string): PlanChange {
  return { kind, operation: id, message: `${id} ${what}` };
}

class Comparison {
  readonly #found: PlanChange[] = [];

  constructor(
    private readonly before: GatewayPlan,
    private readonly old: PlannedOperation,
    private readonly after: GatewayPlan,
    private readonly next: PlannedOperation,
    private readonly schemas: readonly [before: ReachedSchemas, after: ReachedSchemas],
  ) {}

  changes(): readonly PlanChange[] {
    this.#parameters();
    this.#body();
    this.#responses();
    this.#middlewares();
    this.#modules();
    if (!this.old.deprecated && this.next.deprecated) this.#add("compatible", "is deprecated now");
    return this.#found;
  }

  #add(kind: PlanChange["kind"], what: string): void {
    this.#found.push(change(kind, this.next, what));
  }

  #parameters(): void {
    // A parameter of the path is the same when it stands in the same place.
    const nameOf = (
      { in: place, name }: PlannedOperation["parameters"][number],
      operation: PlannedOperation,
    ): string =>
      place === "path"
        ? `path ${operation.template.parameters.indexOf(name)}`
        : `${place} ${place === "header" ? name.toLowerCase() : name}`;
    const old = new Map(this.old.parameters.map((one) => [nameOf(one, this.old), one]));
    const next = new Map(this.next.parameters.map((one) => [nameOf(one, this.next), one]));
    for (const [key, parameter] of next) {
      const called = `the ${parameter.in} parameter ${JSON.stringify(parameter.name)}`;
      const was = old.get(key);
      if (was === undefined) {
        this.#add(
          parameter.required ? "breaking" : "compatible",
          `has ${called} now${parameter.required ? ", and needs it" : ""}`,
        );
        continue;
      }
      if (!was.required && parameter.required) this.#add("breaking", `needs ${called} now`);
      if (was.required && !parameter.required) this.#add("compatible", `does not need ${called} any more`);
      if (was.style !== parameter.style || was.explode !== parameter.explode || was.isJson !== parameter.isJson) {
        this.#add("breaking", `reads ${called} in another style`);
      }
      this.#schema(was.schema, parameter.schema, called, "request");
    }
    for (const [key, { in: place, name }] of old) {
      if (!next.has(key))
        this.#add("unclear", `has no ${place} parameter ${JSON.stringify(name)} any more: it passes unchecked`);
    }
  }

  #body(): void {
    const old = this.old.requestBody;
    const next = this.next.requestBody;
    if (old === undefined && next === undefined) return;
    if (old === undefined) {
      this.#add(next!.required ? "breaking" : "unclear", next!.required ? "needs a body now" : "describes a body now");
      return;
    }
    if (next === undefined) {
      this.#add("unclear", "describes no body any more: it passes unchecked");
      return;
    }
    if (!old.required && next.required) this.#add("breaking", "needs a body now");
    if (old.required && !next.required) this.#add("compatible", "does not need a body any more");
    this.#types(old.content, next.content, "takes", "request");
  }

  #responses(): void {
    const next = new Map(this.next.responses.map((one) => [one.status, one]));
    const old = new Set(this.old.responses.map(({ status }) => status));
    for (const { status, content } of this.old.responses) {
      const other = next.get(status);
      if (other === undefined) this.#add("unclear", `does not describe the response ${status} any more`);
      else this.#types(content, other.content, `answers ${status} with`, "response");
    }
    for (const status of next.keys()) if (!old.has(status)) this.#add("unclear", `may answer ${status} now`);
  }

  #types(
    old: readonly PlannedMediaType[],
    next: readonly PlannedMediaType[],
    verb: string,
    direction: Direction,
  ): void {
    const byType = new Map(next.map((one) => [one.type, one]));
    for (const { type, schema } of old) {
      const other = byType.get(type);
      if (other === undefined) this.#add("breaking", `${verb} ${type} no more`);
      else this.#schema(schema, other.schema, `what it ${verb} as ${type}`, direction);
    }
    const known = new Set(old.map(({ type }) => type));
    for (const { type } of next) if (!known.has(type)) this.#add("compatible", `${verb} ${type} too`);
  }

  #schema(old: SchemaRef | undefined, next: SchemaRef | undefined, what: string, direction: Direction): void {
    const [was, is] = this.schemas;
    if (was.textOf(old) === is.textOf(next)) return;
    const found = schemaChanges(was.placeOf(old), is.placeOf(next), direction);
    for (const one of found) this.#add("breaking", `${one}, in ${what}`);
    if (found.length === 0) this.#add("unclear", `describes ${what} by another schema`);
  }

  #middlewares(): void {
    const old = namesOf(this.before, this.old);
    const next = namesOf(this.after, this.next);
    for (const name of new Set(next)) if (!old.includes(name)) this.#add("unclear", `passes through ${name} now`);
    for (const name of new Set(old))
      if (!next.includes(name)) this.#add("unclear", `does not pass through ${name} any more`);
  }

  /** What a module does is known only by running it. */
  #modules(): void {
    const usedBy = (plan: GatewayPlan, { middlewares, dispatch }: PlannedOperation) => {
      const names = new Set([...middlewares, dispatch].map((use) => plan.plugins[use]?.name));
      return new Map((plan.modules ?? []).flatMap(({ name, sha256 }) => (names.has(name) ? [[name, sha256]] : [])));
    };
    const old = usedBy(this.before, this.old);
    for (const [name, sha256] of usedBy(this.after, this.next)) {
      const before = old.get(name);
      if (before !== undefined && before !== sha256) this.#add("unclear", `uses another module for ${name}`);
    }
  }
}

const namesOf = (plan: GatewayPlan, { middlewares }: PlannedOperation): readonly string[] =>
  middlewares.map((use) => plan.plugins[use]?.name ?? "");
