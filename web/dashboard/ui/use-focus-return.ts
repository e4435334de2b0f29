import { useRef } from "react";

/** What opened the first of several dialogs that follow each other. */
let firstOpener: HTMLElement | null = null;

interface FocusReturn {
  readonly onOpenAutoFocus: () => void;
  readonly onCloseAutoFocus: (event: Event) => void;
}

/**
 * Gives the focus back to what had it when a dialog opened. Radix does so for a trigger of its own only, and ours open
 * from menus, rows and each other. Where that is gone, such as the row that was removed, the page's content takes it.
 */
export function useFocusReturn(): FocusReturn {
  const opener = useRef<HTMLElement | null>(null);
  return {
    onOpenAutoFocus() {
      const { activeElement } = document;
      opener.current = activeElement instanceof HTMLElement && activeElement !== document.body ? activeElement : null;
      if (opener.current !== null && opener.current.closest("[role='dialog']") === null) firstOpener = opener.current;
    },
    onCloseAutoFocus(event) {
      event.preventDefault();
      // Another dialog has opened in the meantime: the focus is its own.
      if (document.activeElement?.closest("[role='dialog']")) return;
      const places = [opener.current, firstOpener, document.getElementById("main")];
      places.find((place) => place?.isConnected)?.focus();
    },
  };
}
