/** Plugins that descriptions bring along: their modules and manifests, read and judged. Pure but for `read`. */
import { createHash } from "node:crypto";
import {
  type Diagnostics,
  type LoadedDescriptions,
  type Place,
  type PluginModule,
  type ReadFile,
  SOURCE_LIMITS,
  SourceDocument,
} from "#foundation/api-description";
import {
  type JsonObject,
  judgeModule,
  MODULE_MANIFEST_SCHEMA,
  type ModuleManifest,
  type PlannedModule,
  type PluginDeclaration,
} from "#foundation/gateway-artifact";
import { createValidator, InvalidSchema, type Validator } from "#foundation/json-schema";
import { withDefaults } from "./with-defaults.ts";

/** Of a manifest, in the order in which they are looked for. */
const MANIFEST_ENDINGS = [".plugin.yaml", ".plugin.yml", ".plugin.json"];
const MODULE_ENDING = ".wasm";

interface ReadModule {
  readonly planned: PlannedModule;
  readonly bytes: Uint8Array;
}

export class ModuleTable {
  readonly #read: ReadFile;
  readonly #diagnostics: Diagnostics;
  readonly #declared = new Map<string, PluginModule>();
  readonly #modules = new Map<string, ReadModule>();
  readonly #files = new Set<string>();
  #validator: Validator | undefined;

  constructor(
    { descriptions }: Pick<LoadedDescriptions, "descriptions">,
    builtIn: ReadonlyMap<string, PluginDeclaration>,
    read: ReadFile,
    diagnostics: Diagnostics,
  ) {
    this.#read = read;
    this.#diagnostics = diagnostics;
    for (const module of descriptions.flatMap(({ plugins }) => plugins)) {
      const before = this.#declared.get(module.name);
      if (builtIn.has(module.name)) {
        diagnostics.report("E1025", module.at, `${module.name} is a plugin that gateways bring.`, {
          hint: "Give yours another name.",
        });
      } else if (before === undefined) {
        this.#declared.set(module.name, module);
        this.#add(module);
      } else if (before.path !== module.path || before.sha256 !== module.sha256) {
        diagnostics.report(
          "E1025",
          module.at,
          `${module.name} is declared as another module in ${before.at.document.file}.`,
        );
      }
    }
  }

  /** All files that were looked for. */
  get files(): readonly string[] {
    return [...this.#files];
  }

  /** What is declared of each, for judging its uses. */
  get declarations(): ReadonlyMap<string, PluginDeclaration> {
    return new Map(Array.from(this.#modules, ([name, { planned }]) => [name, declarationOf(planned)]));
  }

  /** Whether it is declared, and something is wrong with it. */
  isBroken(name: string): boolean {
    return this.#declared.has(name) && !this.#modules.has(name);
  }

  version(name: string): string | undefined {
    return this.#modules.get(name)?.planned.version;
  }

  /** Those of the names that are modules, sorted. */
  used(names: ReadonlySet<string>): readonly ReadModule[] {
    const used = [...this.#modules.values()].filter(({ planned }) => names.has(planned.name));
    return used.toSorted((left, right) => (left.planned.name < right.planned.name ? -1 : 1));
  }

  #add(module: PluginModule): void {
    const bytes = this.#file(module.path, module.at);
    const document = this.#manifestDocument(module);
    const manifest = document && this.#manifest(module, document);
    if (bytes === undefined || manifest === undefined || document === undefined) return;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (module.sha256 !== undefined && module.sha256 !== sha256) {
      this.#diagnostics.report("E1027", module.at, `${module.path} is another one: its digest is ${sha256}.`);
      return;
    }
    const { faults } = judgeModule(bytes, manifest);
    for (const fault of faults) {
      this.#diagnostics.report("E1027", { document, pointer: "" }, `${module.path}: ${fault}`, { at: "key" });
    }
    if (faults.length === 0) this.#modules.set(module.name, { planned: { ...manifest, sha256 }, bytes });
  }

  #manifestDocument({ path, at }: PluginModule): SourceDocument | undefined {
    const stem = path.slice(0, -MODULE_ENDING.length);
    for (const ending of MANIFEST_ENDINGS) {
      const file = stem + ending;
      const bytes = this.#file(file, undefined);
      if (bytes === undefined) continue;
      const document = SourceDocument.read(`file:///${file}`, file, bytes, SOURCE_LIMITS);
      for (const { code, message, offset, hint } of document.problems) {
        const found = { code, level: "error", message, file, ...document.positionAt(offset), pointer: "" } as const;
        this.#diagnostics.add(hint === undefined ? found : { ...found, hint });
      }
      return document.problems.length > 0 ? undefined : document;
    }
    this.#diagnostics.report("E1026", at, `There is no ${stem}${MANIFEST_ENDINGS[0]} next to the module.`);
    return undefined;
  }

  #manifest({ name }: PluginModule, document: SourceDocument): ModuleManifest | undefined {
    const at = (pointer: string): Place => ({ document, pointer });
    this.#validator ??= createValidator(MODULE_MANIFEST_SCHEMA as never);
    const value = document.value ?? null;
    const faults = this.#validator.errors(value as never);
    for (const { instancePath, message } of faults) {
      const what = instancePath === "" ? "The manifest" : instancePath.slice(1);
      this.#diagnostics.report("E1026", at(instancePath), `${what} ${message}.`);
    }
    if (faults.length > 0) return undefined;
    const manifest = withDefaults(value as JsonObject, MODULE_MANIFEST_SCHEMA) as unknown as ModuleManifest;
    if (manifest.name !== name) {
      this.#diagnostics.report("E1026", at("/name"), `It is declared as ${name}, and calls itself ${manifest.name}.`);
      return undefined;
    }
    return this.#isSchema(manifest, document) ? manifest : undefined;
  }

  /** The schema is what configurations are judged by: one that cannot be used would let everything pass. */
  #isSchema({ config }: ModuleManifest, document: SourceDocument): boolean {
    try {
      createValidator(config as never, { assertFormat: true });
      return true;
    } catch (error) {
      if (!(error instanceof InvalidSchema)) throw error;
      for (const { pointer, message } of error.problems) {
        const place = { document, pointer: `/config${pointer}` };
        this.#diagnostics.report("E1026", place, `The schema of its configuration: ${message}`);
      }
      return false;
    }
  }

  #file(path: string, at: Place | undefined): Uint8Array | undefined {
    this.#files.add(path);
    try {
      const found = this.#read(path);
      if (found !== undefined) return typeof found === "string" ? Buffer.from(found) : found;
      if (at !== undefined) this.#diagnostics.report("E1000", at, `There is no file ${path}.`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (at !== undefined) this.#diagnostics.report("E1000", at, `${path} cannot be read: ${reason}.`);
    }
    return undefined;
  }
}

function declarationOf(manifest: PlannedModule): PluginDeclaration {
  const { name, summary, config, urls, kind, phase, enforces } = manifest;
  const common = { name, summary, config, urls };
  return kind === "dispatcher" ? { ...common, kind } : { ...common, kind, phase, enforces };
}
