/** The configuration of `ai-proxy`, as its schema lets it pass, with defaults. */

export type ProviderName = "openai" | "anthropic" | "ollama";

export interface TargetConfig {
  readonly provider: ProviderName;
  readonly api?: "native" | "chat-completions";
  readonly api_key?: string;
  readonly base_url?: string;
  readonly auth?: "bearer" | "api_key" | { readonly header: string } | { readonly query: string };
  readonly headers?: Readonly<Record<string, string>>;
  readonly model?: string;
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

export interface ProxyConfig extends Omit<TargetConfig, "provider"> {
  readonly provider?: ProviderName;
  readonly timeout: number;
  readonly connect_timeout: number;
  readonly first_token_timeout: number;
  readonly idle_timeout: number;
  readonly models_timeout: number;
  readonly max_response_bytes: number;
  readonly max_tokens?: number;
  readonly aliases: Readonly<Record<string, string>>;
  readonly fallback: readonly TargetConfig[];
  readonly routes: readonly (TargetConfig & { readonly pattern: string })[];
  readonly targets: Readonly<Record<string, TargetConfig>>;
  readonly default_target?: string;
}
