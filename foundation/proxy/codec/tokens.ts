/** The small grammar that fields and chunk extensions share (RFC 9110 §5.6.2, §5.5). Pure. */

const isToken = new Uint8Array(256);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  isToken[character.charCodeAt(0)] = 1;
}

const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;

/** Whether a byte may stand in a token. */
export function isTokenCode(code: number): boolean {
  return isToken[code] === 1;
}

/** Whether a byte may stand in a field's value, a reason phrase or a quoted string: visible, blank, or beyond ASCII. */
export function isTextCode(code: number): boolean {
  return (code >= SPACE && code !== DELETE) || code === TAB;
}

export function isBlank(code: number): boolean {
  return code === SPACE || code === TAB;
}
