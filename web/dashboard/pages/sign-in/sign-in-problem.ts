const PROBLEMS: Readonly<Record<string, string>> = {
  sign_in_failed: "Single sign-on did not let you in. Ask an administrator whether your account may sign in.",
  forbidden: "Your account may not sign in here. Ask an administrator.",
  access_denied: "Single sign-on was cancelled, or did not let you in.",
  rate_limited: "There were too many attempts. Wait a minute and try again.",
};

/** @param code of `?error=`: anybody can put anything there, so that only sentences of our own are shown */
export function signInProblem(code: string | null): string | null {
  if (code === null) return null;
  return PROBLEMS[code] ?? "Single sign-on failed. Try again, or ask an administrator.";
}
