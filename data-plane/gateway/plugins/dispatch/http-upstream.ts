/** `http-upstream`: requests go to another server, or one of several, and its responses come back as they come. */
import type { JsonObject } from "#foundation/gateway-artifact";
import type { MessageBody, OutgoingRequest } from "#foundation/http1";
import type { Dispatcher, DispatcherPlugin, PluginHost } from "../plugin.ts";
import { type TargetOf, targetOf, type Upstream } from "../upstream-address.ts";
import { requestFields } from "./forwarded-fields.ts";
import { type ForwardingRules, forward } from "./upstream/forwarding.ts";
import { bodyOf } from "./upstream/request-body.ts";
import type { UpstreamConfig } from "./upstream/upstream-config.ts";
import { type GroupConfig, UpstreamGroup } from "./upstream/upstream-group.ts";

export const httpUpstream: DispatcherPlugin = {
  name: "http-upstream",
  setup(config: JsonObject, host: PluginHost): Dispatcher {
    const rules = rulesOf({ ...SINCE_ADDED, ...(config as unknown as UpstreamConfig) }, host);
    return {
      dispatch: (exchange) => new Promise((resolve) => forward(exchange, rules, resolve)),
      dispatchTo: (exchange, give) => forward(exchange, rules, give),
    };
  },
};

/** Defaults of members that artifacts do not have which were compiled before these members were there. */
const SINCE_ADDED = { connect_timeout: 5, load_balancing: "round_robin", http_version: "1.1" } as const;

function rulesOf(config: UpstreamConfig, host: PluginHost): ForwardingRules {
  const { retries, preserve_host } = config;
  const fields = requestFields(config.headers);
  const responseTimeoutMs = config.timeout * 1000;
  const connectTimeoutMs = config.connect_timeout * 1000;
  const idleTimeoutMs = config.idle_timeout * 1000;
  // One for each path before that of the request: servers may have different ones.
  const targets = new Map<string, TargetOf>();
  const targetFor = ({ basePath }: Upstream): TargetOf => {
    let target = targets.get(basePath);
    if (target === undefined) {
      target = targetOf(basePath, config.path);
      targets.set(basePath, target);
    }
    return target;
  };
  return {
    host,
    group: groupOf(config, host),
    retries: retries === undefined ? undefined : { attempts: retries.attempts, on: new Set(retries.on) },
    requestTo(upstream, exchange) {
      const { request } = exchange;
      const { stream, length } = request.body;
      // What has come with its head needs no stream, and can be sent again when a server has not looked at it.
      const bytes = request.body.bytes ?? wholeOf(stream);
      const { received, fields: said } = fields.of(exchange);
      // Member by member: this is for every request.
      const outgoing: { -readonly [Name in keyof OutgoingRequest]: OutgoingRequest[Name] } = {
        method: request.method,
        target: targetFor(upstream)(request),
        host: preserve_host ? request.host : upstream.host,
        fields: said,
        responseTimeoutMs,
        connectTimeoutMs,
        idleTimeoutMs,
      };
      if (received !== undefined) outgoing.received = received;
      if (stream === undefined || bytes !== undefined) outgoing.body = bodyOf(request.method, bytes);
      else outgoing.stream = { length };
      return outgoing;
    },
  };
}

function wholeOf(stream: MessageBody | undefined): Uint8Array | undefined {
  const whole = stream?.whole;
  // What has trailers goes on with them.
  return whole === undefined || whole.length > stream!.limit || stream!.trailers.count > 0 ? undefined : whole;
}

/** Operations that go to the same servers by the same rules share what is known of them, and another artifact takes it over. */
function groupOf(config: UpstreamConfig, host: PluginHost): UpstreamGroup {
  const { url, urls, http_version, load_balancing, health, circuit_breaker, tls, retries } = config;
  const group: GroupConfig = {
    ...(url === undefined ? {} : { url }),
    ...(urls === undefined ? {} : { urls }),
    http_version,
    load_balancing,
    ...(health === undefined ? {} : { health }),
    ...(circuit_breaker === undefined ? {} : { circuit_breaker }),
    ...(tls === undefined ? {} : { tls }),
    budget: retries?.budget,
  };
  return host.keep("http-upstream", JSON.stringify(group), () => new UpstreamGroup(group, host));
}
