import type { Settings } from "../http/settings.ts";
import type { Config } from "./config/config.ts";

const DAY_MS = 24 * 60 * 60_000;

/**
 * What the API tells an administrator of the configuration.
 * @param whyNoOAuth why clients cannot connect by URL alone; null = they can
 */
export function settingsOf(config: Config, whyNoOAuth: string | null): Settings {
  const { singleSignOn } = config;
  return {
    database: config.database.kind,
    oauth: { isEnabled: whyNoOAuth === null, reason: whyNoOAuth },
    sso: singleSignOn === null ? null : { label: singleSignOn.label, issuer: singleSignOn.issuer },
    areTempTokenLinksEnabled: config.areTempTokenLinksEnabled,
    areSessionIdentitiesEnabled: config.areSessionIdentitiesEnabled,
    orphanRetentionDays: config.orphanRetentionMs / DAY_MS,
    trustedProxies: config.trustedProxies.map(([network, bits]) => `${network.toString()}/${bits}`),
    allowedPrivateUpstreams: config.allowedPrivateUpstreams,
    warnings: config.warnings,
  };
}
