/** What the compiler knows of a plugin: enough to judge how it is used, without its program. */
import type { JsonObject } from "./plan.ts";

/**
 * When a middleware works on a request. All of `admission` come before all of `transformation`, each in the order in which they are written; between them the request is
 * held against its description, and only then a body is read. So nobody who may not come in makes the gateway read a body.
 */
export type MiddlewarePhase = "admission" | "transformation";

interface Declared {
  readonly name: string;
  /** One sentence, for listings. */
  readonly summary: string;
  /**
   * JSON Schema 2020-12 of its configuration: an object that lists all members (`additionalProperties: false`), with `default` where there is one and `writeOnly: true` for
   * what is secret.
   */
  readonly config: JsonObject;
  /** Names of members that hold the address of somebody else's server: the compiler refuses plain `http:`, `ws:`, `redis:` and `nats:` in them unless it is told to allow it (E1031). */
  readonly urls?: readonly string[];
  /** Pointers of members because of which requests would be sent in plain text, where no address says so (E1031). Empty: they are not. */
  readonly plainAt?: (config: JsonObject) => readonly string[];
  /**
   * What the schema cannot say: sentences about what is wrong, each with a pointer into the configuration. Members that hold references to secrets are still references.
   */
  readonly check?: (config: JsonObject) => readonly ConfigProblem[];
}

export interface MiddlewareDeclaration extends Declared {
  readonly kind: "middleware";
  readonly phase: MiddlewarePhase;
  /** Kinds of security schemes that it enforces: `apiKey`, `http:basic`, `http:bearer`, `oauth2`, `openIdConnect`, `mutualTLS`. */
  readonly enforces?: readonly string[];
}

export interface DispatcherDeclaration extends Declared {
  readonly kind: "dispatcher";
}

export type PluginDeclaration = MiddlewareDeclaration | DispatcherDeclaration;

export interface ConfigProblem {
  /** JSON Pointer; empty for the whole. */
  readonly pointer: string;
  /** A sentence: what is wrong and what is allowed. */
  readonly message: string;
}
