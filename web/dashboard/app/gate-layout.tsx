import type { ReactNode } from "react";
import { Mark } from "../ui/mark.tsx";
import { usePageTitle } from "../ui/page-header.tsx";

interface GateLayoutProps {
  readonly title: string;
  readonly description?: ReactNode;
  readonly children: ReactNode;
}

/** Pages in front of the dashboard: one card in the middle, nothing to be led astray by. */
export function GateLayout({ title, description, children }: GateLayoutProps) {
  const heading = usePageTitle(title);
  return (
    <div className="grid min-h-dvh content-start justify-items-center px-4 py-8 sm:content-center">
      <header className="mb-5 flex items-center gap-2 text-lg font-semibold tracking-tight">
        <Mark />
        Keyward
      </header>
      <main className="w-full max-w-sm rounded-lg border border-line bg-surface p-5 sm:p-7">
        <h1 ref={heading} tabIndex={-1} className="text-xl tracking-tight">
          {title}
        </h1>
        {description === undefined ? null : <div className="mt-1 text-soft">{description}</div>}
        <div className="mt-6">{children}</div>
      </main>
    </div>
  );
}
