const MINUTE_MS = 60_000;

/** How long before `now` something was, for a sentence; of what is long ago, the day. */
export function ago(at: number, now: number): string {
  const minutes = Math.floor((now - at) / MINUTE_MS);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (minutes < 1) return "a moment ago";
  if (hours < 1) return counted(minutes, "minute");
  if (days < 1) return counted(hours, "hour");
  return days < 30 ? counted(days, "day") : `on ${new Date(at).toLocaleDateString([], { dateStyle: "long" })}`;
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
}
