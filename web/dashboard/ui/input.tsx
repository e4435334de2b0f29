import { ChevronDown, Search } from "lucide-react";
import type { ComponentProps } from "react";
import { cx } from "./class-names.ts";

const CONTROL =
  "w-full min-w-0 rounded-md border border-edge bg-surface text-ink transition-colors text-touch sm:text-base hover:border-soft aria-invalid:border-bad disabled:opacity-55";

export function Input({ className, ...rest }: ComponentProps<"input">) {
  return <input type="text" autoComplete="off" {...rest} className={cx(CONTROL, "h-9 px-3", className)} />;
}

export function TextArea({ className, ...rest }: ComponentProps<"textarea">) {
  return <textarea rows={3} {...rest} className={cx(CONTROL, "px-3 py-2", className)} />;
}

/** The platform's own list: right on a phone, and with the keyboard. */
export function Select({ className, children, ...rest }: ComponentProps<"select">) {
  return (
    <span className={cx("relative inline-flex w-full", className)}>
      <select {...rest} className={cx(CONTROL, "h-9 appearance-none truncate pr-9 pl-3")}>
        {children}
      </select>
      <ChevronDown aria-hidden="true" className="pointer-events-none absolute top-2.5 right-3 size-4 text-soft" />
    </span>
  );
}

interface SearchInputProps extends Omit<ComponentProps<"input">, "type"> {
  /** What is searched, as its label. */
  readonly label: string;
}

export function SearchInput({ label, className, ...rest }: SearchInputProps) {
  return (
    <span className={cx("relative inline-flex w-full", className)}>
      <Search aria-hidden="true" className="pointer-events-none absolute top-2.5 left-3 size-4 text-soft" />
      <input
        type="search"
        autoComplete="off"
        spellCheck={false}
        aria-label={label}
        placeholder={label}
        {...rest}
        className={cx(CONTROL, "h-9 pr-3 pl-9")}
      />
    </span>
  );
}
