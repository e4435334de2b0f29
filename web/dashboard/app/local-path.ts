/** Where signing in may lead to: a path of this gateway, never another site. Anything else is the first page. */
export function localPath(next: string | null): string {
  // Browsers read a backslash as a slash, and drop tabs and line ends; what could mean another host is refused whole.
  if (next === null || !/^\/(?![/\\])[\x21-\x7e]*$/.test(next) || next.includes("\\")) return "/";
  return next;
}

/** Whether a local path is no page of the dashboard, so that the browser itself has to go there. */
export function isElsewhere(path: string): boolean {
  return /^\/(?:connect|oauth|api|\.well-known)\//.test(path);
}
