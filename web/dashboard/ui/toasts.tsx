import { CircleAlert, CircleCheck, X } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { IconButton } from "./button.tsx";
import { dismiss, onToasts, readToasts, type Toast } from "./toast-store.ts";

const SHOWN_MS = 6000;

/** Where `say()` speaks. The live region is always there: one that comes with its text is not read out. */
export function Toasts() {
  const toasts = useSyncExternalStore(onToasts, readToasts);
  return (
    <section
      aria-label="Messages"
      aria-live="polite"
      className="pointer-events-none fixed right-0 bottom-0 z-50 grid w-full max-w-sm gap-2 p-4"
    >
      {toasts.map((toast) => (
        <ToastCard key={toast.id} toast={toast} />
      ))}
    </section>
  );
}

function ToastCard({ toast }: { readonly toast: Toast }) {
  const [isHeld, setIsHeld] = useState(false);
  const { id, tone, text } = toast;
  const stays = isHeld || tone === "bad";

  useEffect(() => {
    if (stays) return undefined;
    const timer = setTimeout(() => dismiss(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, stays]);

  return (
    // The pointer only holds it; nothing here is reached by pointer alone.
    <div
      onPointerEnter={() => setIsHeld(true)}
      onPointerLeave={() => setIsHeld(false)}
      onFocus={() => setIsHeld(true)}
      onBlur={() => setIsHeld(false)}
      className="pointer-events-auto flex animate-rise items-start gap-3 rounded-md border border-line bg-raised py-2 pr-2 pl-3 shadow-raised"
    >
      {tone === "good" ? (
        <CircleCheck aria-hidden="true" className="mt-2 size-4 shrink-0 text-good" />
      ) : (
        <CircleAlert aria-hidden="true" className="mt-2 size-4 shrink-0 text-bad" />
      )}
      <p className="min-w-0 grow py-1.5">{text}</p>
      <IconButton size="sm" icon={X} label="Dismiss" onClick={() => dismiss(id)} />
    </div>
  );
}
