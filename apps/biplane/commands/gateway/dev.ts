/** `biplane gateway dev`: compiles, serves, and does both again whenever a description changes. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { GatewayUsage, readGatewaySettings } from "#apps/gateway";
import { Gateway, SecretUnavailable, UnusableArtifact } from "#data-plane/gateway";
import { EXIT } from "#foundation/errors";
import { systemClock, systemRandom, systemTimers } from "#foundation/runtime";
import { createLogger, createMetrics } from "#foundation/telemetry";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { usageError } from "../../cli/errors.ts";
import { counted } from "../../cli/units.ts";
import { type CompiledSpecs, compileSpecs, namedSpecs } from "./compile-specs.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import type { SpecFiles } from "./spec-files.ts";

/** Editors write a file in several steps; a look costs next to nothing. */
const LOOK_EVERY_MS = 200;

export const gatewayDev: CommandBody = async (context) => {
  const { terminal, signal } = context;
  const gateway = gatewayOf(context);
  let current = compileSpecs(context);
  let seen = identityOf(current);
  showDiagnostics(current.compiled.diagnostics, current.specs.folder, terminal);
  const { artifact } = current.compiled;
  if (artifact !== undefined) await gateway.use(artifact.bytes);
  else {
    terminal.line("Nothing is served until this is in order; it is looked at again whenever a file changes.");
    while (!signal.aborted) {
      await Bun.sleep(LOOK_EVERY_MS);
      const next = changed(context, current, seen);
      if (next === undefined) continue;
      ({ current, seen } = next);
      if (await use(gateway, current, context)) break;
    }
  }
  if (signal.aborted) return EXIT.ok;
  await gateway.listen();
  const { operations } = gateway.artifact!.plan;
  terminal.line(
    `serving ${counted(operations.length, "operation")} on ${terminal.tone("bold", `http://${gateway.hostname}:${gateway.port}`)}`,
  );
  for (const { method, path } of operations.slice(0, 10)) terminal.line(`  ${method.padEnd(7)} ${path}`);
  if (operations.length > 10) terminal.line(`  and ${operations.length - 10} more`);
  terminal.line(terminal.tone("dim", "Descriptions are read again when they change. Ctrl-C ends it."));
  while (!signal.aborted) {
    await Bun.sleep(LOOK_EVERY_MS);
    const next = changed(context, current, seen);
    if (next === undefined) continue;
    ({ current, seen } = next);
    await use(gateway, current, context);
  }
  await gateway.close(1_000);
  return EXIT.ok;
};

function gatewayOf({ arguments: given, environment }: CommandContext): Gateway {
  try {
    const { listen, secrets } = readGatewaySettings(
      { artifact: "-", listen: given.text("listen"), "secrets-dir": given.text("secrets-dir") },
      environment,
    );
    return new Gateway({
      ...listen,
      secrets,
      log: createLogger({ level: "warn" }),
      metrics: createMetrics(),
      runtime: { clock: systemClock, timers: systemTimers, random: systemRandom },
    });
  } catch (error) {
    if (error instanceof GatewayUsage) throw usageError(error.message);
    throw error;
  }
}

/** Compiles again when a file is another than before. */
function changed(
  context: CommandContext,
  { compiled }: CompiledSpecs,
  seen: string,
): { current: CompiledSpecs; seen: string } | undefined {
  let specs: SpecFiles;
  try {
    specs = namedSpecs(context);
  } catch {
    // Between two steps of an editor there may be no file.
    return undefined;
  }
  if (identityOf({ specs, compiled }) === seen) return undefined;
  const current = compileSpecs(context, specs);
  return { current, seen: identityOf(current) };
}

/** @returns whether it is served */
async function use(
  gateway: Gateway,
  { specs, compiled }: CompiledSpecs,
  { terminal }: CommandContext,
): Promise<boolean> {
  const time = terminal.tone("dim", new Date().toTimeString().slice(0, 8));
  if (compiled.artifact === undefined) {
    showDiagnostics(compiled.diagnostics, specs.folder, terminal);
    terminal.line(`${time} ${terminal.tone("bad", "not served")}; what was served before is served`);
    return false;
  }
  try {
    const { changed: isOther } = await gateway.use(compiled.artifact.bytes);
    if (isOther)
      terminal.line(
        `${time} ${terminal.tone("good", "served")} ${counted(compiled.plan!.operations.length, "operation")}`,
      );
    return true;
  } catch (error) {
    if (!(error instanceof SecretUnavailable || error instanceof UnusableArtifact)) throw error;
    terminal.line(`${time} ${terminal.tone("bad", "not served")}: ${error.message}`);
    return false;
  }
}

/** Of all descriptions, and of what they refer to. */
function identityOf({ specs: { folder, files }, compiled }: CompiledSpecs): string {
  return [...new Set([...files, ...compiled.files])]
    .map((file) => {
      const found = statSync(join(folder, file), { bigint: true, throwIfNoEntry: false });
      return `${file} ${found?.ino} ${found?.size} ${found?.mtimeNs}`;
    })
    .join("\n");
}
