const PROBLEMS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    sso_denied: "Single sign-on was cancelled, or did not let you in.",
    sso_expired: "That took too long. Try again.",
    sso_unavailable: "Single sign-on does not answer. Try again in a moment.",
    sso_email_unverified: "Your e-mail address is not verified there. Verify it, then try again.",
    sso_not_allowed: "Your account may not sign in here. Ask an administrator.",
    sso_account_exists: "There is an account with your e-mail address and a password. Sign in with that one.",
    sso_disabled: "Your account is disabled. Ask an administrator.",
  }),
);

/** @param code of `?error=`: anybody can put anything there, so that only sentences of our own are shown */
export function signInProblem(code: string | null): string | null {
  if (code === null) return null;
  return PROBLEMS.get(code) ?? "Single sign-on failed. Try again, or ask an administrator.";
}
