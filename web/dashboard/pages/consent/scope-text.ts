const SCOPES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    mcp: "Call the tools of every server that you may use, with your stored keys",
    openid: "Know that it is you",
    profile: "See your name",
    email: "See your e-mail address",
    offline_access: "Stay connected until you revoke it",
  }),
);

/** What a scope lets an app do; one that is not known is shown as it is. */
export function scopeText(scope: string): string {
  return SCOPES.get(scope) ?? scope;
}
