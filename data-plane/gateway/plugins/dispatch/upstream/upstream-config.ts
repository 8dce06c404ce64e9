/** The configuration of `http-upstream`, as its schema lets it pass, with defaults. */
import type { OriginTls } from "#foundation/http1";
import type { RetryReason } from "./retry-rules.ts";

export interface UpstreamConfig {
  readonly url?: string;
  readonly urls?: readonly { readonly url: string; readonly weight: number }[];
  readonly path?: string;
  readonly http_version: "1.1" | "2" | "auto";
  readonly timeout: number;
  readonly connect_timeout: number;
  readonly idle_timeout: number;
  readonly load_balancing: "round_robin" | "least_requests" | "random_two" | "random";
  readonly retries?: { readonly attempts: number; readonly on: readonly RetryReason[]; readonly budget: number };
  readonly health?: {
    readonly active?: {
      readonly path: string;
      readonly interval: number;
      readonly timeout: number;
      readonly healthy: number;
      readonly unhealthy: number;
      readonly statuses: string;
    };
    readonly passive?: { readonly failures: number; readonly ejection: number; readonly max_ejection: number };
  };
  readonly circuit_breaker?: { readonly failures: number; readonly window: number; readonly reset: number };
  readonly preserve_host: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly tls?: TlsConfig;
}

export interface TlsConfig {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly server_name?: string;
}

export function tlsOf(tls: TlsConfig | undefined): OriginTls {
  const { ca, cert, key, server_name } = tls ?? {};
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(server_name === undefined ? {} : { serverName: server_name }),
  };
}
