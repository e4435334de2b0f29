import { Tabs as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { cx } from "./class-names.ts";

const BAR = "mb-6 flex gap-1 overflow-x-auto border-b border-line";
const TAB =
  "-mb-px shrink-0 border-b-2 px-3 py-2 font-medium whitespace-nowrap text-soft -outline-offset-2 hover:text-ink";
const CHOSEN = "border-accent text-ink";

const LOOKS = {
  bar: {
    list: BAR,
    tab: cx(
      TAB,
      "data-[state=active]:border-accent data-[state=active]:text-ink data-[state=inactive]:border-transparent",
    ),
  },
  // Many, and none shall be out of sight.
  pills: {
    list: "mb-4 flex flex-wrap gap-1.5",
    tab: "h-8 rounded-full border border-line-strong bg-surface px-3 font-medium text-soft transition-colors hover:text-ink data-[state=active]:border-transparent data-[state=active]:bg-accent-soft data-[state=active]:text-accent-strong",
  },
} as const;

interface Tab<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly content: ReactNode;
}

interface TabsProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly tabs: readonly Tab<T>[];
  readonly look?: keyof typeof LOOKS;
  /**
   * Whether a change may be asked about first. Then arrow keys only move the focus, and the focus that comes back from the
   * question is no new wish. Default false.
   */
  readonly asksFirst?: boolean;
}

/** Views of one page. */
export function Tabs<T extends string>(props: TabsProps<T>) {
  const { label, value, onChange, tabs, look = "bar", asksFirst = false } = props;
  return (
    <Primitive.Root
      value={value}
      onValueChange={(next) => onChange(next as T)}
      activationMode={asksFirst ? "manual" : "automatic"}
    >
      <Primitive.List aria-label={label} className={LOOKS[look].list}>
        {tabs.map((tab) => (
          <Primitive.Trigger key={tab.value} value={tab.value} className={LOOKS[look].tab}>
            {tab.label}
          </Primitive.Trigger>
        ))}
      </Primitive.List>
      {tabs.map((tab) => (
        <Primitive.Content key={tab.value} value={tab.value} tabIndex={-1}>
          {tab.content}
        </Primitive.Content>
      ))}
    </Primitive.Root>
  );
}

interface LinkTabsProps {
  readonly label: string;
  readonly links: readonly (readonly [href: string, label: string])[];
}

/** Pages that belong together, such as people and groups. */
export function LinkTabs({ label, links }: LinkTabsProps) {
  const [path] = useLocation();
  return (
    <nav aria-label={label} className={BAR}>
      {links.map(([href, text]) => (
        <Link
          key={href}
          href={href}
          aria-current={path === href ? "page" : undefined}
          className={cx(TAB, path === href ? CHOSEN : "border-transparent")}
        >
          {text}
        </Link>
      ))}
    </nav>
  );
}
