/** What the fields of a request say (RFC 9113 §8.1 to §8.3). Pure. */
import { Fields, is, isHost, type ReceivedHead, TARGET, type TargetForm, TOKEN, targetForm } from "#foundation/http1";
import { isName, isValue, lengthOf, MALFORMED, OF_CONNECTIONS } from "../connection/field-rules.ts";

const PSEUDO = [":method", ":scheme", ":authority", ":path", ":protocol"] as const;
type Pseudo = (typeof PSEUDO)[number];

/** Gathers fields as they are decoded, and judges each. */
export class RequestFields {
  count = 0;
  readonly #pseudo = new Map<Pseudo, string>();
  readonly #raw: string[] = [];
  /** Where the one field of all cookies is (§8.2.3). */
  #cookieAt = -1;
  #isMalformed = false;

  readonly add = (name: string, value: string): void => {
    this.count++;
    if (this.#isMalformed) return;
    if (name.startsWith(":")) this.#isMalformed = !this.#addPseudo(name, value);
    else if (!isName(name) || !isValue(value) || OF_CONNECTIONS.has(name)) this.#isMalformed = true;
    else if (name === "te") this.#isMalformed = value !== "trailers";
    else if (name === "cookie" && this.#cookieAt !== -1) this.#raw[this.#cookieAt] += `; ${value}`;
    else {
      if (name === "cookie") this.#cookieAt = this.#raw.length + 1;
      this.#raw.push(name, value);
    }
  };

  /** @param isWhole whether no body follows @param allowsConnect whether streams may leave HTTP */
  request(isWhole: boolean, allowsConnect: boolean): ReceivedHead | typeof MALFORMED {
    if (this.#isMalformed) return MALFORMED;
    const protocol = this.#pseudo.get(":protocol");
    if (protocol !== undefined) return allowsConnect ? this.#connect(protocol, isWhole) : MALFORMED;
    const method = this.#pseudo.get(":method");
    const scheme = this.#pseudo.get(":scheme");
    const path = this.#pseudo.get(":path");
    if (method === undefined || !isToken(method)) return MALFORMED;
    const fields = Fields.of(this.#raw);
    const host = this.#host(fields);
    if (host === undefined) return MALFORMED;
    let target = path;
    if (method === "CONNECT") {
      if (scheme !== undefined || path !== undefined) return MALFORMED;
      target = host;
    } else if (scheme === undefined || path === undefined) return MALFORMED;
    const form = formOf(target!, method);
    if (form === undefined) return MALFORMED;
    const contentLength = lengthOf(fields);
    if (contentLength === MALFORMED || (isWhole && contentLength !== undefined && contentLength > 0)) return MALFORMED;
    const expect = fields.get("expect")?.toLowerCase();
    return {
      method,
      version: "2",
      target: target!,
      form,
      host,
      fields,
      hasBody: !isWhole,
      contentLength,
      isChunked: !isWhole && contentLength === undefined,
      upgrade: false,
      expectsContinue: expect === "100-continue" && !isWhole,
      expectsUnknown: expect !== undefined && expect !== "100-continue",
    };
  }

  /** A stream that is to leave HTTP (RFC 8441 §4): it looks as its handshake does in HTTP/1.1, so that whoever answers need not care. */
  #connect(protocol: string, isWhole: boolean): ReceivedHead | typeof MALFORMED {
    const path = this.#pseudo.get(":path");
    const isProper = this.#pseudo.get(":method") === "CONNECT" && this.#pseudo.has(":scheme");
    if (!isProper || isWhole || path === undefined || !isToken(protocol)) return MALFORMED;
    const host = this.#host(Fields.of(this.#raw));
    const form = formOf(path, "GET");
    if (host === undefined || form !== "origin") return MALFORMED;
    this.#raw.push("connection", "Upgrade", "upgrade", protocol);
    return {
      method: "GET",
      version: "2",
      target: path,
      form,
      host,
      fields: Fields.of(this.#raw),
      hasBody: false,
      contentLength: undefined,
      isChunked: false,
      upgrade: true,
      expectsContinue: false,
      expectsUnknown: false,
    };
  }

  /** Of a trailer section: nothing of it says how to read or to route (§8.1). */
  trailers(): Fields | typeof MALFORMED {
    return this.#isMalformed || this.#pseudo.size > 0 ? MALFORMED : Fields.of(this.#raw);
  }

  #addPseudo(name: string, value: string): boolean {
    // Before all others, each once (§8.3).
    if (this.#raw.length > 0 || !isPseudo(name) || this.#pseudo.has(name)) return false;
    this.#pseudo.set(name, value);
    return true;
  }

  /** What is said twice must be the same: else who routes and who answers would not mean the same (§8.3.1). */
  #host(fields: Fields): string | undefined {
    const authority = this.#pseudo.get(":authority");
    const named = fields.get("host");
    const host = authority ?? named;
    if (host === undefined || (named !== undefined && named.toLowerCase() !== host.toLowerCase())) return undefined;
    const bytes = Buffer.from(host, "latin1");
    return host !== "" && isHost(bytes, 0, bytes.length) ? host : undefined;
  }
}

function isPseudo(name: string): name is Pseudo {
  return (PSEUDO as readonly string[]).includes(name);
}

function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (!is(text.charCodeAt(i), TOKEN)) return false;
  return text !== "";
}

function formOf(target: string, method: string): TargetForm | undefined {
  const bytes = Buffer.from(target, "latin1");
  if (bytes.some((octet) => !is(octet, TARGET))) return undefined;
  const form = targetForm(bytes, 0, bytes.length, method);
  // The authority has a field of its own.
  return form === "absolute" ? undefined : form;
}
