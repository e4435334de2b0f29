import { keepCsrfToken } from "./csrf.ts";
import { isElsewhere } from "./local-path.ts";
import { queryClient } from "./query-client.ts";

/** Whoever was just signed in goes on to where they were led away from. */
export async function enter(csrfToken: string, next: string, navigate: (path: string) => void): Promise<void> {
  keepCsrfToken(csrfToken);
  if (isElsewhere(next)) {
    location.assign(next);
    return;
  }
  // Asked again before the page is shown, or its gate would still see nobody.
  queryClient.removeQueries({ queryKey: ["sign-in-options"] });
  await queryClient.resetQueries({ queryKey: ["me"] });
  navigate(next);
}
