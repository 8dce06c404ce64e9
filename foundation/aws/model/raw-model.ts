/**
 * The form in which models are committed: JSON with one shape per line, small enough to parse when a service is first used.
 *
 * A reference is either the name of a shape or `$` and a code for an anonymous one: `$s` string, `$n` number, `$i` integer, `$f` float, `$b`
 * boolean, `$t` timestamp (`$td` date-time, `$th` http-date, `$te` epoch seconds), `$B` blob, `$E` blob that stays base64 text, `$S` streaming blob, `$j` document, `$I` big
 * integer, `$D` big decimal; `$[x` a list and `${x` a map (keys are strings) of the simple type `x`.
 */

import type { ProtocolName, ServiceName } from "../services.ts";

export interface RawModel {
  readonly service: ServiceName;
  readonly protocols: readonly ProtocolName[];
  readonly version: string;
  readonly xmlNamespace?: string;
  readonly targetPrefix?: string;
  readonly errorNamespace: string;
  readonly queryCompatible?: boolean;
  readonly operations: Readonly<Record<string, RawOperation>>;
  readonly shapes: Readonly<Record<string, RawShape>>;
}

export interface RawOperation {
  /** Method, path template with literal query, status. Absent for RPC operations: POST, `/`, 200. */
  readonly http?: readonly [method: string, uri: string, status: number];
  /** Absent: no input (or output) at all. */
  readonly input?: string;
  readonly output?: string;
  /** 1: takes part in flexible checksums, 2: and must carry one. */
  readonly checksum?: 1 | 2;
  readonly hostPrefix?: string;
  /** The output's only member is the document's root element (S3 GetBucketLocation). */
  readonly unwrapped?: 1;
}

export type RawShape = RawStructure | RawList | RawMap | RawSimple;

export interface RawStructure {
  readonly kind: "structure" | "union";
  /** How many of the members, from the first, are required. */
  readonly required?: number;
  readonly members: Readonly<Record<string, RawUse>>;
  readonly xmlName?: string;
  readonly xmlNamespace?: readonly [uri: string, prefix?: string];
  readonly eventStream?: 1;
  readonly error?: RawError;
  /** See `StructureShape.opaque`. */
  readonly opaque?: 1;
}

export interface RawError {
  readonly fault: "client" | "server";
  readonly status?: number;
  readonly query?: readonly [code: string, status: number];
}

export interface RawList {
  readonly kind: "list";
  readonly element: RawUse;
  readonly sparse?: 1;
  readonly flat?: 1;
}

export interface RawMap {
  readonly kind: "map";
  readonly key: RawUse;
  readonly value: RawUse;
  readonly sparse?: 1;
  readonly flat?: 1;
}

/** A named simple shape: its reference code plus traits of its own. */
export interface RawSimple {
  readonly kind: "simple";
  readonly type: string;
  readonly sensitive?: 1;
  readonly mediaType?: string;
}

/** A use of a shape: the reference alone, or with traits. */
export type RawUse = string | readonly [reference: string, traits: RawTraits];

export interface RawTraits {
  readonly label?: 1;
  readonly header?: string;
  readonly prefixHeaders?: string;
  readonly query?: string;
  readonly queryParams?: 1;
  readonly payload?: 1;
  readonly status?: 1;
  readonly jsonName?: string;
  readonly xmlName?: string;
  readonly xmlNamespace?: readonly [uri: string, prefix?: string];
  readonly attribute?: 1;
  readonly flat?: 1;
  readonly ec2Name?: string;
  readonly token?: 1;
  readonly hostLabel?: 1;
  readonly eventHeader?: 1;
  readonly eventPayload?: 1;
}
