import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "./button.tsx";
import { cx } from "./class-names.ts";
import { useFocusReturn } from "./use-focus-return.ts";

interface DialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly description?: ReactNode;
  readonly width?: "sm" | "md" | "lg";
  /** Stays open when pressed beside it or on Escape: what it shows cannot be shown again. */
  readonly isSticky?: boolean;
  readonly children: ReactNode;
}

const WIDTHS = { sm: "sm:max-w-md", md: "sm:max-w-lg", lg: "sm:max-w-3xl" } as const;

/** Keeps the focus inside and gives it back to what had it. At the bottom of a phone, in the middle elsewhere. */
export function Dialog(props: DialogProps) {
  const { isOpen, onClose, title, description, width = "md", isSticky = false, children } = props;
  const focusReturn = useFocusReturn();
  const stay = (event: Event) => {
    if (isSticky) event.preventDefault();
  };
  return (
    <Primitive.Root open={isOpen} onOpenChange={(open) => (open ? undefined : onClose())}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 grid animate-appear items-end overflow-y-auto bg-veil sm:items-center sm:p-6">
          <Primitive.Content
            {...focusReturn}
            {...(description === undefined && { "aria-describedby": undefined })}
            onEscapeKeyDown={stay}
            onInteractOutside={stay}
            className={cx(
              "relative mx-auto w-full animate-rise rounded-t-lg border border-line bg-raised p-5 shadow-raised sm:rounded-lg sm:p-6",
              WIDTHS[width],
            )}
          >
            <div className="mb-4 pr-10">
              <Primitive.Title className="text-lg">{title}</Primitive.Title>
              {description === undefined ? null : (
                <Primitive.Description className="mt-1 text-soft">{description}</Primitive.Description>
              )}
            </div>
            {children}
            <IconButton icon={X} label="Close" onClick={onClose} className="absolute top-3.5 right-3.5" />
          </Primitive.Content>
        </Primitive.Overlay>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** The buttons at the end of a dialog or form. The main one is last; on a phone it is first, at the top. */
export function Actions({ children }: { readonly children: ReactNode }) {
  return (
    <div className="mt-6 flex flex-col-reverse gap-2 sm:flex-row sm:justify-end max-sm:[&>*]:h-10">{children}</div>
  );
}
