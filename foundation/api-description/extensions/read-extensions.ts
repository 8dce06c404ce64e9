/** What extensions say. Anything malformed is an error: nothing is skipped, or a route would be open that was meant to be closed. */

import type { DiagnosticCode } from "../diagnostics/codes.ts";
import type { Diagnostics } from "../diagnostics/diagnostic.ts";
import { nearestName } from "../diagnostics/did-you-mean.ts";
import type { McpServer, McpTool, PluginUse, ResponseValidation, Sunset } from "../model.ts";
import { child, entriesOf, flagAt, isObjectPart, itemsOf, type Part, placeOf, textAt } from "../references/part.ts";
import { shown } from "../references/resolver.ts";
import { isList, isObject, type Json, kindOf } from "../source/json-value.ts";
import { type ExtensionName, PREFIXES } from "./extension-names.ts";

/** An extension under either prefix. */
export function extensionOf(part: Part, name: ExtensionName, diagnostics: Diagnostics): Part | undefined {
  const [own, other] = PREFIXES.map((prefix) => child(part, prefix + name));
  if (own !== undefined && other !== undefined) {
    diagnostics.report("E1013", other, `${PREFIXES[0]}${name} is there too.`, {
      at: "key",
      hint: "Remove one of the two.",
    });
  }
  return own ?? other;
}

export function readDispatch(operation: Part, diagnostics: Diagnostics): PluginUse | undefined {
  const part = extensionOf(operation, "dispatch", diagnostics);
  return part === undefined ? undefined : readPluginUse(part, "E1012", "A dispatch", diagnostics);
}

/** Undefined: the extension is not there. Entries that are wrong are reported and left out; an error ends everything anyway. */
export function readMiddlewares(holder: Part, diagnostics: Diagnostics): readonly PluginUse[] | undefined {
  const part = extensionOf(holder, "middlewares", diagnostics);
  if (part === undefined) return undefined;
  if (!isList(part.value)) {
    const hint = "Write [] if there are to be none.";
    diagnostics.report("E1011", part, `Middlewares are a list, not ${kindOf(part.value)}.`, { at: "key", hint });
    return [];
  }
  return itemsOf(part).flatMap((item) => readPluginUse(item, "E1011", "A middleware", diagnostics) ?? []);
}

/** What runs for an operation: those of the document that it has not itself, then its own; none at all where it says `[]`. */
export function mergeMiddlewares(
  inherited: readonly PluginUse[],
  own: readonly PluginUse[] | undefined,
  isEmpty: boolean,
): readonly PluginUse[] {
  if (own === undefined) return inherited;
  if (isEmpty) return [];
  const names = new Set(own.map(({ name }) => name));
  return [...inherited.filter(({ name }) => !names.has(name)), ...own];
}

const NAME = /^([^\s@]+)(?:@([^\s@]+))?$/;
const FIELDS = ["name", "config"];

function readPluginUse(
  part: Part,
  code: DiagnosticCode,
  called: string,
  diagnostics: Diagnostics,
): PluginUse | undefined {
  if (!isObjectPart(part)) {
    diagnostics.report(code, part, `${called} is an object with name and config, not ${kindOf(part.value)}.`);
    return undefined;
  }
  unknownFields(part, FIELDS, code, diagnostics);
  const name = child(part, "name");
  const match = typeof name?.value === "string" ? NAME.exec(name.value) : null;
  if (match === null) {
    const message =
      name === undefined ? `${called} needs a name.` : `The name of a plugin is text like jwt-auth or jwt-auth@1.2.0.`;
    diagnostics.report(code, name ?? part, message);
  }
  const config = child(part, "config");
  // `config:` with nothing behind it is how YAML writes an empty one.
  const isGiven = config !== undefined && config.value !== null;
  if (isGiven && !isObject(config.value)) {
    diagnostics.report(code, config, `A config is an object, not ${kindOf(config.value)}.`);
  }
  if (match === null) return undefined;
  const [, plugin = "", version] = match;
  return {
    name: plugin,
    version,
    config: isGiven && isObject(config.value) ? config.value : {},
    at: placeOf(part),
    configAt: placeOf(isGiven ? config : part),
  };
}

const MODES = ["off", "report", "enforce"] as const;

/** Undefined: nothing is said. */
export function readResponseValidation(holder: Part, diagnostics: Diagnostics): ResponseValidation | undefined {
  const part = extensionOf(holder, "response-validation", diagnostics);
  if (part === undefined) return undefined;
  const mode = MODES.find((one) => one === part.value);
  // YAML reads `off` as false in its older version.
  if (mode !== undefined || part.value === false) return mode ?? "off";
  diagnostics.report("E1014", part, `response-validation is ${MODES.join(", ")}, not ${kindOf(part.value)}.`, {
    hint: "What is not checked must not look as if it were.",
  });
  return undefined;
}

const SERVER_FIELDS = {
  enabled: "boolean",
  server_name: "string",
  server_version: "string",
  instructions: "string",
  allowed_origins: "origins",
} as const;

const TOOL_FIELDS = {
  enabled: "boolean",
  title: "string",
  description: "string",
  read_only: "boolean",
  destructive: "boolean",
  idempotent: "boolean",
} as const;

type FieldKind = "boolean" | "string" | "origins";
const KIND_NAMES: Readonly<Record<FieldKind, string>> = {
  boolean: "true or false",
  string: "text",
  origins: "a list of origins like https://example.com",
};

/** At the top of a document. */
export function readMcpServer(root: Part, diagnostics: Diagnostics): McpServer | undefined {
  const part = readMcp(root, SERVER_FIELDS, diagnostics);
  if (part === undefined) return undefined;
  return {
    enabled: flagAt(part, "enabled") ?? false,
    serverName: textAt(part, "server_name"),
    serverVersion: textAt(part, "server_version"),
    instructions: textAt(part, "instructions"),
    allowedOrigins: originsIn(child(part, "allowed_origins")?.value) ?? [],
    at: placeOf(part),
  };
}

/** On an operation; `enabled` undefined: as the document says. */
export function readMcpTool(
  operation: Part,
  diagnostics: Diagnostics,
): Omit<McpTool, "enabled"> & { readonly enabled?: boolean } {
  const part = readMcp(operation, TOOL_FIELDS, diagnostics);
  return {
    enabled: flagAt(part, "enabled"),
    title: textAt(part, "title"),
    description: textAt(part, "description"),
    readOnly: flagAt(part, "read_only"),
    destructive: flagAt(part, "destructive"),
    idempotent: flagAt(part, "idempotent"),
  };
}

function readMcp(
  holder: Part,
  fields: Readonly<Record<string, FieldKind>>,
  diagnostics: Diagnostics,
): Part | undefined {
  const part = extensionOf(holder, "mcp", diagnostics);
  if (part === undefined) return undefined;
  const names = Object.keys(fields);
  if (!isObjectPart(part)) {
    diagnostics.report("E1014", part, `mcp is an object with ${names.join(", ")}, not ${kindOf(part.value)}.`);
    return undefined;
  }
  unknownFields(part, names, "E1014", diagnostics);
  for (const [name, field] of entriesOf(part)) {
    const kind = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (kind === undefined) continue;
    const { value } = field;
    const isRight = kind === "origins" ? originsIn(value) !== undefined : typeof value === kind;
    if (!isRight) {
      diagnostics.report("E1014", field, `${name} is ${KIND_NAMES[kind]}, not ${kindOf(value)}.`);
    }
  }
  return part;
}

/** Origins as browsers write them (RFC 6454 §6.2): compared letter by letter with what they send. */
function originsIn(value: Json | undefined): readonly string[] | undefined {
  if (!isList(value)) return undefined;
  const origins = value.filter((one) => typeof one === "string" && URL.canParse(one) && new URL(one).origin === one);
  return origins.length === value.length ? (origins as readonly string[]) : undefined;
}

/** Fields that mean nothing. */
export function unknownFields(
  part: Part,
  known: readonly string[],
  code: DiagnosticCode,
  diagnostics: Diagnostics,
): void {
  for (const [name, value] of entriesOf(part)) {
    if (known.includes(name)) continue;
    const near = nearestName(name, known);
    const hint = near === undefined ? `Known are ${known.join(", ")}.` : `Write ${near}.`;
    diagnostics.report(code, value, `There is no ${shown(name)} here.`, { at: "key", hint });
  }
}

/** A day, which begins at midnight UTC; RFC 3339 with an offset; the date of HTTP (RFC 9110 §5.6.7). */
const FULL_DATE = /^\d{4}-\d{2}-\d{2}$/;
const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})$/;
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

export function readSunset(operation: Part, deprecated: boolean, diagnostics: Diagnostics): Sunset | undefined {
  const part = child(operation, "x-sunset");
  if (part === undefined) return undefined;
  const text = typeof part.value === "string" ? part.value : "";
  const time = [FULL_DATE, RFC_3339, HTTP_DATE].some((form) => form.test(text)) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) {
    const hint = "Write it like 2027-01-01T00:00:00Z or Fri, 01 Jan 2027 00:00:00 GMT.";
    diagnostics.report("E1014", part, "x-sunset is a date, or one with time and zone.", { at: "value", hint });
    return undefined;
  }
  if (!deprecated) {
    diagnostics.report("E1030", part, "The operation has a sunset and is not deprecated.", {
      hint: "Add deprecated: true.",
    });
  }
  return { text, time };
}
