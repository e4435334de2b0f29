/**
 * Runs before everything else (`async`, no imports): takes the link token out of the address bar and the history entry
 * (`security.md` 7.3). From then on the token lives in this module's scope, never in storage, cookie or URL.
 */
const TOKEN = /^#t=([\w-]{1,200})$/;

let token: string | null = null;

function takeToken(): void {
  token = TOKEN.exec(location.hash)?.[1] ?? token;
  if (location.hash !== "") history.replaceState(null, "", location.pathname);
}

takeToken();
// The same link opened again in this tab changes only the fragment: the browser loads nothing.
addEventListener("hashchange", takeToken);

export const flowId: string = location.pathname.split("/").pop() ?? "";

export function linkToken(): string | null {
  return token;
}
