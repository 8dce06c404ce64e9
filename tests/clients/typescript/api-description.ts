/** What a control plane says of its API: which operation a request is, and whether an answer is as it was said. */
import { createValidator, SchemaResources, type Validator } from "#foundation/json-schema";

type Json = Parameters<Validator["fits"]>[0];

export interface DescribedOperation {
  readonly operationId: string;
  readonly method: string;
  readonly path: string;
  /** The path as what matches a request's. */
  readonly pattern: RegExp;
  readonly contentType: string;
  readonly status: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
}

interface OperationObject {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, { readonly content: Readonly<Record<string, unknown>> }>>;
}

const ADDRESS = "https://control.test/openapi.json";

export class ApiDescription {
  readonly operations: readonly DescribedOperation[];
  readonly #resources = new SchemaResources();
  readonly #validators = new Map<string, Validator>();

  constructor(document: object) {
    const { paths } = document as Document;
    this.operations = Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, { operationId, responses }]) => {
        const [status, { content }] = Object.entries(responses).find(([status]) => status.startsWith("2"))!;
        const pattern = new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`);
        return {
          operationId,
          method: method.toUpperCase(),
          path,
          pattern,
          status,
          contentType: Object.keys(content)[0]!,
        };
      }),
    );
    const schemasAt = this.operations.map(pointerOf);
    this.#resources.add(ADDRESS, closed(document as Json), { schemasAt });
  }

  /** The one that a request is of; the most exact when there are several. */
  operationOf(method: string, pathname: string): DescribedOperation | undefined {
    const fitting = this.operations.filter((one) => one.method === method && one.pattern.test(pathname));
    return fitting.sort((left, right) => parametersIn(left.path) - parametersIn(right.path))[0];
  }

  /** What of an answer is not as the description says, a sentence each; an answer has no members that are not described. */
  problemsOf(operation: DescribedOperation, value: unknown): readonly string[] {
    let validator = this.#validators.get(operation.operationId);
    if (validator === undefined) {
      const place = this.#resources.at(ADDRESS, pointerOf(operation))!;
      validator = createValidator(place, { resources: this.#resources, assertFormat: true });
      this.#validators.set(operation.operationId, validator);
    }
    return validator
      .errors(value as Json)
      .map(({ instancePath, message }) => `${operation.operationId}: ${instancePath} ${message}`);
  }
}

/** The document, with structures that have no members beside those that they name, unless they say so. */
function closed(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(closed);
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, closed(member)]));
  const isStructure = members.type === "object" && members.properties !== undefined;
  return isStructure ? { additionalProperties: false, ...members } : members;
}

function pointerOf({ path, method, status, contentType }: DescribedOperation): string {
  const steps = ["paths", path, method.toLowerCase(), "responses", status, "content", contentType, "schema"];
  return steps.map((step) => `/${step.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

const parametersIn = (path: string): number => path.split("{").length;
