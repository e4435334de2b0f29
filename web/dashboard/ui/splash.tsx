import { Mark } from "./mark.tsx";

/** While it is asked who is signed in, or a page's code is loaded for the first time. */
export function Splash() {
  return (
    <main className="grid min-h-dvh place-items-center">
      <h1 className="sr-only">Keyward</h1>
      <p role="status">
        <Mark className="size-8 animate-pulse text-soft" />
        <span className="sr-only">Loading</span>
      </p>
    </main>
  );
}
