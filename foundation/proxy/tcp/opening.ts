/** What can be learnt from the first bytes of a connection before it is passed on: a PROXY header, a TLS client's wishes. Pure. */

import { type ClientHello, peekClientHello } from "./client-hello.ts";
import { GatheredBytes } from "./gathered-bytes.ts";
import { type ProxyHeader, parseProxyHeader } from "./proxy-protocol.ts";

export interface OpeningOptions {
  /** Every connection begins with a PROXY header, of either version. Only where nobody but a trusted proxy connects. */
  readonly acceptProxyProtocol: boolean;
  /** Every connection is TLS; the name it asks for is read. */
  readonly peekTls: boolean;
}

/** What was learnt, and what goes on to the upstream: all that came but the PROXY header. */
export interface Opened {
  readonly proxyHeader: ProxyHeader | undefined;
  readonly hello: ClientHello | undefined;
  readonly bytes: Buffer;
}

/** Why a connection is refused. */
export type OpeningFault = "malformed-proxy-header" | "malformed-client-hello" | "not-tls";

export type OpeningOutcome =
  | { readonly kind: "more" }
  | { readonly kind: "opened"; readonly opened: Opened }
  | { readonly kind: "refused"; readonly fault: OpeningFault };

const MORE: OpeningOutcome = { kind: "more" };

export class Opening {
  readonly #options: OpeningOptions;
  readonly #gathered = new GatheredBytes();
  #proxyHeader: ProxyHeader | undefined;
  /** Bytes without which it is no use to look. */
  #needed = 1;

  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  /** Whether nothing has to come first: a server may be the one that speaks first. */
  get isImmediate(): boolean {
    return !this.#options.acceptProxyProtocol && !this.#options.peekTls;
  }

  push(piece: Uint8Array): OpeningOutcome {
    this.#gathered.add(piece);
    if (this.#gathered.length < this.#needed) return MORE;
    if (this.#options.acceptProxyProtocol && this.#proxyHeader === undefined) {
      const outcome = parseProxyHeader(this.#gathered.bytes);
      if (outcome.kind === "malformed") return { kind: "refused", fault: "malformed-proxy-header" };
      if (outcome.kind === "more") return MORE;
      this.#proxyHeader = outcome.header;
      this.#gathered.drop(outcome.length);
    }
    if (!this.#options.peekTls) return this.#opened(undefined);
    const outcome = peekClientHello(this.#gathered.bytes);
    switch (outcome.kind) {
      case "more":
        this.#needed = outcome.bytes;
        return MORE;
      case "hello":
        return this.#opened(outcome.hello);
      case "not-tls":
        return { kind: "refused", fault: "not-tls" };
      case "malformed":
        return { kind: "refused", fault: "malformed-client-hello" };
    }
  }

  #opened(hello: ClientHello | undefined): OpeningOutcome {
    return { kind: "opened", opened: { proxyHeader: this.#proxyHeader, hello, bytes: this.#gathered.bytes } };
  }
}
