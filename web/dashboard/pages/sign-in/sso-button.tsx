import { LogIn } from "lucide-react";

/** A link that the browser itself follows: it leads to the issuer, and back to `next`. */
export function SsoButton({ label, next }: { readonly label: string; readonly next: string }) {
  return (
    <a
      href={`/api/v1/sso?next=${encodeURIComponent(next)}`}
      className="inline-flex h-10 items-center justify-center gap-2 rounded-md bg-accent px-3.5 font-medium text-on-accent transition-colors hover:bg-accent-strong"
    >
      <LogIn aria-hidden="true" className="size-4" />
      Continue with {label}
    </a>
  );
}
