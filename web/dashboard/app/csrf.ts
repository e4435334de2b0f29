let token: string | null = null;

/** Proves that a change comes from this page. It lives in memory only: the page gets it with who is signed in. */
export function csrfToken(): string | null {
  return token;
}

export function keepCsrfToken(next: string | null): void {
  token = next;
}
