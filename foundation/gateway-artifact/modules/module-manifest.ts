/** What stands next to a module: who it is, what it needs, what it can be told. */
import type { JsonObject } from "../plan.ts";
import type { MiddlewarePhase } from "../plugin-declaration.ts";
import { MODULE_CAPABILITIES, type ModuleCapability } from "./capabilities.ts";

export interface ModuleManifest {
  readonly name: string;
  readonly version: string;
  readonly kind: "middleware" | "dispatcher";
  /** Of a middleware. */
  readonly phase: MiddlewarePhase;
  readonly summary: string;
  readonly capabilities: readonly ModuleCapability[];
  /** Servers that it may send to: `https://api.example.com`, or `config:/pointer` for whichever server an address in its configuration names. */
  readonly hosts: readonly string[];
  readonly limits: ModuleLimits;
  /** Whether an instance is as new for every call, or keeps what it has in its memory. */
  readonly state: "reset" | "kept";
  /** JSON Schema 2020-12 of its configuration, as that of built-in plugins. */
  readonly config: JsonObject;
  /** As those of built-in plugins. */
  readonly urls: readonly string[];
  readonly enforces: readonly string[];
}

export interface ModuleLimits {
  /** Of memory. */
  readonly memory_mib: number;
  /** Of each call, about. */
  readonly instructions: number;
  /** For all that a call waits for. */
  readonly wait_ms: number;
}

/** An artifact has it in its plan, with the digest of the module. */
export interface PlannedModule extends ModuleManifest {
  /** Of the module's octets, in hexadecimal digits. */
  readonly sha256: string;
}

/** Least and most of each limit. Gateways hold to them, whatever a plan says. */
export const MODULE_LIMITS = {
  memory_mib: [1, 256],
  instructions: [1000, 1_000_000_000],
  wait_ms: [1, 60_000],
} as const satisfies Readonly<Record<keyof ModuleLimits, readonly [least: number, most: number]>>;

const limit = (name: keyof ModuleLimits, value: number) => {
  const [minimum, maximum] = MODULE_LIMITS[name];
  return { type: "integer", minimum, maximum, default: value } as const;
};

const texts = (description: string) => ({
  description,
  type: "array",
  items: { type: "string", maxLength: 512 },
  maxItems: 64,
  default: [],
});

/** What a manifest may say. */
export const MODULE_MANIFEST_SCHEMA = {
  type: "object",
  additionalProperties: false,
  required: ["name", "version", "kind"],
  properties: {
    name: { type: "string", pattern: "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", maxLength: 64 },
    version: { type: "string", pattern: "^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$", maxLength: 64 },
    kind: { enum: ["middleware", "dispatcher"] },
    phase: {
      description: "Whether it decides from the head alone who comes in, or works on what was checked.",
      enum: ["admission", "transformation"],
      default: "transformation",
    },
    summary: { type: "string", maxLength: 1000, default: "" },
    capabilities: {
      type: "array",
      uniqueItems: true,
      items: { enum: Object.keys(MODULE_CAPABILITIES) },
      default: [],
    },
    hosts: {
      type: "array",
      maxItems: 64,
      items: {
        type: "string",
        maxLength: 512,
        pattern:
          "^(https?://[A-Za-z0-9.\\-]+(:[0-9]{1,5})?|https?://\\[[0-9A-Fa-f:.]+\\](:[0-9]{1,5})?|config:(/.*)?)$",
      },
      default: [],
    },
    limits: {
      type: "object",
      additionalProperties: false,
      default: {},
      properties: {
        memory_mib: limit("memory_mib", 16),
        instructions: limit("instructions", 10_000_000),
        wait_ms: limit("wait_ms", 5000),
      },
    },
    state: { enum: ["reset", "kept"], default: "reset" },
    config: { type: "object", default: { type: "object", additionalProperties: false } },
    urls: texts("Members of the configuration that hold addresses of servers."),
    enforces: texts("Kinds of security schemes that it enforces."),
  },
} as const;
