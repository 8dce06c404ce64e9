/** The two cookies of our pages (RFC 6265bis). Both are kept from scripts and are sent with requests of our own pages only. */
import { createHmac } from "node:crypto";
import type { PersonRecord, SessionRecord } from "#contracts";
import { deriveSealingKey, equalInConstantTime, open, type SealingKey, seal } from "#foundation/crypto";
import type { HttpRequest } from "#foundation/http";
import type { Random } from "#foundation/runtime";
import type { ApiEnvironment } from "../environment.ts";

const SESSION = "biplane_session";
const FORM = "biplane_form";
const FORM_ID_BYTES = 16;

type Request = Pick<HttpRequest, "headers" | "secure">;

/** Who is signed in with a browser. */
export interface SignedIn {
  readonly person: PersonRecord;
  readonly session: SessionRecord;
}

/** The form that a page shows: its hidden field, and the cookie to set when the browser has none yet. */
export interface FormProof {
  readonly field: string;
  readonly cookies: readonly string[];
}

export interface PageCookies {
  /** The person whose browser sends the request; looked up at each request, so that an ended session is over at once. */
  signedIn(request: Request, environment: Pick<ApiEnvironment, "core" | "clock">): SignedIn | undefined;
  signIn(request: Request, session: { readonly sessionId: string; readonly expiresAt: number }, now: number): string;
  signOut(request: Request): string;
  proof(request: Request): FormProof;
  /** Whether a form was made by one of our pages for this very browser. */
  proves(request: Request, field: string | undefined): boolean;
}

export function createPageCookies(platformKey: SealingKey, random: Random): PageCookies {
  const sessionKey = deriveSealingKey(platformKey, "page-session");
  const formKey = deriveSealingKey(platformKey, "page-form");
  const fieldOf = (formId: string): string => createHmac("sha256", formKey).update(formId, "utf8").digest("base64url");

  return {
    signedIn(request, { core: { views }, clock }) {
      const sealed = cookieOf(request, SESSION);
      if (sealed === undefined) return undefined;
      let sessionId: string;
      try {
        sessionId = open(sessionKey, sealed, SESSION);
      } catch {
        return undefined;
      }
      const session = views.record("session", sessionId);
      if (session === undefined || session.expiresAt <= clock.now() || session.subject.type !== "person")
        return undefined;
      const person = views.record("person", session.subject.personId);
      return person === undefined ? undefined : { person, session };
    },
    signIn(request, { sessionId, expiresAt }, now) {
      const seconds = Math.floor((expiresAt - now) / 1000);
      return cookie(request, SESSION, seal(sessionKey, sessionId, SESSION, random), `; Max-Age=${seconds}`);
    },
    signOut: (request) => cookie(request, SESSION, "", "; Max-Age=0"),
    proof(request) {
      const known = cookieOf(request, FORM);
      const formId = known ?? Buffer.from(random.bytes(FORM_ID_BYTES)).toString("base64url");
      return { field: fieldOf(formId), cookies: known === undefined ? [cookie(request, FORM, formId)] : [] };
    },
    proves(request, field) {
      const formId = cookieOf(request, FORM);
      return formId !== undefined && field !== undefined && equalInConstantTime(field, fieldOf(formId));
    },
  };
}

/** Over TLS the name begins with `__Host-`: the browser then takes the cookie from this host alone (RFC 6265bis §4.1.3.2). */
function nameOf({ secure }: Request, name: string): string {
  return secure ? `__Host-${name}` : name;
}

function cookie(request: Request, name: string, value: string, more = ""): string {
  const secure = request.secure ? "; Secure" : "";
  return `${nameOf(request, name)}=${value}; Path=/; HttpOnly; SameSite=Strict${secure}${more}`;
}

/**
 * Undefined also where the cookie comes twice. Ports do not keep cookies apart (RFC 6265 §8.5): over plain HTTP a script of an object in a bucket, at another port of this host, can add one for a
 * longer path, which then comes first, and so sign a person in as somebody else.
 */
function cookieOf(request: Request, name: string): string | undefined {
  const wanted = `${nameOf(request, name)}=`;
  const found = (request.headers.get("cookie") ?? "").split(/[;,] */).filter((pair) => pair.startsWith(wanted));
  const value = found.length === 1 ? found[0]!.slice(wanted.length) : "";
  return /^[\w.-]{1,512}$/.test(value) ? value : undefined;
}
