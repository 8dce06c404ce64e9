/** Rules and fields that stand in several places of the table. */
import type { Field, ListRule, NumberRule, TextRule } from "./rules.ts";
import { absolutePath, checkVariable } from "./text-checks.ts";

export const whole = (min: number, max: number): NumberRule => ({ kind: "number", min, max, decimals: 0 });
export const words = (...given: readonly string[]): TextRule => ({
  kind: "text",
  lengthMax: 64,
  words: given,
  says: given.length === 1 ? quotedWords(given) : `one of ${quotedWords(given)}`,
});
const quotedWords = (given: readonly string[]): string => given.map((word) => `"${word}"`).join(", ");

export const processName: TextRule = {
  kind: "text",
  lengthMax: 32,
  pattern: /^[a-z](?:[a-z0-9-]*[a-z0-9])?$/,
  says: "a name such as web: small letters, digits and hyphens, a letter first, no hyphen last, at most 32 characters",
};
const variableName: TextRule = {
  kind: "text",
  lengthMax: 128,
  pattern: /^[A-Z_][A-Z0-9_]*$/,
  says: "a name such as LOG_LEVEL: capitals, digits and underscores, no digit first",
  check: checkVariable,
};
const argument: TextRule = { kind: "text", lengthMax: 8192, lengthMin: 0, lines: true, says: "a text" };
const program: TextRule = { kind: "text", lengthMax: 4096, says: "the name or the path of a program" };
export const command: ListRule = { kind: "list", first: program, of: argument, min: 1, max: 128 };

/** Fields that `env` and each process have. */
export const workdir: Field = {
  rule: { kind: "text", lengthMax: 1024, says: "an absolute path such as /srv/app", check: absolutePath },
  help: "Directory that commands run in.",
};
export const user: Field = {
  rule: {
    kind: "text",
    lengthMax: 64,
    pattern: /^(?:[a-z_][a-z0-9_-]{0,31}|[0-9]{1,9})(?::(?:[a-z_][a-z0-9_-]{0,31}|[0-9]{1,9}))?$/,
    says: 'a user such as "app", "1000" or "1000:1000"',
  },
  help: "Who commands run as: a user, or a user and a group.",
};
export const vars: Field = {
  rule: {
    kind: "map",
    placeholder: "NAME",
    key: variableName,
    of: { kind: "text", lengthMax: 8192, lengthMin: 0, lines: true, says: "a text" },
    min: 0,
    max: 256,
  },
  help: "Environment variables. Secrets do not belong here.",
  fallback: {},
};
export const prestart: Field = {
  rule: { kind: "list", of: command, min: 0, max: 16 },
  help: "Commands to run to their end before the process starts, each a list of words.",
  fallback: [],
};
export const PRESTART_TIMEOUT = whole(1, 3600);

export const NO_UDP = "There is no UDP; ports are TCP.";
