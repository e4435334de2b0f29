/** A small public document: what a stranger says of itself under a URL of its own. Untrusted text. */
export interface FetchedDocument {
  readonly status: number;
  readonly cacheControl: string | null;
  readonly text: string;
}

/**
 * Reads documents whose URLs strangers choose: public addresses over https only, whatever upstreams may be dialled, and
 * small, and soon. A URL is asked for at most once a minute, whatever came of it and whoever asks: fifty requests that
 * need it are one request to its host (`identity.md`, trap 8).
 */
export interface Documents {
  /** @throws KeywardError `upstream_url_invalid`, `upstream_not_allowed`, `upstream_unreachable`, `upstream_protocol` */
  read(url: URL): Promise<FetchedDocument>;
}
