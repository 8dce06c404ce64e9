/** The compiler over the files of a build. The same files and options give the same bytes as the command line's. Pure. */
import { BUILD_DIAGNOSTICS_MAX, type BuildDiagnostic } from "#contracts";
import { compileGateway } from "../index.ts";
import type { BuildInput, BuildOutput, InputSpec } from "./build-input.ts";

const RANK = { error: 0, warning: 1, note: 2 } as const;

export function compileBuild({ specs, options, compiler }: BuildInput): BuildOutput {
  const merged = mergedFiles(specs);
  if (typeof merged === "string") return { diagnostics: [], errors: 0, warnings: 0, message: merged };
  const { upstream, commit, source } = options;
  const compiled = compileGateway({
    files: [...new Set(specs.flatMap(({ descriptions }) => descriptions))],
    read: (path) => merged.get(path),
    ...(upstream === undefined ? {} : { upstream }),
    // Who names an address by hand means it.
    allowPlaintext: options.allowPlaintext === true || upstream?.startsWith("http:") === true,
    provenance: {
      compiler,
      ...(commit === undefined ? {} : { commit }),
      ...(source === undefined ? {} : { source }),
    },
  });
  const { diagnostics, artifact, plan } = compiled;
  const counted = (level: BuildDiagnostic["level"]) => diagnostics.filter((one) => one.level === level).length;
  const shown = diagnostics
    .toSorted((left, right) => RANK[left.level] - RANK[right.level])
    .slice(0, BUILD_DIAGNOSTICS_MAX)
    .map(({ code, level, message, file, line, column, pointer, hint }): BuildDiagnostic => {
      const one = { code, level, message, file, line, column, pointer };
      return hint === undefined ? one : { ...one, hint };
    });
  return {
    diagnostics: shown,
    errors: counted("error"),
    warnings: counted("warning"),
    ...(artifact === undefined ? {} : { artifact: { ...artifact, operations: plan!.operations.length } }),
  };
}

/** The files of all specs in one folder; a sentence where two specs want different contents at one path. */
function mergedFiles(specs: readonly InputSpec[]): ReadonlyMap<string, Uint8Array> | string {
  const merged = new Map<string, Uint8Array>();
  const from = new Map<string, string>();
  for (const { name, files } of specs) {
    for (const [path, bytes] of files) {
      const there = merged.get(path);
      if (there !== undefined && Buffer.compare(there, bytes) !== 0) {
        return `The specs ${from.get(path)} and ${name} have different files at ${path}: built together, they are in one folder.`;
      }
      merged.set(path, bytes);
      from.set(path, name);
    }
  }
  return merged;
}
