/** Rules between fields, and the defaults that follow from other fields. Works on what `checkValue` left, and passes over what was wrong already. Pure. */
import { INVALID } from "./check.ts";
import { child, quoted, type Report } from "./problem.ts";

/** A checked table: every field that is there is valid, or INVALID. */
type Checked = Readonly<Record<string, unknown>>;

const MAX_RETRIES = 3;

/** The whole manifest. @returns it with derived defaults; meaningful when nothing was reported */
export function relate(manifest: Checked, report: Report): Checked {
  const volumes = tablesOf(manifest.volumes);
  unique(volumes, "name", "volumes", report);
  if (manifest.image !== undefined && manifest.build !== undefined) {
    report("E_CONFLICT", "build", "cannot be there together with image: a release is made of one of them.");
  }
  const names = new Set(volumes.map(({ name }) => name));
  const mounted = new Map<unknown, string>();
  const processes = tableOf(manifest.processes);
  const related = Object.entries(processes ?? {}).map(([name, process]) => {
    const path = child("processes", name);
    const table = tableOf(process);
    if (table === undefined) return [name, process] as const;
    checkMounts(table, path, { names, known: Array.isArray(manifest.volumes), mounted }, report);
    return [name, relateProcess(table, path, report)] as const;
  });
  const endpoints = tablesOf(manifest.endpoints).map((endpoint, index) =>
    relateEndpoint(endpoint, child("endpoints", index), processes, report),
  );
  uniqueEndpoints(endpoints, report);
  return { ...manifest, processes: Object.fromEntries(related), endpoints };
}

function relateProcess(process: Checked, path: string, report: Report): Checked {
  const ports = tablesOf(process.ports).map((port) => named(port));
  // One port twice has one name twice when it has none of its own: that is said once.
  if (unique(ports, "internal", child(path, "ports"), report)) unique(ports, "name", child(path, "ports"), report);
  const health = tableOf(process.health);
  const scaling = tableOf(process.scaling);
  const restart = tableOf(process.restart);
  return {
    ...process,
    ports,
    ...(health === undefined ? {} : { health: relateHealth(health, ports, child(path, "health"), report) }),
    ...(scaling === undefined ? {} : { scaling: relateScaling(scaling, process, child(path, "scaling"), report) }),
    ...(restart === undefined ? {} : { restart: relateRestart(restart, child(path, "restart"), report) }),
  };
}

function named(port: Checked): Checked {
  return port.name !== undefined || port.internal === INVALID ? port : { ...port, name: `p${port.internal}` };
}

function relateRestart(restart: Checked, path: string, report: Report): Checked {
  if (restart.policy === "on-failure") return { ...restart, max_retries: restart.max_retries ?? MAX_RETRIES };
  if (restart.max_retries !== undefined && restart.policy !== INVALID) {
    report("E_CONFLICT", child(path, "max_retries"), 'has a meaning only with policy = "on-failure".');
  }
  return restart;
}

function relateScaling(scaling: Checked, process: Checked, path: string, report: Report): Checked {
  const { min } = scaling;
  const max = scaling.max ?? min;
  if (typeof min !== "number" || typeof max !== "number") return scaling;
  if (max < min) report("E_CONFLICT", child(path, "max"), `must be at least scaling.min, ${min}, not ${max}.`);
  if (max > 1 && tablesOf(process.mounts).length > 0) {
    const field = scaling.max === undefined ? "min" : "max";
    const message = `must be at most 1, not ${max}: the process mounts volumes, and a volume has one writer.`;
    report("E_VOLUME_REPLICA_LIMIT", child(path, field), message);
  }
  return { ...scaling, max };
}

function relateHealth(health: Checked, ports: readonly Checked[], path: string, report: Report): Checked {
  if (health.type === "tcp" && health.path !== undefined) {
    report("E_CONFLICT", child(path, "path"), 'has a meaning only with type = "http".');
  }
  const withPath = health.type === "http" && health.path === undefined ? { ...health, path: "/" } : health;
  return { ...withPath, port: resolvePort(health.port, ports, child(path, "port"), "the process", report) };
}

/** A port by name or number, or the only one there is: its number. */
function resolvePort(given: unknown, ports: readonly Checked[], path: string, whose: string, report: Report): unknown {
  const wrong = ports.some(({ internal, name }) => internal === INVALID || name === INVALID);
  if (given === INVALID) return INVALID;
  if (given === undefined && ports.length === 1) return ports[0]!.internal;
  const found = ports.find(({ internal, name }) => given !== undefined && (given === internal || given === name));
  if (found !== undefined) return found.internal;
  // A port that was reported may be the one that is meant.
  if (wrong) return INVALID;
  const known = ports.map(({ internal, name }) => `${name} (${internal})`).join(", ");
  if (given === undefined && ports.length > 1) {
    report("E_MISSING", path, `is missing: ${whose} has several ports, ${known}.`);
  } else {
    const which = given === undefined ? "is missing" : `is ${typeof given === "string" ? quoted(given) : given}`;
    const declared = ports.length === 0 ? "declares no ports" : `declares only ${known}`;
    report("E_UNKNOWN_PORT", path, `${which}, but ${whose} ${declared}.`);
  }
  return INVALID;
}

interface Volumes {
  readonly names: ReadonlySet<unknown>;
  /** False when the list itself was wrong: then nothing is said about names. */
  readonly known: boolean;
  /** Where each one is mounted already. */
  readonly mounted: Map<unknown, string>;
}

function checkMounts(process: Checked, path: string, { names, known, mounted }: Volumes, report: Report): void {
  const mounts = tablesOf(process.mounts);
  unique(mounts, "path", child(path, "mounts"), report);
  for (const [index, { volume }] of mounts.entries()) {
    if (typeof volume !== "string") continue;
    const at = child(child(child(path, "mounts"), index), "volume");
    const elsewhere = mounted.get(volume);
    if (known && !names.has(volume)) {
      const declared = [...names].filter((name) => typeof name === "string");
      const which = declared.length === 0 ? "there are none" : `there are ${declared.join(", ")}`;
      report("E_UNKNOWN_VOLUME", at, `is ${quoted(volume)}, which no entry of volumes declares; ${which}.`);
    } else if (elsewhere !== undefined) {
      const message = `is ${quoted(volume)}, which ${elsewhere} mounts already: a volume is mounted in one place.`;
      report("E_VOLUME_SHARED", at, message);
    } else mounted.set(volume, child(child(path, "mounts"), index));
  }
}

function relateEndpoint(endpoint: Checked, path: string, processes: Checked | undefined, report: Report): Checked {
  const { process, protocol } = endpoint;
  checkProtocol(endpoint, path, report);
  const withPath = protocol === "http" && endpoint.path === undefined ? { ...endpoint, path: "/" } : endpoint;
  if (typeof process !== "string" || processes === undefined) return withPath;
  if (!Object.hasOwn(processes, process)) {
    const names = Object.keys(processes).join(", ");
    report("E_UNKNOWN_PROCESS", child(path, "process"), `is ${quoted(process)}, but the processes are ${names}.`);
    return withPath;
  }
  const target = tableOf(processes[process]);
  if (target === undefined || !Array.isArray(target.ports)) return withPath;
  const ports = tablesOf(target.ports).map(named);
  return { ...withPath, port: resolvePort(endpoint.port, ports, child(path, "port"), `process ${process}`, report) };
}

/** Which fields go with which protocol. */
function checkProtocol(endpoint: Checked, path: string, report: Report): void {
  const { protocol } = endpoint;
  if (protocol === INVALID) return;
  const needs = protocol === "tcp_raw" ? "listen_port" : "hostname";
  const mustNot = protocol === "tcp_raw" ? ["hostname", "path"] : ["listen_port"];
  if (protocol === "tls_passthrough") mustNot.push("path");
  if (endpoint[needs] === undefined) {
    report("E_MISSING", child(path, needs), `is missing: protocol = "${protocol}" needs it.`);
  }
  for (const field of mustNot) {
    if (endpoint[field] === undefined) continue;
    report("E_CONFLICT", child(path, field), `has no meaning with protocol = "${protocol}".`);
  }
  if (protocol === "http" && endpoint.proxy_protocol === "v2") {
    const message = 'has no meaning with protocol = "http": the program sees X-Forwarded-For.';
    report("E_CONFLICT", child(path, "proxy_protocol"), message);
  }
}

/** Nothing arrives at two processes: bare TCP by its port, TLS by its name, HTTP by name and path. A name is either HTTP or TLS. */
function uniqueEndpoints(endpoints: readonly Checked[], report: Report): void {
  const taken = new Map<string, number>();
  for (const [index, { protocol, hostname, path, listen_port }] of endpoints.entries()) {
    const at = child("endpoints", index);
    const claims =
      typeof hostname === "string"
        ? protocol === "http"
          ? [`name ${hostname} path ${String(path)}`]
          : [`name ${hostname}`]
        : typeof listen_port === "number"
          ? [`port ${listen_port}`]
          : [];
    const other = claims.map((claim) => taken.get(claim)).find((one) => one !== undefined);
    const mixed = endpoints
      .slice(0, index)
      .findIndex((one) => hostname !== undefined && one.hostname === hostname && one.protocol !== protocol);
    const clash = other ?? (mixed === -1 ? undefined : mixed);
    if (clash !== undefined) {
      const field = typeof hostname === "string" ? "hostname" : "listen_port";
      report("E_DUPLICATE", child(at, field), `is taken by endpoints[${clash}].`);
    }
    for (const claim of claims) if (!taken.has(claim)) taken.set(claim, index);
  }
}

/** Of things in a list no two have the same. @returns whether that is so */
function unique(items: readonly Checked[], field: string, path: string, report: Report): boolean {
  let holds = true;
  const first = new Map<unknown, number>();
  for (const [index, item] of items.entries()) {
    const value = item[field];
    if (value === undefined || value === INVALID) continue;
    const other = first.get(value);
    if (other === undefined) first.set(value, index);
    else {
      holds = false;
      const shown = typeof value === "string" ? quoted(value) : String(value);
      report("E_DUPLICATE", child(child(path, index), field), `is ${shown}, as in ${child(path, other)}.`);
    }
  }
  return holds;
}

function tableOf(value: unknown): Checked | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Checked) : undefined;
}

/** The tables of a list; what is no table was reported, and counts as an empty one so that places stay right. */
function tablesOf(value: unknown): readonly Checked[] {
  return Array.isArray(value) ? value.map((item) => tableOf(item) ?? {}) : [];
}
