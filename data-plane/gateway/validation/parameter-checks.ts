/** Parameters of a request held against their description. */
import {
  type Parameter,
  parseCookies,
  parseQuery,
  type RawQuery,
  readParameter,
  type SentParameters,
} from "#foundation/api-parameters";
import type { PlannedParameter } from "#foundation/gateway-artifact";
import type { Validator } from "#foundation/json-schema";
import type { HeaderFields } from "../message/header-fields.ts";
import { formValue } from "./forms.ts";
import type { ValidatorSet } from "./validator-set.ts";
import { VIOLATIONS_MAX, type Violation } from "./violation.ts";

/** What parameters are read from. */
export interface ParameterSource {
  readonly query: string;
  readonly headers: HeaderFields;
}

interface CheckedParameter {
  readonly parameter: Parameter;
  readonly validator: (() => Validator) | undefined;
}

const EMPTY_QUERY: RawQuery = { byName: new Map(), isBroken: false };
const NO_COOKIES: SentParameters["cookies"] = new Map();

/** Checks that were made for the parameters of one operation. */
export class ParameterChecks {
  readonly #parameters: readonly CheckedParameter[];
  readonly #queryString: { readonly planned: PlannedParameter; readonly validator?: () => Validator } | undefined;
  readonly #readsQuery: boolean;
  readonly #readsCookies: boolean;
  /** Names of the path's parameters in the order of the path. */
  readonly #pathNames: readonly string[];

  constructor(
    planned: readonly PlannedParameter[],
    pathNames: readonly string[],
    validators: ValidatorSet,
    direction: "request" | "response" = "request",
  ) {
    const validatorOf = ({ schema }: PlannedParameter) =>
      schema === undefined ? undefined : validators.lazily(schema, direction);
    this.#parameters = planned.flatMap((one) =>
      one.in === "querystring" ? [] : [{ parameter: one as Parameter, validator: validatorOf(one) }],
    );
    const whole = planned.find((one) => one.in === "querystring");
    const wholeValidator = whole && validatorOf(whole);
    this.#queryString = whole && {
      planned: whole,
      ...(wholeValidator === undefined ? {} : { validator: wholeValidator }),
    };
    this.#readsQuery = this.#parameters.some(({ parameter }) => parameter.in === "query");
    this.#readsCookies = this.#parameters.some(({ parameter }) => parameter.in === "cookie");
    this.#pathNames = pathNames;
  }

  /** @param pathValues of the path's parameters in their order, percent-encoded. @returns everything that does not fit, up to a limit */
  check(pathValues: readonly string[], source: ParameterSource): readonly Violation[] {
    if (this.#parameters.length === 0 && this.#queryString === undefined) return NONE;
    const query = this.#readsQuery && source.query !== "" ? parseQuery(source.query) : EMPTY_QUERY;
    if (query === undefined) return [{ in: "query", pointer: "", message: "has too many pairs" }];
    let violations: Violation[] | undefined;
    if (query.isBroken) {
      violations = [
        { in: "query", name: "", pointer: "", message: "is not percent-encoded correctly, or is not UTF-8" },
      ];
    }
    const cookies = this.#readsCookies ? parseCookies(source.headers.all("cookie").join("; ")) : NO_COOKIES;
    const sent = new Sent(this.#pathNames, pathValues, query, source.headers, cookies);
    for (const one of this.#parameters) {
      if (violations !== undefined && violations.length >= VIOLATIONS_MAX) break;
      const found = checkParameter(one, sent);
      if (found.length > 0) violations = [...(violations ?? []), ...found];
    }
    if (this.#queryString !== undefined) {
      const found = this.#checkQueryString(source.query);
      if (found.length > 0) violations = [...(violations ?? []), ...found];
    }
    return violations ?? NONE;
  }

  #checkQueryString(query: string): readonly Violation[] {
    const { planned, validator } = this.#queryString!;
    const { name, required } = planned;
    const broken = (message: string): readonly Violation[] => [{ in: "query", name, pointer: "", message }];
    if (query === "") return required ? broken("is required") : NONE;
    if (validator === undefined) return NONE;
    let value: unknown;
    if (planned.isJson) {
      try {
        value = JSON.parse(decodeURIComponent(query));
      } catch {
        return broken("must be JSON, percent-encoded");
      }
    } else {
      const read = formValue(query, { type: planned.mediaType ?? "", shape: planned.shape });
      if ("problem" in read) return broken(read.problem);
      value = read.value;
    }
    return violationsOf(validator(), value, "query", name);
  }
}

const NONE: readonly Violation[] = [];

/** What one request has sent. */
class Sent implements SentParameters {
  readonly #pathNames: readonly string[];
  readonly #pathValues: readonly string[];
  readonly #headers: HeaderFields;
  readonly query: RawQuery;
  readonly cookies: SentParameters["cookies"];

  constructor(
    pathNames: readonly string[],
    pathValues: readonly string[],
    query: RawQuery,
    headers: HeaderFields,
    cookies: SentParameters["cookies"],
  ) {
    this.#pathNames = pathNames;
    this.#pathValues = pathValues;
    this.#headers = headers;
    this.query = query;
    this.cookies = cookies;
  }

  path(name: string): string | undefined {
    const at = this.#pathNames.indexOf(name);
    return at === -1 ? undefined : this.#pathValues[at];
  }

  header(name: string): readonly string[] {
    return this.#headers.all(name);
  }
}

function checkParameter({ parameter, validator }: CheckedParameter, sent: SentParameters): readonly Violation[] {
  const read = readParameter(parameter, sent);
  const { in: place, name } = parameter;
  switch (read.kind) {
    case "absent":
      return parameter.required ? [{ in: place, name, pointer: "", message: "is required" }] : NONE;
    case "empty":
      return NONE;
    case "broken":
      return [{ in: place, name, pointer: "", message: read.problem }];
    case "value":
      return validator === undefined ? NONE : violationsOf(validator(), read.value, place, name);
  }
}

/** What a validator finds, as violations. */
export function violationsOf(
  validator: Validator,
  value: unknown,
  place: Violation["in"],
  name?: string,
): readonly Violation[] {
  if (validator.fits(value as never)) return NONE;
  return validator.errors(value as never, VIOLATIONS_MAX).map(({ instancePath, message }) => ({
    in: place,
    ...(name === undefined ? {} : { name }),
    pointer: instancePath,
    message,
  }));
}
