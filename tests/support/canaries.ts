/** Recognisable secrets that are planted, and must be found nowhere afterwards. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

/** Shorter texts are found by chance. */
const FORM_CHARACTERS_MIN = 12;

export interface Canaries {
  readonly size: number;
  secrets(): readonly string[];
  /**
   * Remembers a secret, so that it is looked for.
   * @returns itself
   * @throws Error for what is no secret
   */
  plant(name: string, secret: unknown): string;
  forget(name: string): void;
  secretOf(name: string): string | undefined;
  /** Names of the secrets that are in it, in whatever form. */
  found(haystack: string | Buffer): readonly string[];
  /** `file: names of secrets` for every file below a directory that holds any. @param except files that are meant to, relative to the directory */
  foundBelow(
    directory: string,
    except?: ReadonlySet<string>,
  ): { readonly files: number; readonly found: readonly string[] };
}

export function createCanaries(): Canaries {
  const secrets = new Map<string, string>();
  const forms = new Map<string, readonly string[]>();
  const canaries: Canaries = {
    get size() {
      return secrets.size;
    },
    secrets: () => [...secrets.values()],
    plant(name, secret) {
      if (typeof secret !== "string" || secret.length < 16) throw new Error(`${name} is no secret: ${String(secret)}`);
      secrets.set(name, secret);
      forms.set(
        name,
        formsOf(secret).filter((form) => form.length >= FORM_CHARACTERS_MIN),
      );
      return secret;
    },
    forget(name) {
      secrets.delete(name);
      forms.delete(name);
    },
    secretOf: (name) => secrets.get(name),
    found: (haystack) =>
      [...forms].filter(([, each]) => each.some((form) => haystack.includes(form))).map(([name]) => name),
    foundBelow(directory, except = new Set()) {
      const found: string[] = [];
      let files = 0;
      for (const path of filesBelow(directory)) {
        files++;
        const name = relative(directory, path);
        if (except.has(name)) continue;
        const names = canaries.found(readFileSync(path));
        if (names.length > 0) found.push(`${name}: ${names.join(", ")}`);
      }
      return { files, found };
    },
  };
  return canaries;
}

/** Text as it may stand somewhere: itself, percent-encoded, escaped in JSON, in base64 at any offset, in hex; or the random part of it alone. */
function formsOf(secret: string): readonly string[] {
  const core = /^bp[a-z]_/.test(secret) ? secret.slice(secret.startsWith("bpr_") ? 33 : 4) : secret;
  const bytes = Buffer.from(secret);
  const inner = Buffer.from(secret.slice(3)).toString("base64").slice(2, -4);
  return [
    core,
    encodeURIComponent(core),
    JSON.stringify(core).slice(1, -1),
    bytes.toString("base64").slice(0, -4),
    inner,
    bytes.toString("hex"),
  ];
}

function* filesBelow(directory: string): Generator<string, void, void> {
  for (const entry of readdirSync(directory)) {
    const path = join(directory, entry);
    if (statSync(path).isDirectory()) yield* filesBelow(path);
    else yield path;
  }
}
