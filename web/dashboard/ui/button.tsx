import type { LucideIcon } from "lucide-react";
import type { ComponentProps, ReactNode } from "react";
import { Link } from "wouter";
import { cx } from "./class-names.ts";
import { Spinner } from "./spinner.tsx";

type Variant = "primary" | "secondary" | "quiet" | "danger";
type Size = "sm" | "md";

interface Look {
  readonly variant?: Variant;
  readonly size?: Size;
  readonly icon?: LucideIcon;
  readonly children: ReactNode;
}

const BASE =
  "inline-flex shrink-0 items-center justify-center gap-2 whitespace-nowrap rounded-md border font-medium transition-colors select-none aria-disabled:cursor-default aria-disabled:opacity-55 disabled:opacity-55";

const VARIANTS: Readonly<Record<Variant, string>> = {
  primary: "border-transparent bg-accent text-on-accent hover:bg-accent-strong",
  secondary: "border-line-strong bg-surface text-ink hover:bg-muted",
  quiet: "border-transparent text-ink hover:bg-muted",
  danger: "border-transparent bg-bad text-on-bad hover:opacity-90",
};

const SIZES: Readonly<Record<Size, string>> = {
  sm: "h-8 px-2.5 text-sm",
  md: "h-9 px-3.5 text-base",
};

function classesOf({ variant = "secondary", size = "md" }: Look, className?: string): string {
  return cx(BASE, VARIANTS[variant], SIZES[size], className);
}

function Content({ icon: Icon, children }: Look) {
  return (
    <>
      {Icon ? <Icon aria-hidden="true" className="size-4" /> : null}
      {children}
    </>
  );
}

interface ButtonProps extends Look, Omit<ComponentProps<"button">, "children"> {
  /** Does nothing when pressed, but keeps the focus. */
  readonly isBusy?: boolean;
}

export function Button({ variant, size, icon, isBusy = false, className, onClick, children, ...rest }: ButtonProps) {
  const look = { ...(variant && { variant }), ...(size && { size }), ...(icon && !isBusy && { icon }), children };
  return (
    <button
      type="button"
      {...rest}
      className={classesOf(look, className)}
      aria-disabled={isBusy || undefined}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
    >
      {isBusy ? <Spinner /> : null}
      <Content {...look} />
    </button>
  );
}

interface ButtonLinkProps extends Look {
  readonly href: string;
  readonly className?: string;
}

/** Looks like a button and leads to another page of the dashboard. */
export function ButtonLink({ href, className, ...look }: ButtonLinkProps) {
  return (
    <Link href={href} className={classesOf(look, className)}>
      <Content {...look} />
    </Link>
  );
}

interface IconButtonProps extends Omit<ComponentProps<"button">, "children"> {
  /** What it does, for those who cannot see the icon. */
  readonly label: string;
  readonly icon: LucideIcon;
  readonly size?: Size;
}

export function IconButton({ label, icon: Icon, size = "md", className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      {...rest}
      className={cx(
        "inline-flex shrink-0 items-center justify-center rounded-md text-soft transition-colors hover:bg-muted hover:text-ink data-[state=open]:bg-muted data-[state=open]:text-ink",
        size === "sm" ? "size-8" : "size-9",
        className,
      )}
    >
      <Icon aria-hidden="true" className="size-4" />
    </button>
  );
}
