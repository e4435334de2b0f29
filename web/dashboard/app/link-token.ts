/**
 * The token in the fragment of a link, `#t=...`. It is taken out of the address bar before anything else runs, so that
 * neither the history nor a copied address carries it, and it lives in this module only.
 */
let token: string | null = null;

function take(): void {
  const { hash, pathname, search } = location;
  if (!hash.startsWith("#t=")) return;
  token = hash.slice("#t=".length);
  history.replaceState(history.state, "", pathname + search);
}

take();
addEventListener("hashchange", take);

export function linkToken(): string | null {
  return token;
}
