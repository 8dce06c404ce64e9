/** The compiler, with the options of commands. */
import { readFileSync } from "node:fs";
import { type CompiledGateway, compileGateway } from "#control-plane/gateways";
import { directoryReader, type ReadFile } from "#foundation/api-description";
import { readSigningKey } from "#foundation/sealed-archive";
import type { CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { type SpecFiles, specFiles } from "./spec-files.ts";

export interface CompiledSpecs {
  readonly specs: SpecFiles;
  readonly compiled: CompiledGateway;
}

/** Reads and compiles what the command names. @throws CodedError USAGE */
export function compileSpecs(
  context: CommandContext,
  specs: SpecFiles = namedSpecs(context),
  read: ReadFile = directoryReader(specs.folder),
): CompiledSpecs {
  const { arguments: given, environment, version } = context;
  const upstream = given.text("upstream");
  if (upstream !== undefined && !/^https?:\/\/[^/]/.test(upstream)) {
    throw usageError(`--upstream must be an http or https URL, not "${upstream}".`);
  }
  const key = environment.BIPLANE_SIGNING_KEY;
  const compiled = compileGateway({
    files: specs.files,
    read,
    ...(upstream === undefined ? {} : { upstream }),
    // Who names an address by hand means it.
    allowPlaintext: given.has("allow-plaintext") || upstream?.startsWith("http:") === true,
    provenance: { compiler: version, ...provenanceOf(context) },
    signingKeys: key === undefined || key === "" ? [] : [signingKey(key)],
  });
  return { specs, compiled };
}

export function namedSpecs({ arguments: given }: CommandContext): SpecFiles {
  return specFiles([...given.positionals, ...(given.text("spec")?.split(",") ?? [])]);
}

function provenanceOf({ arguments: given }: CommandContext): { commit?: string; source?: string } {
  const commit = given.text("provenance-commit");
  const source = given.text("provenance-source");
  return { ...(commit === undefined ? {} : { commit }), ...(source === undefined ? {} : { source }) };
}

function signingKey(path: string) {
  try {
    return readSigningKey(readFileSync(path, "utf8"));
  } catch {
    throw usageError(`BIPLANE_SIGNING_KEY must name a file with an Ed25519 key in PEM (PKCS#8); ${path} is none.`);
  }
}
