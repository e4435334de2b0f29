/* What the gateway accepts, said before it is asked. */

export function serverNameProblem(name: string): string | undefined {
  if (name.trim() === "") return "Enter a name.";
  return /^[a-z][a-z0-9_]{0,31}$/.test(name.trim())
    ? undefined
    : "Use 1 to 32 characters of a-z, 0-9 and _, beginning with a letter.";
}

export function addressProblem(text: string): string | undefined {
  const url = URL.canParse(text.trim()) ? new URL(text.trim()) : null;
  if (url === null || !["https:", "http:"].includes(url.protocol))
    return "Enter the whole address, beginning with https://";
  if (url.username !== "" || url.password !== "") return "Leave out the user name: keys go into headers.";
  return url.hash === "" ? undefined : "Leave out the part after #.";
}

/** Scheme, host and port; null while it is no address. */
export function originOf(text: string): string | null {
  return addressProblem(text) === undefined ? new URL(text.trim()).origin : null;
}

/** A name to begin with: `mcp.tracker.example.com` is called `tracker`. */
export function suggestedName(address: string): string {
  const origin = originOf(address);
  if (origin === null) return "";
  const labels = new URL(origin).hostname.split(".");
  const telling = labels.find((label) => !["mcp", "www", "api"].includes(label)) ?? "";
  const name = telling
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[^a-z]+/, "");
  return name.slice(0, 32);
}
