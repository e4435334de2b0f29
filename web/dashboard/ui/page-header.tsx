import { useEffect, useRef, type ReactNode } from "react";

interface PageHeaderProps {
  readonly title: string;
  /** One sentence: what this page is for. */
  readonly description?: ReactNode;
  /** Buttons of the page, the main one last. */
  readonly actions?: ReactNode;
}

let isFirstPage = true;

/** The heading of a page. Names the window, and takes the focus when one page follows another, so that it is read out. */
export function PageHeader({ title, description, actions }: PageHeaderProps) {
  const heading = usePageTitle(title);
  return (
    <div className="mb-6 flex flex-wrap items-start gap-x-6 gap-y-4">
      <div className="min-w-0 grow basis-64">
        <h1 ref={heading} tabIndex={-1} className="text-xl tracking-tight">
          {title}
        </h1>
        {description === undefined ? null : <p className="mt-1 max-w-2xl text-soft">{description}</p>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </div>
  );
}

/** @returns a ref for the page's h1, which needs `tabIndex={-1}` */
export function usePageTitle(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} - Keyward`;
  }, [title]);
  useEffect(() => {
    // The browser does it for the first page.
    if (!isFirstPage) {
      heading.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    isFirstPage = false;
  }, []);
  return heading;
}
