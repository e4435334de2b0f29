import type { Settings } from "../http/settings.ts";
import type { Config } from "./config/config.ts";

const DAY_MS = 24 * 60 * 60_000;

/**
 * What the API tells an administrator of the configuration.
 * @param whyNoOAuth why clients cannot connect by URL alone; null = they can
 */
export function settingsOf(config: Config, whyNoOAuth: string | null): Settings {
  return {
    database: "sqlite",
    oauth: { isEnabled: whyNoOAuth === null, reason: whyNoOAuth },
    sso: null,
    areTempTokenLinksEnabled: config.areTempTokenLinksEnabled,
    areSessionIdentitiesEnabled: config.areSessionIdentitiesEnabled,
    orphanRetentionDays: config.orphanRetentionMs / DAY_MS,
    trustedProxies: config.trustedProxies.map(([network, bits]) => `${network.toString()}/${bits}`),
    allowedPrivateUpstreams: config.allowedPrivateUpstreams,
    warnings: config.warnings,
  };
}
