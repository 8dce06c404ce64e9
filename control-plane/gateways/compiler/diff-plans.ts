/** What is different for callers between two artifacts. Pure. */
import { canonicalJson } from "#foundation/canonical-json";
import type { GatewayPlan, PlannedMediaType, PlannedOperation, SchemaRef } from "#foundation/gateway-artifact";

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
  const changes: PlanChange[] = [];
  for (const [key, operation] of old) {
    const other = next.get(key);
    if (other === undefined) changes.push(change("breaking", operation, "is not there any more"));
    else changes.push(...new Comparison(before, operation, after, other).changes());
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
  ) {}

  changes(): readonly PlanChange[] {
    this.#parameters();
    this.#body();
    this.#responses();
    this.#middlewares();
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
      this.#schema(was.schema, parameter.schema, called);
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
    this.#types(old.content, next.content, "takes", "breaking");
  }

  #responses(): void {
    const next = new Map(this.next.responses.map((one) => [one.status, one]));
    const old = new Set(this.old.responses.map(({ status }) => status));
    for (const { status, content } of this.old.responses) {
      const other = next.get(status);
      if (other === undefined) this.#add("unclear", `does not describe the response ${status} any more`);
      else this.#types(content, other.content, `answers ${status} with`, "breaking");
    }
    for (const status of next.keys()) if (!old.has(status)) this.#add("unclear", `may answer ${status} now`);
  }

  #types(
    old: readonly PlannedMediaType[],
    next: readonly PlannedMediaType[],
    verb: string,
    gone: PlanChange["kind"],
  ): void {
    const byType = new Map(next.map((one) => [one.type, one]));
    for (const { type, schema } of old) {
      const other = byType.get(type);
      if (other === undefined) this.#add(gone, `${verb} ${type} no more`);
      else this.#schema(schema, other.schema, `what it ${verb} as ${type}`);
    }
    const known = new Set(old.map(({ type }) => type));
    for (const { type } of next) if (!known.has(type)) this.#add("compatible", `${verb} ${type} too`);
  }

  #schema(old: SchemaRef | undefined, next: SchemaRef | undefined, what: string): void {
    if (textOf(this.before, old) === textOf(this.after, next)) return;
    this.#add("unclear", `describes ${what} by another schema`);
  }

  #middlewares(): void {
    const old = namesOf(this.before, this.old);
    const next = namesOf(this.after, this.next);
    for (const name of new Set(next)) if (!old.includes(name)) this.#add("unclear", `passes through ${name} now`);
    for (const name of new Set(old))
      if (!next.includes(name)) this.#add("unclear", `does not pass through ${name} any more`);
  }
}

const namesOf = (plan: GatewayPlan, { middlewares }: PlannedOperation): readonly string[] =>
  middlewares.map((use) => plan.plugins[use]?.name ?? "");

/** The schema with everything that it refers to. */
function textOf(plan: GatewayPlan, ref: SchemaRef | undefined): string {
  if (ref === undefined) return "";
  const roots = new Map(plan.schemas.map(({ uri, root }) => [uri, root]));
  const seen = new Set<string>();
  const parts: string[] = [];
  const queue = [{ uri: plan.schemas[ref.document]?.uri ?? "", pointer: ref.pointer }];
  for (let place = queue.pop(); place !== undefined; place = queue.pop()) {
    const { uri, pointer } = place;
    if (seen.has(`${uri}#${pointer}`)) continue;
    seen.add(`${uri}#${pointer}`);
    const found = atPointer(roots.get(uri), pointer);
    parts.push(found === undefined ? "" : canonicalJson(found));
    for (const reference of referencesIn(found)) queue.push(placeOf(reference, uri));
  }
  return parts.join("\n");
}

/** Where a reference leads that stands in the document `base`. Those to schemas with an `$id` of their own lead to no document, and count as they are written. */
function placeOf(reference: string, base: string): { readonly uri: string; readonly pointer: string } {
  const hash = reference.includes("#") ? reference.indexOf("#") : reference.length;
  const [address, fragment] = [reference.slice(0, hash), reference.slice(hash + 1)];
  return {
    uri: address === "" ? base : URL.canParse(address, base) ? new URL(address, base).href : address,
    pointer: decoded(fragment),
  };
}

function decoded(fragment: string): string {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return fragment;
  }
}

function atPointer(root: unknown, pointer: string): unknown {
  let value = root;
  for (const step of pointer === "" ? [] : pointer.slice(1).split("/")) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return value;
}

function referencesIn(value: unknown): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, one]) =>
    name === "$ref" && typeof one === "string" ? [one] : referencesIn(one),
  );
}
