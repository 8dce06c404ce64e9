/** Punycode (RFC 3492), as far as it is read. */

const [BASE, T_MIN, T_MAX, SKEW, DAMP, BIAS, FIRST] = [36, 1, 26, 38, 700, 72, 0x80];
const LAST = 0x10ffff;

/** @returns undefined when the text is none */
export function decodePunycode(text: string): string | undefined {
  const hyphen = text.lastIndexOf("-");
  const decoded = hyphen > 0 ? [...text.slice(0, hyphen)] : [];
  let [code, bias, place] = [FIRST, BIAS, 0];
  let at = hyphen > 0 ? hyphen + 1 : 0;
  if (at === text.length) return undefined;
  while (at < text.length) {
    const before = place;
    for (let weight = 1, k = BASE; ; k += BASE) {
      const digit = digitOf(text.charCodeAt(at++));
      if (Number.isNaN(digit)) return undefined;
      place += digit * weight;
      const threshold = Math.min(Math.max(k - bias, T_MIN), T_MAX);
      if (digit < threshold) break;
      weight *= BASE - threshold;
    }
    const length = decoded.length + 1;
    bias = adapted(place - before, length, before === 0);
    code += Math.floor(place / length);
    if (!(code <= LAST) || (code >= 0xd800 && code <= 0xdfff)) return undefined;
    place %= length;
    decoded.splice(place++, 0, String.fromCodePoint(code));
  }
  return decoded.join("");
}

/** NaN for what is none, and behind the end of the text. */
function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 26;
  if (code >= 0x61 && code <= 0x7a) return code - 0x61;
  return Number.NaN;
}

function adapted(delta: number, length: number, isFirst: boolean): number {
  let rest = isFirst ? Math.floor(delta / DAMP) : delta >> 1;
  rest += Math.floor(rest / length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) >> 1; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}
