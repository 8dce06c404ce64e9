/** Parameters of an operation. */
import {
  defaultExplode,
  defaultStyle,
  LOCATIONS,
  type Location,
  STYLES_OF,
  type Style,
} from "#foundation/api-parameters";
import type { Parameter } from "../model.ts";
import type { PathTemplate } from "../paths/path-template.ts";
import { once, type Reading } from "../reading.ts";
import { child, flagAt, itemsOf, type Part, placeOf, textAt } from "../references/part.ts";
import { shown } from "../references/resolver.ts";
import { readValue, styleAt } from "./read-content.ts";

/** OpenAPI §4.8.12: described by media types and security instead. */
const IGNORED_HEADERS = new Set(["accept", "content-type", "authorization"]);
const FIELD_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** A list of parameters, without those that are wrong. */
export function readParameters(list: Part | undefined, reading: Reading): readonly Parameter[] {
  const seen = new Set<string>();
  const parameters: Parameter[] = [];
  for (const item of itemsOf(list)) {
    const part = reading.resolver.follow(item);
    const parameter = part && once(reading.shared.parameters, part, "", reading, () => readParameter(part, reading));
    if (parameter === undefined) continue;
    const identity = identityOf(parameter);
    if (seen.has(identity)) {
      const message = `The parameter ${shown(parameter.name)} in ${parameter.in} is there twice.`;
      reading.diagnostics.report("E1053", item, message);
      continue;
    }
    seen.add(identity);
    if (parameter.in === "header" && IGNORED_HEADERS.has(parameter.name.toLowerCase())) {
      reading.diagnostics.report("W1014", item, `A parameter for the header ${parameter.name} is ignored.`);
    } else parameters.push(parameter);
  }
  return parameters;
}

/** Those of the operation go before those of its path item. */
export function mergeParameters(shared: readonly Parameter[], own: readonly Parameter[]): readonly Parameter[] {
  const identities = new Set(own.map(identityOf));
  return [...shared.filter((parameter) => !identities.has(identityOf(parameter))), ...own];
}

/** Names of headers do not depend on case. */
const identityOf = ({ in: location, name }: Parameter): string =>
  `${location} ${location === "header" ? name.toLowerCase() : name}`;

function readParameter(part: Part, reading: Reading): Parameter | undefined {
  const name = textAt(part, "name");
  const location = locationAt(part, reading);
  if (name === undefined || location === undefined) return undefined;
  if ((location === "header" || location === "cookie") && !FIELD_NAME.test(name)) {
    reading.diagnostics.report("E1004", child(part, "name")!, `${shown(name)} is no name of a ${location}.`);
  }
  const style = readStyle(part, location, reading);
  return {
    name,
    in: location,
    required: readRequired(part, location, reading),
    deprecated: flagAt(part, "deprecated") ?? false,
    description: textAt(part, "description"),
    style,
    explode: flagAt(part, "explode") ?? defaultExplode(style),
    allowReserved: flagAt(part, "allowReserved") ?? false,
    allowEmptyValue: location === "query" && (flagAt(part, "allowEmptyValue") ?? false),
    ...readValue(part, reading, "A parameter"),
    at: placeOf(part),
  };
}

function locationAt(part: Part, reading: Reading): Parameter["in"] | undefined {
  const location = textAt(part, "in");
  if (location === "querystring") {
    if (reading.version !== "3.2") {
      reading.diagnostics.report("E1004", child(part, "in")!, "querystring came with OpenAPI 3.2.");
    } else if (child(part, "schema") !== undefined) {
      reading.diagnostics.report("E1004", child(part, "schema")!, "A querystring is described by content.", {
        at: "key",
      });
    }
    return location;
  }
  return LOCATIONS.find((one) => one === location);
}

function readStyle(part: Part, location: Parameter["in"], reading: Reading): Style {
  const style = styleAt(part);
  if (location === "querystring") {
    if (style !== undefined) reading.diagnostics.report("E1004", child(part, "style")!, "A querystring has no style.");
    return "form";
  }
  const allowed = stylesOf(location, reading);
  if (style === undefined || allowed.includes(style)) return style ?? defaultStyle(location);
  const message = `A parameter in ${location} has the style ${allowed.join(", ")}, not ${style}.`;
  reading.diagnostics.report("E1004", child(part, "style")!, message);
  return defaultStyle(location);
}

/** `cookie` came with 3.2. */
function stylesOf(location: Location, { version }: Reading): readonly Style[] {
  return STYLES_OF[location].filter((style) => style !== "cookie" || version === "3.2");
}

function readRequired(part: Part, location: Parameter["in"], reading: Reading): boolean {
  const required = flagAt(part, "required");
  if (location !== "path") return required ?? false;
  if (required !== true) {
    const message = "A parameter in the path is always required: it says required: true.";
    reading.diagnostics.report("W1012", child(part, "required") ?? part, message);
  }
  return true;
}

/** Names in the path, and parameters for the path. @param operation where it is written */
export function checkPathParameters(
  template: PathTemplate,
  path: string,
  parameters: readonly Parameter[],
  operation: Part,
  reading: Reading,
): void {
  const declared = new Set(parameters.filter((one) => one.in === "path").map(({ name }) => name));
  for (const name of template.parameters) {
    if (declared.has(name)) continue;
    const hint = `Add {name: ${name}, in: path, required: true, schema: {type: string}} to its parameters.`;
    reading.diagnostics.report("E1056", operation, `{${name}} of ${shown(path)} is not declared.`, { hint });
  }
  for (const parameter of parameters) {
    if (parameter.in === "path" && !template.parameters.includes(parameter.name)) {
      const message = `${shown(path)} has no {${parameter.name}}.`;
      reading.diagnostics.report("E1056", parameter.at, message);
    }
  }
}
