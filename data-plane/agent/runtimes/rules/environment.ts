/** What an instance finds in its environment: its own settings, ours beside them, nothing of the agent's. */
import type { RuntimeSpec } from "../runtime.ts";

export const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Marks every process of an instance's run, so that adoption finds them whatever their parents are. */
export const TOKEN_VARIABLE = "BIPLANE_INSTANCE_TOKEN";

/** `web-2` → `PORT_WEB_2`. */
export function portVariable(name: string): string {
  return `PORT_${name.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`;
}

export function instanceEnvironment(
  spec: Pick<RuntimeSpec, "env" | "instanceId" | "ports" | "scratchDirectory">,
  run: { readonly token: string; readonly secretsFile?: string },
): Readonly<Record<string, string>> {
  const env: Record<string, string> = {
    PATH: DEFAULT_PATH,
    HOME: spec.scratchDirectory,
    TMPDIR: spec.scratchDirectory,
  };
  const ports = Object.entries(spec.ports);
  if (ports[0] !== undefined) env.PORT = String(ports[0][1]);
  for (const [name, port] of ports) env[portVariable(name)] = String(port);
  Object.assign(env, spec.env);
  env.BIPLANE_INSTANCE_ID = spec.instanceId;
  env[TOKEN_VARIABLE] = run.token;
  if (run.secretsFile !== undefined) env.BIPLANE_SECRETS_FILE = run.secretsFile;
  return env;
}

/** Where to look for a program, in order. A name with a slash is looked for in one place only: where the program will stand. */
export function programCandidates(name: string, path: string | undefined, cwd: string): readonly string[] {
  if (name.startsWith("/")) return [name];
  if (name.includes("/")) return [`${cwd}/${name}`];
  return (path ?? DEFAULT_PATH)
    .split(":")
    .map((folder) =>
      folder === "" ? `${cwd}/${name}` : `${folder.startsWith("/") ? folder : `${cwd}/${folder}`}/${name}`,
    );
}
