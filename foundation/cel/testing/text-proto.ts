/** Protocol buffers as text, as far as the published cases need it: fields, messages, texts, numbers, names. */

export type TextField = string | number | bigint | boolean | TextMessage;
/** Every field may be there several times. */
export interface TextMessage {
  readonly [name: string]: readonly TextField[];
}

const TOKEN = /\s+|#[^\n]*|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[-+]?[\w.]+(?:[-+]\d+)?|\[[\w./]+\]|[{}:<>,;]/gy;

export function parseTextProto(source: string): TextMessage {
  const tokens = [...source.matchAll(TOKEN)].map(([text]) => text).filter((text) => !/^(?:\s|#|[,;])/.test(text));
  let at = 0;
  const message = (close: string | undefined): TextMessage => {
    const fields: Record<string, TextField[]> = {};
    while (at < tokens.length && tokens[at] !== close) {
      const name = tokens[at++]!;
      if (tokens[at] === ":") at++;
      const open = tokens[at];
      let value: TextField;
      if (open === "{" || open === "<") {
        at++;
        value = message(open === "{" ? "}" : ">");
        at++;
      } else value = scalar();
      fields[name] ??= [];
      fields[name].push(value);
    }
    return fields;
  };
  const scalar = (): TextField => {
    const token = tokens[at++]!;
    if (token.startsWith('"') || token.startsWith("'")) {
      let text = unescaped(token);
      // Texts beside each other are one.
      while (/^["']/.test(tokens[at] ?? "")) text += unescaped(tokens[at++]!);
      return text;
    }
    if (token === "true" || token === "false") return token === "true";
    if (/^[-+]?\d+$/.test(token)) return BigInt(token);
    if (/^[-+]?(?:\d|\.\d)/.test(token)) return Number(token);
    return token;
  };
  return message(undefined);
}

const SIMPLE: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", a: "\x07", b: "\b", f: "\f", v: "\v" };

/** One character for each byte; characters beyond are their UTF-8. */
function unescaped(token: string): string {
  const inner = token.slice(1, -1);
  const bytes: Uint8Array[] = [];
  for (const [whole, hex, small, large, octal, letter] of inner.matchAll(
    /\\(?:x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))|[^\\]+/gs,
  )) {
    if (hex !== undefined) bytes.push(Uint8Array.of(Number.parseInt(hex, 16)));
    else if (octal !== undefined) bytes.push(Uint8Array.of(Number.parseInt(octal, 8)));
    else if (small !== undefined || large !== undefined)
      bytes.push(Buffer.from(String.fromCodePoint(Number.parseInt(small ?? large ?? "", 16))));
    else if (letter !== undefined) bytes.push(Buffer.from(SIMPLE[letter] ?? letter));
    else bytes.push(Buffer.from(whole));
  }
  return Buffer.concat(bytes).toString("latin1");
}

/** A text of {@link parseTextProto} as characters. */
export const asText = (latin1: string): string => Buffer.from(latin1, "latin1").toString("utf8");
