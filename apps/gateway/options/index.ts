/** The options of a gateway, for help texts: loading them loads nothing else. */

export const GATEWAY_OPTIONS = [
  { name: "artifact", value: "FILE", help: "The artifact to serve; in a fleet, until it says more" },
  {
    name: "control-plane",
    value: "URL",
    help: "Serve what this control plane says: http(s):// or ws(s)://, with a path where it has one",
  },
  { name: "project-id", value: "ID", help: "Of which project this gateway is" },
  {
    name: "api-key-file",
    value: "FILE",
    help: "The gateway's key, instead of the variable BIPLANE_GATEWAY_API_KEY",
  },
  { name: "api-key", value: "KEY", help: "The same, where nobody else can see the command line" },
  {
    name: "state-dir",
    value: "DIR",
    help: "Keeps the gateway's identity and its last artifact, for starts without the control plane",
  },
  { name: "data-plane-name", value: "NAME", help: "What people call this gateway" },
  {
    name: "data-plane-group",
    value: "NAME",
    help: "Which others it belongs with: deployments may be for a group first",
  },
  {
    name: "control-plane-ca",
    value: "FILE",
    help: "Certificate authorities in PEM, for a control plane with a private one",
  },
  { name: "listen", value: "HOST:PORT", help: "Where to listen (127.0.0.1:8080); port 0 for any free one" },
  { name: "admin-bind", value: "HOST:PORT", help: "Health, metrics and provenance, or off (127.0.0.1:8081)" },
  { name: "tls-cert", value: "FILE", help: "Certificate chain in PEM" },
  { name: "tls-key", value: "FILE", help: "Its key in PEM" },
  {
    name: "tls-names",
    value: "DIR",
    help: "Certificates by name: DIR/shop.test/tls.crt and tls.key; DIR/_.shop.test for *.shop.test",
  },
  {
    name: "tls-client-ca",
    value: "FILE",
    help: "Let in only clients with a certificate of these authorities in PEM",
  },
  {
    name: "trusted-key",
    value: "FILES",
    help: "Public keys of which one must have signed the artifact, separated by commas",
  },
  { name: "secrets-dir", value: "DIR", help: "Folder below which file:// secrets are read" },
  {
    name: "trusted-proxies",
    value: "CIDRS",
    help: "Proxies in front whose X-Forwarded-For is believed, separated by commas",
  },
  { name: "max-body-size", value: "BYTES", help: "Largest body of a request (1048576)" },
  { name: "max-headers", value: "COUNT", help: "Most fields of a request (100)" },
  { name: "max-uri-length", value: "BYTES", help: "Longest target (8192)" },
  { name: "max-connections", value: "COUNT", help: "Most open connections (10000)" },
  { name: "keepalive-timeout", value: "SECONDS", help: "After which an idle connection is closed (65)" },
  { name: "shutdown-timeout", value: "SECONDS", help: "Given to requests when the gateway ends (30)" },
  {
    name: "otlp-endpoint",
    value: "URL",
    help: "Send traces to this OpenTelemetry collector, over OTLP/HTTP; also OTEL_EXPORTER_OTLP_ENDPOINT",
  },
  { name: "trace-sampling", value: "SHARE", help: "Of traces that begin here, from 0 to 1 (1)" },
  { name: "log-level", value: "LEVEL", help: "trace, debug, info, warn or error, to standard error (info)" },
  { name: "access-log", value: "FILE", help: "Append one JSON line for each request; - for standard output" },
] as const;
