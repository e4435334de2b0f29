import { Mark } from "./mark.tsx";

/** While it is asked who is signed in, or a page's code is loaded for the first time. */
export function Splash() {
  return (
    <main role="status" className="grid min-h-dvh place-items-center">
      <Mark className="size-8 animate-pulse text-soft" />
      <span className="sr-only">Loading</span>
    </main>
  );
}
