import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "./button.tsx";

interface PanelProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  /** Under the title: badges, or one line. */
  readonly description?: ReactNode;
  /** Buttons at the foot, always in sight. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** More about one row of a list, beside it; on a phone it takes the whole window. */
export function Panel({ isOpen, onClose, title, description, actions, children }: PanelProps) {
  return (
    <Primitive.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 animate-appear bg-veil" />
        <Primitive.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 right-0 z-40 flex w-full animate-enter flex-col border-l border-line bg-raised shadow-raised sm:w-[30rem]"
        >
          <div className="flex items-start gap-3 border-b border-line py-4 pr-3 pl-5 sm:pl-6">
            <div className="min-w-0 grow pt-1">
              <Primitive.Title className="text-lg">{title}</Primitive.Title>
              {description === undefined ? null : <div className="mt-1 text-soft">{description}</div>}
            </div>
            <IconButton icon={X} label="Close" onClick={onClose} />
          </div>
          <div className="grow overflow-y-auto p-5 sm:p-6">{children}</div>
          {actions === undefined ? null : (
            <div className="flex flex-wrap gap-2 border-t border-line px-5 py-3 sm:px-6">{actions}</div>
          )}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

interface PanelSectionProps {
  readonly title: string;
  /** A button at the end of its line. */
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

export function PanelSection({ title, action, children }: PanelSectionProps) {
  return (
    <section className="mt-8 first:mt-0">
      <div className="mb-2 flex min-h-8 items-center justify-between gap-3">
        <h3 className="text-base">{title}</h3>
        {action}
      </div>
      {children}
    </section>
  );
}
