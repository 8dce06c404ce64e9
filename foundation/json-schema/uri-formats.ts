/** Addresses: URIs (RFC 3986), IRIs (RFC 3987), templates of them (RFC 6570), IP addresses. */

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);

export const isIpv4 = (text: string): boolean => IPV4.test(text);

/** RFC 4291 §2.2. */
export function isIpv6(text: string): boolean {
  if (text.length > 45 || !/^[0-9a-f:.]+$/i.test(text)) return false;
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groupsOf = (half: string): readonly string[] => (half === "" ? [] : half.split(":"));
  const groups = halves.flatMap(groupsOf);
  let count = 0;
  for (const [index, group] of groups.entries()) {
    if (group.includes(".")) {
      // An address of version 4 stands at the very end.
      if (index !== groups.length - 1 || !text.endsWith(group) || !isIpv4(group)) return false;
      count += 2;
    } else if (/^[0-9a-f]{1,4}$/i.test(group)) count++;
    else return false;
  }
  return halves.length === 2 ? count <= 7 : count === 8;
}

const UNRESERVED = "A-Za-z0-9\\-._~";
const SUB = "!$&'()*+,;=";
/** Characters beyond ASCII that an IRI may have besides. */
const UCS =
  "\\u{a0}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{ffef}\\u{10000}-\\u{1fffd}\\u{20000}-\\u{2fffd}\\u{30000}-\\u{3fffd}\\u{40000}-\\u{dfffd}\\u{e1000}-\\u{efffd}";
const PRIVATE = "\\u{e000}-\\u{f8ff}\\u{f0000}-\\u{ffffd}\\u{100000}-\\u{10fffd}";

interface Parts {
  readonly user: RegExp;
  readonly host: RegExp;
  readonly path: RegExp;
  readonly query: RegExp;
  readonly fragment: RegExp;
}

function partsOf(more: string, inQuery: string): Parts {
  const escaped = "%[0-9A-Fa-f]{2}";
  const any = (characters: string): RegExp =>
    new RegExp(`^(?:[${UNRESERVED}${SUB}${characters}${more}]|${escaped})*$`, "u");
  return { user: any(":"), host: any(""), path: any(":@/"), query: any(`:@/?${inQuery}`), fragment: any(":@/?") };
}

const URI_PARTS = partsOf("", "");
const IRI_PARTS = partsOf(UCS, PRIVATE);

const SPLIT = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/su;
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;

function isReference(text: string, parts: Parts, needsScheme: boolean): boolean {
  const match = SPLIT.exec(text);
  if (match === null) return false;
  const [, scheme, authority, path = "", query, fragment] = match;
  if (scheme === undefined ? needsScheme : !SCHEME.test(scheme)) return false;
  if (authority !== undefined && !isAuthority(authority, parts)) return false;
  if (authority !== undefined && path !== "" && !path.startsWith("/")) return false;
  // Without a scheme the first segment has no colon: it would be one (§4.2).
  if (scheme === undefined && authority === undefined && path.split("/", 1)[0]!.includes(":")) return false;
  return (
    parts.path.test(path) &&
    (query === undefined || parts.query.test(query)) &&
    (fragment === undefined || parts.fragment.test(fragment))
  );
}

function isAuthority(authority: string, parts: Parts): boolean {
  const at = authority.lastIndexOf("@");
  if (at !== -1 && !parts.user.test(authority.slice(0, at))) return false;
  const place = authority.slice(at + 1);
  const literal = /^\[(.*)\](?::\d*)?$/.exec(place);
  if (literal !== null) return isIpv6(literal[1]!) || /^v[0-9a-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+$/i.test(literal[1]!);
  const port = /:\d*$/.exec(place);
  return parts.host.test(port === null ? place : place.slice(0, port.index));
}

export const isUri = (text: string): boolean => isReference(text, URI_PARTS, true);
export const isUriReference = (text: string): boolean => isReference(text, URI_PARTS, false);
export const isIri = (text: string): boolean => isReference(text, IRI_PARTS, true);
export const isIriReference = (text: string): boolean => isReference(text, IRI_PARTS, false);

const LITERALS = new RegExp(
  `^(?:[\\x21\\x23\\x24\\x26-\\x3b\\x3d\\x3f-\\x5b\\x5d\\x5f\\x61-\\x7a\\x7e${UCS}${PRIVATE}]|%[0-9A-Fa-f]{2})*$`,
  "u",
);
const VARIABLE = "(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+(?:\\.(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+)*(?:\\*|:[1-9]\\d{0,3})?";
const EXPRESSION = new RegExp(`^[+#./;?&=,!@|]?${VARIABLE}(?:,${VARIABLE})*$`);

export function isUriTemplate(text: string): boolean {
  let rest = text;
  for (;;) {
    const open = rest.indexOf("{");
    if (!LITERALS.test(open === -1 ? rest : rest.slice(0, open))) return false;
    if (open === -1) return true;
    const close = rest.indexOf("}", open);
    if (close === -1 || !EXPRESSION.test(rest.slice(open + 1, close))) return false;
    rest = rest.slice(close + 1);
  }
}
