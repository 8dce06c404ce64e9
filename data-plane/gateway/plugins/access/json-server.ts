/** Another server that is asked with a short request and answers with JSON: bounded in size and in time. */
import { type Origin, send } from "#foundation/http1";
import type { PluginHost } from "../plugin.ts";
import { upstreamOf } from "../upstream-address.ts";

/** More is no answer to a question of ours. */
const ANSWER_BYTES_MAX = 256 * 1024;

export interface JsonServerOptions {
  readonly method: "GET" | "POST";
  /** Name, value, name, value … */
  readonly fields?: readonly string[];
  /** For everything together. */
  readonly timeoutMs: number;
}

/** An answer that is not one to be used. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

export class JsonServer {
  readonly #origin: Origin;
  readonly #target: string;
  readonly #authority: string;
  readonly #fields: readonly string[];

  /** @throws TypeError when it is no address of a server */
  constructor(
    url: string,
    private readonly pool: PluginHost["pool"],
    private readonly options: JsonServerOptions,
  ) {
    const { origin, host } = upstreamOf(url);
    const { pathname, search } = new URL(url);
    this.#origin = origin;
    this.#target = pathname + search;
    this.#authority = host;
    this.#fields = ["Accept", "application/json", ...(options.fields ?? [])];
  }

  /** Rejects with `NoAnswer` for a status other than 200 and for what is no JSON, with `ClientFailed`, `BodyTooLarge` and `BodyBroken`. Redirects are not followed. */
  async ask(body?: Uint8Array, signal?: AbortSignal): Promise<unknown> {
    const answer = await send(
      this.pool,
      this.#origin,
      {
        method: this.options.method,
        target: this.#target,
        host: this.#authority,
        fields: this.#fields,
        body: body ?? null,
        totalTimeoutMs: this.options.timeoutMs,
      },
      signal === undefined ? {} : { signal },
    );
    if (answer.status !== 200) {
      answer.body.drop();
      throw new NoAnswer(`the answer has the status ${answer.status}`);
    }
    const bytes = await answer.body.bytes(ANSWER_BYTES_MAX);
    try {
      return JSON.parse(bytes.toString("utf8"));
    } catch (error) {
      throw new NoAnswer("the answer is no JSON", { cause: error });
    }
  }
}
