/** The table of rules as a table of Markdown, for `docs/manifest.md`. */
import { assertNever } from "#foundation/errors";
import type { Field, Rule } from "./rules.ts";
import { MANIFEST_SCHEMA } from "./schema.ts";

export function manifestFieldTable(): string {
  return ["| field | what it is | value | default |", "|---|---|---|---|", ...rows(MANIFEST_SCHEMA, ""), ""].join("\n");
}

function rows(rule: Rule, path: string): readonly string[] {
  if (rule.kind === "map") return rows(rule.of, `${path}.${rule.placeholder}`);
  if (rule.kind === "list") return rows(rule.of, `${path}[]`);
  if (rule.kind !== "table") return [];
  return Object.entries(rule.fields).flatMap(([name, field]) => {
    const inner = path === "" ? name : `${path}.${name}`;
    return [
      `| \`${inner}\` | ${field.help} | ${valueText(field.rule)} | ${defaultOf(field)} |`,
      ...rows(field.rule, inner),
    ];
  });
}

function defaultOf({ required, fallback, derived, rule }: Field): string {
  if (required === true) return "required";
  if (derived !== undefined) return derived;
  if (fallback === undefined || typeof fallback === "object") return rule.kind === "list" ? "none" : "";
  return `\`${JSON.stringify(fallback)}\``;
}

function valueText(rule: Rule): string {
  switch (rule.kind) {
    case "text":
      return rule.words === undefined
        ? rule.says.replaceAll("|", "\\|")
        : rule.words.map((word) => `\`${word}\``).join(", ");
    case "number":
      return `${rule.decimals === 0 ? "whole number" : "number"}, ${rule.min} to ${rule.max}`;
    case "flag":
      return "`true`, `false`";
    case "size":
      return `size in ${rule.units.join(" or ")}, ${rule.min} to ${rule.max}`;
    case "port":
      return "name or number";
    case "list":
      return `list, ${rule.min === 0 ? "" : `at least ${rule.min}, `}at most ${rule.max}`;
    case "map":
      return `table, at most ${rule.max} entries`;
    case "table":
      return "table";
    default:
      return assertNever(rule, "rule");
  }
}
