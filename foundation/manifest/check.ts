/** Holds a value against the table of rules: fills defaults in, and reports everything that is wrong. Pure; recursion is as deep as the table. */
import { assertNever, closest } from "#foundation/errors";
import { TomlDate } from "./document.ts";
import { child, quoted, type Report } from "./problem.ts";
import type { ListRule, MapRule, NumberRule, Rule, SizeRule, TableRule, TextRule } from "./rules.ts";
import { sizeBytes, sizeOf } from "./sizes.ts";

/** What is returned for a value that was reported: whoever looks further skips it. */
export const INVALID: unique symbol = Symbol("invalid");

/** The value with its defaults, in its one spelling, or INVALID at each place where it is wrong. */
export function checkValue(rule: Rule, value: unknown, path: string, report: Report): unknown {
  switch (rule.kind) {
    case "text":
      return checkText(rule, value, path, report);
    case "number":
      return checkNumber(rule, value, path, report);
    case "flag":
      return typeof value === "boolean" ? value : wrongType("true or false", value, path, report);
    case "size":
      return checkSize(rule, value, path, report);
    case "port":
      if (typeof value === "string" || typeof value === "number") return value;
      return wrongType("the name or the number of a port", value, path, report);
    case "list":
      return checkList(rule, value, path, report);
    case "map":
      return checkMap(rule, value, path, report);
    case "table":
      return checkTable(rule, value, path, report);
    default:
      return assertNever(rule, "rule");
  }
}

function wrongType(wanted: string, value: unknown, path: string, report: Report): typeof INVALID {
  report("E_TYPE", path, `must be ${wanted}, not ${typeName(value)}.`);
  return INVALID;
}

/** What a value is, for people. */
export function typeName(value: unknown): string {
  if (value instanceof TomlDate) return `a date or time (${value.text}); put it in quotes if a text is meant`;
  if (Array.isArray(value)) return "a list";
  if (value === null || value === undefined) return "nothing";
  if (typeof value === "object") return "a table";
  if (typeof value === "string") return `the text ${quoted(value)}`;
  return typeof value === "boolean" || typeof value === "number" ? String(value) : `a ${typeof value}`;
}

/** Of control characters, a text of several lines may have tab and line feed, and carriage return before it. */
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
const CONTROL_BUT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;

function checkText(rule: TextRule, value: unknown, path: string, report: Report): unknown {
  if (typeof value !== "string") return wrongType(rule.says, value, path, report);
  const refuse = (message: string, code: Parameters<Report>[0] = "E_VALUE"): typeof INVALID => {
    report(code, path, message);
    return INVALID;
  };
  if (!value.isWellFormed()) return refuse("must be whole characters: it has half of one (a lone surrogate).");
  if ((rule.lines === true ? CONTROL_BUT_LINES : CONTROL).test(value)) {
    return refuse(`must have no control characters, but is ${quoted(value)}.`);
  }
  if (rule.refused !== undefined && Object.hasOwn(rule.refused, value)) {
    return refuse(rule.refused[value]!, "E_NOT_SUPPORTED");
  }
  if (rule.words !== undefined && !rule.words.includes(value)) {
    const meant = rule.words.length === 1 ? undefined : closest(value.slice(0, 64).toLowerCase(), rule.words);
    return refuse(`must be ${rule.says}, not ${quoted(value)}.${didYouMean(meant)}`);
  }
  if (value === "" && rule.lengthMin !== 0) return refuse(`must be ${rule.says}, but is empty.`);
  if (value.length > rule.lengthMax) {
    return refuse(`must have at most ${rule.lengthMax} characters, but has ${value.length}.`, "E_RANGE");
  }
  if (rule.pattern?.test(value) === false) return refuse(`must be ${rule.says}, not ${quoted(value)}.`);
  const problem = rule.check?.(value);
  if (problem === undefined) return value;
  return refuse(problem.message, problem.reserved === true ? "E_RESERVED" : "E_VALUE");
}

function checkNumber(rule: NumberRule, value: unknown, path: string, report: Report): unknown {
  const { min, max, decimals } = rule;
  const wanted = `a ${decimals === 0 ? "whole number" : "number"} from ${min} to ${max}`;
  if (typeof value !== "number" || !Number.isFinite(value)) return wrongType(wanted, value, path, report);
  if (Number(value.toFixed(decimals)) !== value) {
    const places = decimals === 0 ? "" : ` with at most ${decimals} digits after the point`;
    report("E_VALUE", path, `must be ${wanted}${places}, not ${value}.`);
    return INVALID;
  }
  if (value < min || value > max) {
    report("E_RANGE", path, `must be ${wanted}, not ${value}.`);
    return INVALID;
  }
  const problem = rule.check?.(value);
  // Adding 0 makes 0 of -0, which canonical JSON does not know.
  if (problem === undefined) return value + 0;
  report(problem.reserved === true ? "E_RESERVED" : "E_VALUE", path, problem.message);
  return INVALID;
}

function checkSize(rule: SizeRule, value: unknown, path: string, report: Report): unknown {
  const { min, max, units } = rule;
  const example = units.includes("Mi") ? '"256Mi" or "2Gi"' : '"4Gi"';
  const wanted = `a size such as ${example}, from ${min} to ${max}`;
  if (typeof value !== "string") return wrongType(wanted, value, path, report);
  const bytes = units.some((unit) => value.endsWith(unit)) ? sizeBytes(value) : undefined;
  if (bytes === undefined) {
    report("E_VALUE", path, `must be ${wanted}, not ${quoted(value)}.`);
    return INVALID;
  }
  if (bytes < sizeBytes(min)! || bytes > sizeBytes(max)!) {
    report("E_RANGE", path, `must be ${wanted}, not ${quoted(value)}.`);
    return INVALID;
  }
  return sizeOf(bytes);
}

function checkList(rule: ListRule, value: unknown, path: string, report: Report): unknown {
  if (!Array.isArray(value)) {
    const hint = rule.of.kind === "table" ? "a list of tables" : "a list";
    return wrongType(hint, value, path, report);
  }
  if (!checkCount(rule, value.length, "item", path, report)) return INVALID;
  return value.map((item: unknown, index) =>
    checkValue(index === 0 ? (rule.first ?? rule.of) : rule.of, item, child(path, index), report),
  );
}

function checkCount(
  { min, max }: ListRule | MapRule,
  count: number,
  what: "item" | "entry",
  path: string,
  report: Report,
): boolean {
  if (count >= min && count <= max) return true;
  const limit = count < min ? min : max;
  const noun = limit === 1 ? what : what === "entry" ? "entries" : "items";
  report("E_RANGE", path, `must have at ${count < min ? "least" : "most"} ${limit} ${noun}, but has ${count}.`);
  return false;
}

type Entries = Readonly<Record<string, unknown>>;

function isTable(value: unknown): value is Entries {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);
}

function checkMap(rule: MapRule, value: unknown, path: string, report: Report): unknown {
  if (!isTable(value)) return wrongType("a table", value, path, report);
  const keys = Object.keys(value);
  if (!checkCount(rule, keys.length, "entry", path, report)) return INVALID;
  const checked: [string, unknown][] = [];
  for (const key of keys) {
    const inner = child(path, key);
    const name = checkText(rule.key, key, inner, (code, at, message) =>
      report(code, at, `has a name that ${message}`, "key"),
    );
    const item = checkValue(rule.of, value[key], inner, report);
    if (name !== INVALID) checked.push([key, item]);
  }
  return Object.fromEntries(checked);
}

function checkTable(rule: TableRule, value: unknown, path: string, report: Report): unknown {
  if (!isTable(value)) return wrongType("a table", value, path, report);
  for (const key of Object.keys(value)) {
    if (value[key] !== undefined && !Object.hasOwn(rule.fields, key)) reportUnknown(rule, key, path, report);
  }
  const checked: [string, unknown][] = [];
  for (const [key, { rule: inner, required, fallback }] of Object.entries(rule.fields)) {
    const own = Object.hasOwn(value, key) ? value[key] : undefined;
    if (own !== undefined) checked.push([key, checkValue(inner, own, child(path, key), report)]);
    else if (required === true) {
      report("E_MISSING", child(path, key), "is missing.");
      checked.push([key, INVALID]);
    } else if (fallback !== undefined) checked.push([key, checkValue(inner, fallback, child(path, key), report)]);
  }
  return Object.fromEntries(checked);
}

function reportUnknown({ fields, refused }: TableRule, key: string, path: string, report: Report): void {
  const at = child(path, key);
  if (refused !== undefined && Object.hasOwn(refused, key)) {
    report("E_NOT_SUPPORTED", at, `is not supported. ${refused[key]}`, "key");
    return;
  }
  const known = Object.keys(fields);
  const meant = closest(key.slice(0, 64).toLowerCase(), known);
  const hint = meant === undefined ? ` Known here: ${known.join(", ")}.` : didYouMean(meant);
  report("E_UNKNOWN_KEY", at, `is not a key of a manifest.${hint}`, "key");
}

function didYouMean(meant: string | undefined): string {
  return meant === undefined ? "" : ` Did you mean "${meant}"?`;
}
