/** Whether a module can be what its manifest says. Pure. */
import {
  type MeteredModule,
  meterModule,
  readModule,
  signatureText,
  type WasmModule,
  WasmRefused,
} from "#foundation/wasm";
import { BODY_CAPABILITIES } from "./capabilities.ts";
import {
  ABORT,
  GUEST_FUNCTIONS,
  type GuestFunctionName,
  HOST_FUNCTIONS,
  HOST_MODULE,
  type HostFunction,
} from "./host-functions.ts";
import { MODULE_LIMITS, type ModuleManifest } from "./module-manifest.ts";

export interface JudgedModule {
  /** Sentences; empty when it can be used. */
  readonly faults: readonly string[];
  /** With its limits, ready to be compiled. Undefined when there are faults. */
  readonly metered?: MeteredModule;
  /** Of what the gateway calls, what is there. */
  readonly exported: ReadonlySet<GuestFunctionName>;
  /** Host functions that it imports. */
  readonly imported: ReadonlySet<string>;
}

const PAGES_IN_MIB = 16;

/** Reads it, holds it against what is declared, and gives it its limits. Never throws for anything that is in it. */
export function judgeModule(bytes: Uint8Array, manifest: ModuleManifest): JudgedModule {
  const { memory_mib: memoryMib } = manifest.limits;
  try {
    const module = readModule(bytes);
    const exported = exportedFunctions(module);
    const imported = new Set(module.imports.map(({ name }) => name));
    const faults = [
      ...manifestFaults(manifest),
      ...module.imports.flatMap((one) => importFault(one, manifest) ?? []),
      ...exportFaults(module, manifest, exported),
    ];
    const metered = meterModule(module, { memoryPagesMax: memoryMib * PAGES_IN_MIB });
    return faults.length > 0 ? { faults, exported, imported } : { faults, metered, exported, imported };
  } catch (error) {
    if (!(error instanceof WasmRefused)) throw error;
    return { faults: [`The module is refused: ${error.message}.`], exported: new Set(), imported: new Set() };
  }
}

function manifestFaults({ phase, kind, capabilities, hosts, limits }: ModuleManifest): readonly string[] {
  const faults: string[] = [];
  for (const [name, [least, most]] of Object.entries(MODULE_LIMITS)) {
    const value = limits[name as keyof typeof MODULE_LIMITS];
    if (!(Number.isInteger(value) && value >= least && value <= most)) {
      faults.push(`Its limit ${name} is from ${least} to ${most}, and not ${value}.`);
    }
  }
  const body = capabilities.find((one) => BODY_CAPABILITIES.includes(one));
  if (kind === "middleware" && phase === "admission" && body !== undefined) {
    faults.push(`A middleware of the phase admission has no bodies: ${body} cannot be given to it.`);
  }
  const ofResponses = capabilities.find((one) => one.endsWith("-response") || one.endsWith("-response-body"));
  if (kind === "dispatcher" && ofResponses !== undefined) {
    faults.push(`A dispatcher gives the response: ${ofResponses} cannot be given to it.`);
  }
  if (hosts.length > 0 && !capabilities.includes("http")) {
    faults.push("Hosts are declared, and the capability http is not.");
  }
  return faults;
}

function importFault(
  { module, name, type }: WasmModule["imports"][number],
  { capabilities, kind }: ModuleManifest,
): string | undefined {
  const wanted = signatureText(type);
  if (module === ABORT.module && name === ABORT.name) {
    return wanted === signatureText(ABORT.type) ? undefined : `${module}.${name} is ${signatureText(ABORT.type)}.`;
  }
  if (module !== HOST_MODULE) {
    return `It imports ${module}.${name}; there is nothing but ${HOST_MODULE}${module.startsWith("wasi") ? ": build it without WASI" : ""}.`;
  }
  const found: HostFunction | undefined = Object.hasOwn(HOST_FUNCTIONS, name)
    ? HOST_FUNCTIONS[name as keyof typeof HOST_FUNCTIONS]
    : undefined;
  if (found === undefined) return `It imports ${name}, which is no function of ${HOST_MODULE}.`;
  if (wanted !== signatureText(found.type)) {
    return `It imports ${name} as ${wanted}; it is ${signatureText(found.type)}.`;
  }
  const { capability } = found;
  // Answering is what a dispatcher is for.
  if (
    capability === undefined ||
    capabilities.includes(capability) ||
    (capability === "answer" && kind === "dispatcher")
  ) {
    return undefined;
  }
  return `It imports ${name}, and does not declare the capability ${capability}.`;
}

function exportedFunctions({ exports }: WasmModule): ReadonlySet<GuestFunctionName> {
  const names = exports.filter(({ kind, name }) => kind === "function" && Object.hasOwn(GUEST_FUNCTIONS, name));
  return new Set(names.map(({ name }) => name as GuestFunctionName));
}

function exportFaults(
  { exports }: WasmModule,
  { kind }: ModuleManifest,
  exported: ReadonlySet<GuestFunctionName>,
): readonly string[] {
  const faults: string[] = [];
  const memory = exports.find(({ name }) => name === "memory");
  if (memory?.kind !== "memory") faults.push("It does not export its memory as memory.");
  const isThere =
    kind === "dispatcher" ? exported.has("dispatch") : exported.has("on_request") || exported.has("on_response");
  if (!isThere) {
    faults.push(`A ${kind} exports the function ${kind === "dispatcher" ? "dispatch" : "on_request or on_response"}.`);
  }
  for (const { name, type } of exports) {
    if (type === undefined || !Object.hasOwn(GUEST_FUNCTIONS, name)) continue;
    const right = signatureText({ params: [], results: GUEST_FUNCTIONS[name as GuestFunctionName] });
    if (signatureText(type) !== right)
      faults.push(`Its function ${name} is ${signatureText(type)}; it has to be ${right}.`);
  }
  return faults;
}
