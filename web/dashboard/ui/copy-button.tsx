import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "./button.tsx";
import { say } from "./toast-store.ts";

const SHOWN_MS = 2000;

interface CopyButtonProps {
  readonly text: string;
  /** What is copied: "Copy the key". */
  readonly label: string;
  /** With its words beside the icon. */
  readonly isWide?: boolean;
}

export function CopyButton({ text, label, isWide = false }: CopyButtonProps) {
  const [isCopied, setIsCopied] = useState(false);

  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setIsCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      setIsCopied(true);
    } catch {
      // No clipboard without https, except on this machine.
      say("The browser does not allow copying here. Select the text and copy it.", "bad");
    }
  }

  const icon = isCopied ? Check : Copy;
  return (
    <>
      {isWide ? (
        <Button icon={icon} onClick={() => void copy()} aria-label={label} className="min-w-24">
          {isCopied ? "Copied" : "Copy"}
        </Button>
      ) : (
        <IconButton size="sm" icon={icon} label={label} onClick={() => void copy()} />
      )}
      <span role="status" className="sr-only">
        {isCopied ? "Copied" : ""}
      </span>
    </>
  );
}
