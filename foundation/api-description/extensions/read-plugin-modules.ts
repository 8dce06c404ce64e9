/** Plugins that a description brings along: `x-biplane-plugins`. */
import type { Diagnostics } from "../diagnostics/diagnostic.ts";
import type { PluginModule } from "../model.ts";
import { filePath, resolveAddress } from "../references/addresses.ts";
import { child, entriesOf, isObjectPart, type Part, placeOf, textAt } from "../references/part.ts";
import { shown } from "../references/resolver.ts";
import { kindOf } from "../source/json-value.ts";
import { extensionOf, unknownFields } from "./read-extensions.ts";

const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
const NAME_LENGTH_MAX = 64;
const SHA_256 = /^[0-9a-f]{64}$/i;

/** @param root the top of a document */
export function readPluginModules(root: Part, diagnostics: Diagnostics): readonly PluginModule[] {
  const part = extensionOf(root, "plugins", diagnostics);
  if (part === undefined) return [];
  if (!isObjectPart(part)) {
    diagnostics.report("E1025", part, `Plugins are an object of names and paths, not ${kindOf(part.value)}.`, {
      at: "key",
    });
    return [];
  }
  return entriesOf(part).flatMap(([name, entry]) => readModule(name, entry, diagnostics) ?? []);
}

function readModule(name: string, part: Part, diagnostics: Diagnostics): PluginModule | undefined {
  if (!NAME.test(name) || name.length > NAME_LENGTH_MAX) {
    const hint = "It is made of small letters, digits and single hyphens, like request-stamp.";
    diagnostics.report("E1025", part, `${shown(name)} is no name of a plugin.`, { at: "key", hint });
    return undefined;
  }
  const isText = typeof part.value === "string";
  if (isObjectPart(part)) unknownFields(part, ["path", "sha256"], "E1025", diagnostics);
  const written = isText ? (part.value as string) : textAt(part, "path");
  if (written === undefined) {
    diagnostics.report("E1025", part, `${name} needs the path of its module.`, {
      hint: `Write ./plugins/${name}.wasm.`,
    });
    return undefined;
  }
  const sha256 = child(part, "sha256");
  if (sha256 !== undefined && (typeof sha256.value !== "string" || !SHA_256.test(sha256.value))) {
    diagnostics.report("E1025", sha256, "A SHA-256 digest has 64 hexadecimal digits.");
    return undefined;
  }
  const address = resolveAddress(written, part.document.uri);
  const path = "refused" in address ? undefined : filePath(address.uri);
  if (path === undefined || !path.endsWith(".wasm")) {
    const reason = "refused" in address ? address.reason : "it is not the path of a .wasm file";
    diagnostics.report("E1025", isText ? part : child(part, "path")!, `${shown(written)} is not read: ${reason}.`);
    return undefined;
  }
  return {
    name,
    path,
    at: placeOf(part),
    ...(typeof sha256?.value === "string" ? { sha256: sha256.value.toLowerCase() } : {}),
  };
}
