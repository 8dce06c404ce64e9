/** Uses of plugins: judged, completed by defaults, each configuration once. */
import { type Diagnostics, nearestName, type PluginUse as WrittenUse } from "#foundation/api-description";
import { canonicalJson } from "#foundation/canonical-json";
import type { JsonObject, JsonValue, PluginDeclaration, PluginUse } from "#foundation/gateway-artifact";
import { ConfigJudge, refersToSecret } from "./config-judge.ts";
import { isObject, withDefaults } from "./with-defaults.ts";

export interface UseRules {
  readonly allowPlaintext: boolean;
  /** Of a plugin that was brought along; undefined for one that is built in. */
  readonly versionOf?: (name: string) => string | undefined;
  /** Whether a plugin is declared and not in order, which was told. */
  readonly isBroken?: (name: string) => boolean;
}

export class PluginUses {
  readonly #declarations: ReadonlyMap<string, PluginDeclaration>;
  readonly #rules: UseRules;
  readonly #diagnostics: Diagnostics;
  readonly #judge = new ConfigJudge();
  readonly #places = new Map<string, number>();
  readonly #list: PluginUse[] = [];
  /** Uses that descriptions share are one object for all of their operations. */
  readonly #known = new Map<WrittenUse, number | undefined>();

  constructor(declarations: ReadonlyMap<string, PluginDeclaration>, rules: UseRules, diagnostics: Diagnostics) {
    this.#declarations = declarations;
    this.#rules = rules;
    this.#diagnostics = diagnostics;
  }

  get list(): readonly PluginUse[] {
    return this.#list;
  }

  /** @returns its place in the list; undefined when something is wrong, which is reported */
  add(kind: PluginUse["kind"], use: WrittenUse): number | undefined {
    if (this.#known.has(use)) return this.#known.get(use);
    const place = this.#add(kind, use);
    this.#known.set(use, place);
    return place;
  }

  #add(kind: PluginUse["kind"], use: WrittenUse): number | undefined {
    const declaration = this.#declarationOf(kind, use);
    if (declaration === undefined || !this.#isConfigured(declaration, use)) return undefined;
    const config = withDefaults(use.config as JsonObject, declaration.config) as JsonObject;
    const key = `${kind} ${use.name} ${canonicalJson(config)}`;
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#list.push({ kind, name: use.name, config }) - 1;
      this.#places.set(key, place);
    }
    return place;
  }

  #declarationOf(kind: PluginUse["kind"], { name, at, version }: WrittenUse): PluginDeclaration | undefined {
    const declaration = this.#declarations.get(name);
    if (declaration === undefined && this.#rules.isBroken?.(name) === true) return undefined;
    if (declaration === undefined) {
      const names = [...this.#declarations.values()].filter((one) => one.kind === kind).map((one) => one.name);
      const nearest = nearestName(name, names);
      const hint = nearest === undefined ? `There are ${names.sort().join(", ")}.` : `Did you mean ${nearest}?`;
      this.#diagnostics.report("E1021", at, `There is no ${kind} ${JSON.stringify(name)}.`, { hint });
      return undefined;
    }
    if (declaration.kind !== kind) {
      this.#diagnostics.report("E1024", at, `${name} is a ${declaration.kind}, and is used as a ${kind}.`);
      return undefined;
    }
    // Plugins that are built in have the version of the gateway; `@…` is how other gateways ask for theirs.
    const found = this.#rules.versionOf?.(name);
    if (version !== undefined && found !== undefined && version !== found) {
      this.#diagnostics.report("E1022", at, `${name} is there in the version ${found}, and not in ${version}.`);
      return undefined;
    }
    return declaration;
  }

  #isConfigured(declaration: PluginDeclaration, { name, config, configAt }: WrittenUse): boolean {
    const at = (pointer: string) => ({ document: configAt.document, pointer: configAt.pointer + pointer });
    const { problems, isShaped } = this.#judge.judge(declaration, config as JsonObject);
    for (const { pointer, message } of problems) this.#diagnostics.report("E1023", at(pointer), message);
    if (!isShaped) return false;
    const plain = this.#rules.allowPlaintext ? [] : plainPlaces(config as JsonObject, declaration);
    for (const pointer of plain) {
      this.#diagnostics.report("E1031", at(pointer), `${name} would send requests in plain text.`, {
        hint: "Use an address with TLS, such as https://… (or `tls`, where it has that), or allow it with --allow-plaintext.",
      });
    }
    for (const pointer of literalSecrets(config as JsonObject, declaration.config)) {
      this.#diagnostics.report("E1070", at(pointer), `${pointer.slice(1)} of ${name} is a secret in plain text.`, {
        hint: "Refer to it with env://NAME or file:///path.",
      });
    }
    return problems.length === 0 && plain.length === 0;
  }
}

/** As parsers of URLs read it: white space in front, and slashes, may be there or not. */
const PLAIN = /^\s*(?:http|ws|redis|nats):/i;

const plainPlaces = (config: JsonObject, { urls = [], plainAt }: PluginDeclaration): readonly string[] => [
  ...plainAddresses(config, urls),
  ...(plainAt?.(config) ?? []),
];

/** Pointers of addresses without TLS: `urls` are members anywhere in the configuration, texts or lists of texts or of objects. */
function plainAddresses(config: JsonObject, urls: readonly string[]): readonly string[] {
  const found: string[] = [];
  const look = (value: JsonValue, pointer: string, isUrl: boolean): void => {
    if (typeof value === "string") {
      if (isUrl && PLAIN.test(value.replace(/[\t\r\n]/g, ""))) found.push(pointer);
    } else if (Array.isArray(value)) {
      for (const [index, one] of value.entries()) look(one, `${pointer}/${index}`, isUrl);
    } else if (isObject(value)) {
      for (const [name, one] of Object.entries(value)) look(one, `${pointer}/${name}`, urls.includes(name));
    }
  };
  if (urls.length > 0) look(config, "", false);
  return found;
}

/** Pointers of texts that the schema marks `writeOnly` and that refer to nothing. */
function literalSecrets(value: JsonValue, schema: JsonValue | undefined, pointer = ""): readonly string[] {
  if (!isObject(schema)) return [];
  if (schema.writeOnly === true) return typeof value === "string" && !refersToSecret(value) ? [pointer] : [];
  if (Array.isArray(value)) {
    return value.flatMap((one: JsonValue, index) => literalSecrets(one, schema.items, `${pointer}/${index}`));
  }
  if (!isObject(value)) return [];
  const properties = isObject(schema.properties) ? schema.properties : {};
  const others = isObject(schema.additionalProperties) ? schema.additionalProperties : undefined;
  return Object.entries(value).flatMap(([name, one]) =>
    literalSecrets(one, Object.hasOwn(properties, name) ? properties[name] : others, `${pointer}/${name}`),
  );
}
