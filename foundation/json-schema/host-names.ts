/** Names of hosts: in ASCII (RFC 1123 §2.1), and in the letters of all languages (IDNA 2008, RFC 5890 to 5893). */
import { decodePunycode } from "./punycode.ts";

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const NAME_LENGTH_MAX = 253;
/** Dots of other languages, which are taken for dots. */
const DOTS = /[\u3002\uff0e\uff61]/g;

export function isHostname(text: string): boolean {
  if (text.length > NAME_LENGTH_MAX || !NAME.test(text)) return false;
  return !text.includes("--") || text.split(".").every(isLabelWithHyphens);
}

/** Labels with two hyphens at this place are set apart for encodings, of which there is one (RFC 5890 §2.3.1). */
function isLabelWithHyphens(label: string): boolean {
  if (label.slice(2, 4) !== "--") return true;
  const decoded = /^xn--/i.test(label) ? decodePunycode(label.slice(4).toLowerCase()) : undefined;
  return decoded !== undefined && /[^\0-\x7f]/.test(decoded) && isUnicodeLabel(decoded);
}

export function isIdnHostname(text: string): boolean {
  if (text.length > NAME_LENGTH_MAX) return false;
  const labels = text.replace(DOTS, ".").split(".");
  if (!labels.every((label) => (/^[\0-\x7f]*$/.test(label) ? isHostname(label) : isWritableLabel(label)))) return false;
  // Beside labels that are written from right to left no other begins with a digit (RFC 5893 §2, rule 1).
  return !labels.some(isRightToLeft) || labels.every((label) => isRightToLeft(label) || /^\p{L}/u.test(label));
}

/** Whether a label is one, and not too long once it is written in ASCII. */
function isWritableLabel(label: string): boolean {
  const lowered = label.toLowerCase();
  if (!isUnicodeLabel(lowered)) return false;
  try {
    return NAME.test(new URL(`http://${lowered}`).hostname);
  } catch {
    return false;
  }
}

/** RFC 5891 §4.2.3, RFC 5892 §3. */
function isUnicodeLabel(label: string): boolean {
  if (label.slice(2, 4) === "--" || label.startsWith("-") || label.endsWith("-")) return false;
  if (/^\p{M}/u.test(label) || label.normalize("NFC") !== label) return false;
  const characters = [...label];
  return characters.every((one, at) => isAllowed(one, at, characters)) && isInOneDirection(label);
}

/** RFC 5892 §2.6, as far as these are not for their context to decide. */
const ALLOWED = /^[\u00df\u03c2\u06fd\u06fe\u0f0b\u3007]$/;
const REFUSED = /^[\u0640\u07fa\u302e\u302f\u3031-\u3035\u303b]$/;
/** §2.4, §2.8, §2.9: characters that are ignored, marks for symbols and music, old Hangul letters. */
const IGNORED =
  /^(?:[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{Noncharacter_Code_Point}\u{1d100}-\u{1d24f}\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]|(?=\p{M})[\u20d0-\u20ff])$/u;
const LETTER_OR_DIGIT = /^[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]$/u;

function isAllowed(one: string, at: number, characters: readonly string[]): boolean {
  const rule = CONTEXT_RULES.get(one);
  if (rule !== undefined) return rule(at, characters);
  if (/^[a-z0-9-]$/.test(one) || ALLOWED.test(one)) return true;
  if (REFUSED.test(one) || IGNORED.test(one)) return false;
  // What another character is written for is not stable (§2.2).
  const stable = one.normalize("NFKC").toLowerCase().normalize("NFKC");
  return stable === one && LETTER_OR_DIGIT.test(one);
}

type ContextRule = (at: number, characters: readonly string[]) => boolean;

const isBeside =
  (before: RegExp | undefined, after: RegExp | undefined): ContextRule =>
  (at, characters) =>
    (before === undefined || before.test(characters[at - 1] ?? "")) &&
    (after === undefined || after.test(characters[at + 1] ?? ""));
const isWithout =
  (others: RegExp): ContextRule =>
  (_at, characters) =>
    !characters.some((one) => others.test(one));

const ARABIC_DIGITS = /[\u0660-\u0669]/;
const EXTENDED_ARABIC_DIGITS = /[\u06f0-\u06f9]/;
/** Of scripts whose letters join. */
const JOINING = /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Nko}\p{Script=Adlam}]/u;

/** RFC 5892, appendix A. */
const CONTEXT_RULES: ReadonlyMap<string, ContextRule> = new Map<string, ContextRule>([
  [
    "\u200c",
    (at, all) => isVirama(all[at - 1]) || (JOINING.test(all[at - 1] ?? "") && JOINING.test(all[at + 1] ?? "")),
  ],
  ["\u200d", (at, all) => isVirama(all[at - 1])],
  ["\u00b7", isBeside(/^l$/, /^l$/)],
  ["\u0375", isBeside(undefined, /^\p{Script=Greek}$/u)],
  ["\u05f3", isBeside(/^\p{Script=Hebrew}$/u, undefined)],
  ["\u05f4", isBeside(/^\p{Script=Hebrew}$/u, undefined)],
  ["\u30fb", (_at, all) => all.some((one) => /^[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]$/u.test(one))],
  ...digitsFrom(0x660, isWithout(EXTENDED_ARABIC_DIGITS)),
  ...digitsFrom(0x6f0, isWithout(ARABIC_DIGITS)),
]);

function digitsFrom(zero: number, rule: ContextRule): readonly (readonly [string, ContextRule])[] {
  return Array.from({ length: 10 }, (_, digit) => [String.fromCodePoint(zero + digit), rule] as const);
}

/** Of the combining class 9, which shows by where a mark is put among those of the classes 8 and 10. */
function isVirama(one: string | undefined): boolean {
  if (one === undefined || !/^\p{M}$/u.test(one)) return false;
  return `a${one}\u3099`.normalize("NFD").endsWith(one) && `a\u05b0${one}`.normalize("NFD").endsWith("\u05b0");
}

const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Samaritan}\p{Script=Mandaic}\p{Script=Adlam}\p{Script=Hanifi_Rohingya}]/u;

const isNumber = (one: string): boolean => /^\p{Nd}$/u.test(one);
const isRight = (one: string): boolean => RIGHT_TO_LEFT.test(one) && !isNumber(one);
const isRightToLeft = (label: string): boolean => [...label].some((one) => isRight(one) || ARABIC_DIGITS.test(one));

/** The rule for labels of scripts that are written from right to left (RFC 5893 §2), for the characters that are allowed at all. */
function isInOneDirection(label: string): boolean {
  if (!isRightToLeft(label)) return true;
  const characters = [...label].filter((one) => !/^\p{M}$/u.test(one));
  const isFromLeft = (one: string): boolean => /^\p{L}$/u.test(one) && !isRight(one);
  if (!isRight(characters[0]!) || characters.some(isFromLeft) || characters.at(-1) === "-") return false;
  return !(characters.some((one) => ARABIC_DIGITS.test(one)) && /[0-9\u06f0-\u06f9]/.test(label));
}
