import type { Provider } from "oidc-provider";
import type { ProviderParts } from "./provider.ts";

export type LoadProvider = () => Promise<Provider>;

/** The library takes as long to load as everything else together: it waits for the first client that connects by OAuth. */
export function createProviderLoader(parts: ProviderParts): LoadProvider {
  let loading: Promise<Provider> | undefined;
  return () => {
    loading ??= import("./provider.ts").then(({ createProvider }) => createProvider(parts));
    return loading;
  };
}
