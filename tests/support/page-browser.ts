/** A browser as far as our pages need one: it keeps cookies and sends forms. */

export interface PageAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Where a redirect goes. */
  readonly location: string | null;
}

export class PageBrowser {
  readonly #url: string;
  readonly #cookies = new Map<string, string>();

  /** @param url of the control API, without a path */
  constructor(url: string) {
    this.#url = url;
  }

  get signedIn(): boolean {
    return this.#cookies.has("biplane_session");
  }

  async open(path: string, init: RequestInit = {}): Promise<PageAnswer> {
    const headers = new Headers(init.headers);
    if (this.#cookies.size > 0) headers.set("cookie", Array.from(this.#cookies, (pair) => pair.join("=")).join("; "));
    const answer = await fetch(this.#url + path, { ...init, headers, redirect: "manual" });
    for (const cookie of answer.headers.getSetCookie()) {
      const [name, value] = cookie.split(";", 1)[0]!.split("=") as [string, string];
      if (value === "") this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    const { status, headers: given } = answer;
    return { status, headers: given, text: await answer.text(), location: given.get("location") };
  }

  send(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<PageAnswer> {
    return this.open(path, {
      method: "POST",
      body: new URLSearchParams(fields).toString(),
      headers: { "content-type": "application/x-www-form-urlencoded", origin: this.#url, ...headers },
    });
  }

  /** Opens a page and sends its form, hidden fields included. */
  async fill(path: string, fields: Record<string, string>): Promise<PageAnswer> {
    const { text } = await this.open(path);
    const form = /<form method="post" action="([^"]+)">([\s\S]*?)<\/form>/.exec(text);
    if (form === null) throw new Error(`there is no form at ${path}: ${text}`);
    const hidden = form[2]!.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g);
    const given = Object.fromEntries(Array.from(hidden, ([, name, value]) => [name!, value!]));
    return await this.send(form[1]!, { ...given, ...fields });
  }
}
