import { keepCsrfToken } from "./csrf.ts";
import { queryClient } from "./query-client.ts";

/** Paths that are not pages of the dashboard: the browser itself has to go there. */
const ELSEWHERE = /^\/(?:connect|oauth|api|\.well-known)\//;

/** Whoever was just signed in goes on to where they were led away from. */
export async function enter(csrfToken: string, next: string, navigate: (path: string) => void): Promise<void> {
  keepCsrfToken(csrfToken);
  if (ELSEWHERE.test(next)) {
    location.assign(next);
    return;
  }
  // Asked again before the page is shown, or its gate would still see nobody.
  queryClient.removeQueries({ queryKey: ["sign-in-options"] });
  await queryClient.resetQueries({ queryKey: ["me"] });
  navigate(next);
}
