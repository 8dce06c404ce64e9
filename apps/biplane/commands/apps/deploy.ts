/** `biplane deploy` */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { EXIT } from "#foundation/errors";
import { readFileIfThere } from "#foundation/files";
import { type Manifest, manifestFromJson, manifestHash, parseManifest } from "#foundation/manifest";
import { callApiJson, changeByApi } from "../../cli/api-client.ts";
import type { CommandBody, CommandContext } from "../../cli/command.ts";
import { cliErrors, usageError } from "../../cli/errors.ts";
import { printable } from "../../cli/terminal.ts";
import { humanSize } from "../../cli/units.ts";
import { imageOfDirectory, imageOfReference, isDirectory, type LocalImage, uploadBlobs } from "./artifact.ts";
import { ensureVolumes } from "./deploy-volumes.ts";
import { showFailure } from "./failure.ts";
import type { App, Deploy, Env, EnvStatus, Release, Upload } from "./shapes.ts";
import { allItems, type EnvTarget, envName, findOrg, getOrUndefined, targetText } from "./target.ts";
import { Progress, waitForDeploy } from "./wait.ts";

const WAIT_SECONDS = 600;

export const deploy: CommandBody = async (context) => {
  const { arguments: given, terminal, json } = context;
  const named = given.positionals[0] ?? ".";
  const manifest = readManifest(context, named, isDirectory(named));
  // A directory may hold no more than a manifest that names an image.
  const argument = isDirectory(named) ? (manifest.image?.ref ?? named) : named;
  const isBuilt = isDirectory(argument) && manifest.image === undefined;
  const types = given.text("process")?.split(",");
  if (given.has("dry-run")) {
    if (json) terminal.json({ manifest });
    else
      terminal.line(
        `Would deploy ${printable(argument)} as ${printable(manifest.app.name)}: ${Object.keys(manifest.processes).join(", ")}`,
      );
    return EXIT.ok;
  }
  const target = await ensureTarget(context, manifest.app.name);
  if (!json) terminal.note(`Deploying ${printable(isBuilt ? resolve(argument) : argument)} to ${targetText(target)}`);
  const release = await makeRelease(context, target, argument, isBuilt, manifest);
  await ensureVolumes(context, target, manifest, types ?? Object.keys(manifest.processes));
  const begun = await changeByApi<Deploy>(target.access, "POST", `${target.envPath}/deploys`, {
    release_id: release.id,
    ...(types === undefined ? {} : { process_types: types }),
  });
  return finish(context, target, release, begun);
};

/** Waits unless told not to, and prints the receipt. */
export async function finish(
  context: CommandContext,
  target: EnvTarget,
  release: Release,
  begun: Deploy,
): Promise<number> {
  const { arguments: given, terminal, json } = context;
  const seconds = given.integer("wait-timeout", 1, 86_400) ?? WAIT_SECONDS;
  const ended = given.has("no-wait") ? begun : await waitForDeploy(context, target, begun.id, seconds * 1000);
  const status = await callApiJson<EnvStatus>(target.access, { path: `${target.envPath}/status` });
  const urls = status.routes.flatMap(({ url }) => url ?? []);
  if (json) {
    const { app, env } = status;
    terminal.json({ app: app.name, env: env.name, release, deploy: ended, urls, processes: status.processes });
    return ended.status === "failed" ? EXIT.failure : EXIT.ok;
  }
  const name = `release ${release.number}`;
  if (ended.status === "failed") {
    terminal.note(
      `${terminal.tone("bad", "failed")}  ${name}: ${printable(ended.message ?? ended.failed_reason ?? "")}`,
    );
    await showFailure(context, target);
    terminal.note(
      "What ran before runs on. Look further with: biplane why, biplane logs. Go back with: biplane rollback",
    );
    return EXIT.failure;
  }
  if (ended.status === "superseded") {
    terminal.note(`${name}: ${printable(ended.message ?? "a later deploy took its place")}`);
    return EXIT.conflict;
  }
  const took =
    ended.finished_at === undefined
      ? ""
      : ` in ${((Date.parse(ended.finished_at) - Date.parse(ended.created_at)) / 1000).toFixed(1)} s`;
  const mark = ended.status === "succeeded" ? terminal.tone("good", "deployed") : terminal.tone("warn", ended.status);
  terminal.line(`${mark}  ${targetText(target)}  ${name}${took}  ${printable(ended.message ?? "")}`);
  for (const url of urls) terminal.line(`  ${terminal.tone("bold", url)}`);
  terminal.line(
    terminal.tone("dim", `  deploy ${ended.id}; go back with: biplane rollback; see: biplane ps, biplane logs -f`),
  );
  return EXIT.ok;
}

/** The manifest, with everything that is wrong with it told at once. */
function readManifest(context: CommandContext, argument: string, isBuilt: boolean): Manifest {
  const { arguments: given } = context;
  const path = given.text("manifest") ?? (isBuilt ? join(argument, "biplane.toml") : "biplane.toml");
  const text = readFileIfThere(path);
  if (text !== undefined) {
    const { manifest, problems } = parseManifest(text);
    if (manifest !== undefined) {
      const app = given.text("app");
      return app === undefined ? manifest : { ...manifest, app: { ...manifest.app, name: app } };
    }
    const lines = problems.map(
      ({ line, column, path: where, message }) => `  ${path}:${line ?? 1}:${column ?? 1} ${where}: ${message}`,
    );
    throw cliErrors.error("MANIFEST_INVALID", `The manifest cannot be used:\n${lines.join("\n")}`);
  }
  if (!isBuilt) return imageManifest(context, argument);
  if (!existsSync(argument)) throw usageError(`There is no directory ${argument}.`);
  throw usageError(`${path} is missing: it says what to run.`, suggestion(argument));
}

/** What a manifest could look like, by what is there; it is for the person to decide. */
function suggestion(directory: string): string {
  const name = basename(resolve(directory))
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]/g, "-");
  const scripts = scriptsOf(directory);
  const command = scripts?.start === undefined ? '["./server"]' : JSON.stringify(["npm", "start"]);
  return [
    "It could be:",
    "",
    '  schema_version = "v1"',
    `  app = { name = ${JSON.stringify(name)} }`,
    "",
    "  [processes.web]",
    `  command = ${command}   # it is told the port to listen on as PORT`,
    "  ports = [{ internal = 8080 }]",
    '  resources = { memory = "128Mi" }',
    "",
    "See docs/manifest.md",
  ].join("\n");
}

function scriptsOf(directory: string): Readonly<Record<string, string>> | undefined {
  try {
    const parsed = JSON.parse(readFileIfThere(join(directory, "package.json")) ?? "") as {
      readonly scripts?: Record<string, string>;
    };
    return parsed.scripts;
  } catch {
    return undefined;
  }
}

/** An image without a manifest runs as one process, by what the flags say. */
function imageManifest({ arguments: given }: CommandContext, reference: string): Manifest {
  const app = given.text("app");
  const port = given.integer("port", 1, 65_535);
  const command = given.text("command");
  if (app === undefined || command === undefined) {
    throw usageError(
      "An image needs a manifest (--manifest FILE, or biplane.toml here), or --app and --command.",
      `biplane deploy ${reference} --app web --command "nginx -g 'daemon off;'" --port 80`,
    );
  }
  const process = {
    command: command.split(" ").filter((word) => word !== ""),
    resources: { memory: given.text("memory") ?? "256Mi" },
    ...(port === undefined ? {} : { ports: [{ internal: port }] }),
  };
  const { manifest, problems } = manifestFromJson({
    schema_version: "v1",
    app: { name: app },
    processes: { web: process },
  });
  if (manifest !== undefined) return manifest;
  throw usageError(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
}

/** The app and the environment, which are made where they are missing. */
async function ensureTarget(context: CommandContext, name: string): Promise<EnvTarget> {
  const { access, orgPath, orgName } = await findOrg(context);
  const { terminal, json } = context;
  const appPath = `${orgPath}/apps/${encodeURIComponent(name)}`;
  let app = await getOrUndefined<App>(access, appPath);
  if (app === undefined) {
    app = await changeByApi<App>(access, "POST", `${orgPath}/apps`, { name });
    if (!json) terminal.note(`Made the app ${printable(name)}`);
  }
  const envNamed = envName(context);
  const envPath = `${appPath}/envs/${encodeURIComponent(envNamed)}`;
  let env = await getOrUndefined<Env>(access, envPath);
  if (env === undefined) {
    env = await changeByApi<Env>(access, "POST", `${appPath}/envs`, { name: envNamed });
    if (!json) terminal.note(`Made the environment ${printable(envNamed)}`);
  }
  return { access, orgPath, orgName, app, appPath, env, envPath };
}

async function makeRelease(
  context: CommandContext,
  target: EnvTarget,
  argument: string,
  isBuilt: boolean,
  manifest: Manifest,
): Promise<Release> {
  const { access, appPath } = target;
  const progress = new Progress(context);
  let image: LocalImage | undefined;
  try {
    if (isBuilt) {
      build(context, argument, manifest);
      progress.say("packing");
      image = await imageOfDirectory(join(argument, manifest.build?.directory ?? "."));
    } else {
      progress.say(`fetching ${printable(argument)}`);
      image = await imageOfReference(argument, context.signal);
    }
    const latest = (await allItems<Release>(access, `${appPath}/releases`))[0];
    const same = latest?.artifact.digest === image.image.rootDigest && latest.manifest_hash === manifestHash(manifest);
    if (latest !== undefined && same) {
      progress.end();
      if (!context.json)
        context.terminal.note(`Nothing has changed since release ${latest.number}: it is deployed again`);
      return latest;
    }
    const upload = await changeByApi<Upload>(access, "POST", `${appPath}/release-uploads`);
    const total = humanSize(image.sizeBytes);
    progress.say(`uploading ${total}`);
    await uploadBlobs(image, upload, context.signal, (sent) =>
      progress.say(`uploading ${humanSize(sent)} of ${total}`),
    );
    const message = context.arguments.text("message");
    return await changeByApi<Release>(access, "POST", `${appPath}/releases`, {
      artifact: {
        source: image.source,
        digest: image.image.rootDigest,
        reference: isBuilt ? basename(resolve(argument)) : argument,
        size_bytes: image.sizeBytes,
        ...(image.image.platforms.length > 1
          ? {
              resolved_digests: image.image.platforms.map(({ os, architecture, digest }) => ({
                os,
                architecture,
                digest,
              })),
            }
          : {}),
      },
      manifest,
      ...(message === undefined ? {} : { message }),
    });
  } finally {
    progress.end();
    await image?.remove();
  }
}

/** The manifest's own build command, on this machine. @throws CodedError BUILD_FAILED */
function build({ terminal, json }: CommandContext, directory: string, { build: settings }: Manifest): void {
  const command = settings?.command;
  if (command === undefined) return;
  if (!json) terminal.note(`Building: ${printable(command.join(" "))}`);
  const [program, ...rest] = command;
  // What it prints is news for people, and never part of what programs read.
  const { status, error } = spawnSync(program!, rest, { cwd: directory, stdio: ["ignore", 2, 2] });
  if (error !== undefined)
    throw cliErrors.error("BUILD_FAILED", `The build command could not be started: ${error.message}`);
  if (status !== 0) throw cliErrors.error("BUILD_FAILED", `The build command ended with code ${status ?? "none"}.`);
}
