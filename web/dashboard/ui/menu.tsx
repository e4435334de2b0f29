import { Check, type LucideIcon } from "lucide-react";
import { DropdownMenu as Primitive } from "radix-ui";
import { createContext, useContext, useMemo, useRef, useState, type ReactElement, type ReactNode } from "react";
import { cx } from "./class-names.ts";

type Later = (action: () => void) => void;

const LaterContext = createContext<Later>((action) => action());

interface MenuProps {
  /** The button that opens it. */
  readonly trigger: ReactElement;
  readonly align?: "start" | "end";
  readonly side?: "top" | "bottom";
  readonly children: ReactNode;
}

/**
 * What is chosen happens once the menu is closed and the focus is back on its button, so that a dialog that opens then
 * can give the focus back to it.
 */
export function Menu({ trigger, align = "end", side = "bottom", children }: MenuProps) {
  const chosen = useRef<(() => void) | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const [place, setPlace] = useState<Element | null>(null);
  const later = useMemo<Later>(
    () => (action) => {
      chosen.current = action;
    },
    [],
  );
  return (
    // Not modal: a modal menu hides every landmark of the page from screen readers, with all that takes the focus in it.
    <Primitive.Root
      modal={false}
      onOpenChange={() => setPlace(button.current?.closest("main, aside, header, [role='dialog']") ?? null)}
    >
      <Primitive.Trigger asChild ref={button}>
        {trigger}
      </Primitive.Trigger>
      <Primitive.Portal container={place}>
        <Primitive.Content
          align={align}
          side={side}
          sideOffset={4}
          collisionPadding={8}
          onCloseAutoFocus={() => {
            const action = chosen.current;
            chosen.current = null;
            if (action !== null) setTimeout(action);
          }}
          className="z-50 min-w-48 animate-appear rounded-md border border-line bg-raised p-1 shadow-raised"
        >
          <LaterContext value={later}>{children}</LaterContext>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

const ITEM =
  "flex h-8 cursor-pointer items-center gap-2.5 rounded px-2 outline-none select-none data-highlighted:bg-muted max-sm:h-10";

interface MenuItemProps {
  readonly icon?: LucideIcon;
  readonly isDangerous?: boolean;
  readonly isDisabled?: boolean;
  readonly onSelect: () => void;
  readonly children: ReactNode;
}

export function MenuItem({ icon: Icon, isDangerous = false, isDisabled = false, onSelect, children }: MenuItemProps) {
  const later = useContext(LaterContext);
  return (
    <Primitive.Item
      disabled={isDisabled}
      onSelect={() => later(onSelect)}
      className={cx(ITEM, isDangerous && "text-bad", isDisabled && "cursor-default opacity-55")}
    >
      {Icon ? <Icon aria-hidden="true" className="size-4 shrink-0" /> : null}
      {children}
    </Primitive.Item>
  );
}

interface MenuChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, label: string])[];
  readonly onChange: (value: T) => void;
}

/** One of several, with a tick at the one that holds. */
export function MenuChoice<T extends string>({ label, value, options, onChange }: MenuChoiceProps<T>) {
  return (
    <Primitive.RadioGroup value={value} onValueChange={(next) => onChange(next as T)}>
      <MenuLabel>{label}</MenuLabel>
      {options.map(([option, text]) => (
        <Primitive.RadioItem key={option} value={option} className={cx(ITEM, "pl-8.5 relative")}>
          <Primitive.ItemIndicator className="absolute left-2">
            <Check aria-hidden="true" className="size-4" />
          </Primitive.ItemIndicator>
          {text}
        </Primitive.RadioItem>
      ))}
    </Primitive.RadioGroup>
  );
}

function MenuLabel({ children }: { readonly children: ReactNode }) {
  return <Primitive.Label className="px-2 pt-1.5 pb-1 text-xs text-soft">{children}</Primitive.Label>;
}

export function MenuLine() {
  return <Primitive.Separator className="-mx-1 my-1 h-px bg-line" />;
}
