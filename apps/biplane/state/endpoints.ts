/** Where a running cloud listens: written by `up`, `control`, `node`, `agent` and `edge` when they are ready, removed when they stop. */

import { join } from "node:path";
import { processIdentity, processRuns } from "./process-identity.ts";
import { memberReader, readStateFile, removeFile, writeStateFile } from "./state-file.ts";

/** Which command wrote the file. */
export type EndpointsRole = "up" | "control" | "node" | "agent" | "edge";

/** What a running process says about itself. */
export interface Endpoints {
  readonly role: EndpointsRole;
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The program's version. */
  readonly version: string;
  /** The AWS endpoint, `http://127.0.0.1:4566`; absent for `control`. */
  readonly awsEndpointUrl?: string;
  /** The REST API, `http://127.0.0.1:4580`; absent for `node`. */
  readonly apiUrl?: string;
  /** Of the edge: applications, `http://127.0.0.1:8080`. */
  readonly httpUrl?: string;
}

/** Endpoints as found on disk. */
export interface FoundEndpoints extends Endpoints {
  /** Whether the process that wrote them still runs; false when it was killed and left the file behind. */
  readonly running: boolean;
}

/** A control plane and a data plane may share a data directory, so each role has a file of its own and none overwrites another's. */
const FILE_OF_ROLE: Readonly<Record<EndpointsRole, string>> = {
  up: "endpoints.json",
  control: "endpoints.control.json",
  node: "endpoints.node.json",
  agent: "endpoints.agent.json",
  edge: "endpoints.edge.json",
};

const ROLES = ["up", "control", "node", "agent", "edge"] as const satisfies readonly EndpointsRole[];

export function endpointsPath(dataDirectory: string, role: EndpointsRole): string {
  return join(dataDirectory, "run", FILE_OF_ROLE[role]);
}

/** Says where this process listens. Call it once everything answers. */
export function writeEndpoints(dataDirectory: string, endpoints: Endpoints): void {
  writeStateFile(endpointsPath(dataDirectory, endpoints.role), {
    ...endpoints,
    processIdentity: processIdentity(endpoints.pid),
  });
}

/** Takes the file away at a clean stop, unless another process has written its own since. */
export function removeEndpoints(dataDirectory: string, role: EndpointsRole, pid: number): void {
  const path = endpointsPath(dataDirectory, role);
  if (readStateFile(path)?.pid === pid) removeFile(path);
}

/**
 * What runs from this data directory, at most one entry a role, `up` first. Files left behind by killed processes are included with
 * `running: false`.
 * @throws StateFileInvalid when a file cannot be read or understood.
 */
export function readEndpoints(dataDirectory: string): readonly FoundEndpoints[] {
  const found: FoundEndpoints[] = [];
  for (const role of ROLES) {
    const path = endpointsPath(dataDirectory, role);
    const object = readStateFile(path);
    if (object === undefined) continue;
    const read = memberReader(path, object);
    const pid = read.integer("pid");
    const identity = typeof object.processIdentity === "string" ? object.processIdentity : undefined;
    found.push({
      role,
      pid,
      startedAt: read.integer("startedAt"),
      version: read.text("version"),
      awsEndpointUrl: read.httpUrl("awsEndpointUrl"),
      apiUrl: read.httpUrl("apiUrl"),
      httpUrl: read.httpUrl("httpUrl"),
      running: processRuns(pid, identity),
    });
  }
  return found;
}
