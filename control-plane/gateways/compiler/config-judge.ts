/** Whether configurations of plugins are as the plugins want them. */
import type { ConfigProblem, JsonObject, JsonValue, PluginDeclaration } from "#foundation/gateway-artifact";
import { createValidator, type ValidationError, type Validator } from "#foundation/json-schema";

/** The forms that gateways resolve, and no others: what only looks like one stays a text, and is judged as such. */
const SECRET = /^(?:env:\/\/\S+|file:\/\/\/.+)$|\$\{(?:env|file):\/\/[^}]+\}/;
/** What is not known of a secret before it is there. */
const OF_TEXTS = new Set(["pattern", "format", "minLength", "maxLength", "enum", "const"]);

export const refersToSecret = (text: string): boolean => SECRET.test(text);

export class ConfigJudge {
  readonly #validators = new Map<string, Validator>();

  /**
   * @returns everything that is wrong; `isShaped`: it fits the schema, so that the rest of it can be looked at
   * @throws InvalidSchema where the declaration's own schema cannot be used
   */
  judge(
    declaration: PluginDeclaration,
    config: JsonObject,
  ): { readonly problems: readonly ConfigProblem[]; readonly isShaped: boolean } {
    const { name } = declaration;
    const faults = this.#validatorOf(declaration)
      .errors(config as never)
      .filter((fault) => !isAboutSecret(fault, config))
      .map(({ instancePath: pointer, message }) => {
        const what = pointer === "" ? `The configuration of ${name}` : `${pointer.slice(1)} of ${name}`;
        return { pointer, message: `${what} ${message}.` };
      });
    return faults.length > 0
      ? { problems: faults, isShaped: false }
      : { problems: declaration.check?.(config) ?? [], isShaped: true };
  }

  #validatorOf({ name, config }: PluginDeclaration): Validator {
    let validator = this.#validators.get(name);
    if (validator === undefined) {
      validator = createValidator(config as never, { assertFormat: true });
      this.#validators.set(name, validator);
    }
    return validator;
  }
}

function isAboutSecret({ keyword, instancePath }: ValidationError, config: JsonObject): boolean {
  if (!OF_TEXTS.has(keyword)) return false;
  const value = valueAt(config, instancePath);
  return typeof value === "string" && refersToSecret(value);
}

function valueAt(value: JsonValue, pointer: string): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const step of pointer === "" ? [] : pointer.slice(1).split("/")) {
    if (typeof found !== "object" || found === null) return undefined;
    found = (found as JsonObject)[step.replaceAll("~1", "/").replaceAll("~0", "~")];
  }
  return found;
}
