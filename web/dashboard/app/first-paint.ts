/* Runs by itself before the first paint. Without imports or exports: it is served as a plain script. */
{
  let chosen: string | null = null;
  try {
    chosen = localStorage.getItem("keyward-theme");
  } catch {
    // Storage may be switched off; the system's theme it is.
  }
  if (chosen === "light" || chosen === "dark") {
    document.documentElement.dataset["theme"] = chosen;
  }
}
