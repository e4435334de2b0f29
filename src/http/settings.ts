import { settingsRoutes } from "./contract/settings-routes.ts";
import type { Mount } from "./mount.ts";

/** How the gateway is configured, as far as an administrator may read it. Nothing in it is secret. */
export interface Settings {
  readonly database: "sqlite" | "postgres";
  /** `reason`: why clients cannot connect by URL alone; null = they can. */
  readonly oauth: { readonly isEnabled: boolean; readonly reason: string | null };
  /** Single sign-on; null when none is configured. */
  readonly sso: { readonly label: string; readonly issuer: string } | null;
  readonly areTempTokenLinksEnabled: boolean;
  readonly areSessionIdentitiesEnabled: boolean;
  /** 0 = for ever. */
  readonly orphanRetentionDays: number;
  readonly trustedProxies: readonly string[];
  readonly allowedPrivateUpstreams: readonly string[];
  /** Checks that the configuration weakens. */
  readonly warnings: readonly string[];
}

interface SettingsParts {
  readonly settings: Settings;
  readonly publicUrl: string;
  readonly version: string;
}

export function mountSettings(mount: Mount, { settings, publicUrl, version }: SettingsParts): void {
  const { oauth, sso } = settings;
  const shown = {
    public_url: publicUrl,
    version,
    database: settings.database,
    oauth: { enabled: oauth.isEnabled, reason: oauth.reason },
    sso: sso === null ? null : { label: sso.label, issuer: sso.issuer },
    temp_token_links: settings.areTempTokenLinksEnabled,
    session_identities: settings.areSessionIdentitiesEnabled,
    orphan_retention_days: settings.orphanRetentionDays,
    trusted_proxies: [...settings.trustedProxies],
    allow_private_upstreams: [...settings.allowedPrivateUpstreams],
    warnings: [...settings.warnings],
  };
  mount(settingsRoutes.get, (c) => c.json(shown, 200));
}
