/** Proxying of HTTP/1.1, upgraded connections and TCP over the connections of `#foundation/http1`: forwarding, balancing, health. */

export { authorityOf, type Backend } from "./backend.ts";
export {
  type Assignment,
  Balancer,
  type BalancerOptions,
  type PickOptions,
  type StrategyName,
} from "./balance/balancer.ts";
export { keyedPoint } from "./balance/keyed-point.ts";
export { effectiveWeight, type Member } from "./balance/member.ts";
export { type ProxyFailure, plainFailure, statusOf, UpstreamBroke } from "./forward/failure.ts";
export { EDGE_POLICY, type ForwardedMode, type ForwardedPolicy } from "./forward/forwarded.ts";
export { createProxy, type HttpProxy, type ProxyOptions } from "./forward/proxy.ts";
export type { FailedAttempt, ForwardResult, Route, RouteRequest } from "./forward/route.ts";
export type { TunnelAnswer } from "./forward/upgrade.ts";
export {
  type EjectionLimits,
  type EjectionState,
  ejectionStep,
  isEjected,
  NOT_EJECTED,
} from "./health/ejection.ts";
export { HealthChecker, type HealthCheckerOptions } from "./health/health-checker.ts";
export {
  type CheckResult,
  type HealthState,
  type HealthThresholds,
  healthStep,
  INITIAL_HEALTH,
} from "./health/health-machine.ts";
export type { Probe } from "./health/probe.ts";
export { InvalidStatusMatcher, parseStatusMatcher } from "./health/status-matcher.ts";
export type { ClientHello } from "./tcp/client-hello.ts";
export {
  encodeProxyHeader,
  PROXY_TLV,
  type ProxiedAddresses,
  type ProxyHeader,
  type ProxyHeaderOutcome,
  type ProxyTlv,
  parseProxyHeader,
} from "./tcp/proxy-protocol.ts";
export {
  createTcpProxy,
  type FailedConnection,
  type TcpClient,
  type TcpFailure,
  type TcpProxy,
  type TcpProxyOptions,
  type TcpRoute,
} from "./tcp/tcp-proxy.ts";
export type { TunnelSocket } from "./tunnel/socket-end.ts";
export type { TunnelResult } from "./tunnel/tunnel.ts";
