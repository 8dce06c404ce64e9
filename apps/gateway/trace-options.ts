/** Where traces go: options, and the variables that OpenTelemetry has for the same. */
import { GatewayUsage } from "./gateway-usage.ts";

export interface TraceSettings {
  readonly endpoint: string;
  readonly sampling: number;
  /** Name, value, name, value … */
  readonly fields: readonly string[];
  readonly serviceName: string;
}

/** @throws GatewayUsage */
export function readTraceSettings(
  text: (name: string) => string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): TraceSettings | undefined {
  const endpoint = text("otlp-endpoint") ?? (environment.OTEL_EXPORTER_OTLP_ENDPOINT || undefined);
  const share = text("trace-sampling");
  const sampling = share === undefined ? 1 : /^(?:0|1|[01]?\.\d+)$/.test(share) ? Number(share) : Number.NaN;
  if (!(sampling >= 0 && sampling <= 1)) {
    throw new GatewayUsage(`--trace-sampling must be a number from 0 to 1, not "${share}".`);
  }
  if (endpoint === undefined) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== "" || url.username !== "") {
    throw new GatewayUsage(`--otlp-endpoint must be an address such as http://127.0.0.1:4318, not "${endpoint}".`);
  }
  return {
    endpoint,
    sampling,
    fields: fieldsOf(environment.OTEL_EXPORTER_OTLP_HEADERS),
    serviceName: environment.OTEL_SERVICE_NAME || "biplane-gateway",
  };
}

/** `name=value,name=value`, values percent-encoded (OpenTelemetry, "OTLP Exporter Configuration"). */
function fieldsOf(headers: string | undefined): readonly string[] {
  if (headers === undefined || headers.trim() === "") return [];
  return headers.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    const value = decodedValue(pair.slice(at + 1).trim());
    if (at < 1 || !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) || value === undefined) {
      // What it says may be a secret.
      throw new GatewayUsage("OTEL_EXPORTER_OTLP_HEADERS must be name=value, separated by commas.");
    }
    return [name, value];
  });
}

function decodedValue(text: string): string | undefined {
  try {
    const value = decodeURIComponent(text);
    return /^[\t\x20-\x7e]*$/.test(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
